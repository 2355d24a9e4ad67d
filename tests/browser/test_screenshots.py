"""The pictures in ``docs/screens``: one of each screen, taken anew with ``COR_SCREENSHOTS=1``.

What they show is not compared: times and fonts differ from one machine to the next. Look at them after a change.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser

from tests.browser.conftest import ROOT, visit
from tests.browser.world import LAKESIDE
from tests.unit.workers.views.tables import key_of

KEPT = ROOT / "docs" / "screens"
SCREENS = {
    "home": "/",
    "attention": "/attention",
    "change-order": f"/change-orders?key={quote(key_of('498008'))}",
    "log": "/log",
    "month": f"/projects?project={LAKESIDE}",
    "writes": "/writes",
}
_HIGHEST = 760
"""Pixels; what stands further below is more of the same."""


def test_there_is_a_picture_of_each_screen_and_it_has_the_size_of_one_that_is_taken_now(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    folder = KEPT if os.environ.get("COR_SCREENSHOTS") else tmp_path
    page = browser.new_page(viewport={"width": 1120, "height": _HIGHEST})
    for name, path in SCREENS.items():
        visit(page, site + path)
        height = page.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": 1120, "height": min(height, _HIGHEST)}
        page.screenshot(path=folder / f"{name}.png", clip=clip)  # type: ignore[arg-type]
        assert (folder / f"{name}.png").stat().st_size < 200_000
        assert size_of(KEPT / f"{name}.png") == size_of(folder / f"{name}.png"), name
    page.close()
    told = (ROOT / "docs" / "accounting.md").read_text(encoding="utf-8")
    assert (
        set(re.findall(r"\(screens/(.+?)\.png\)", told)) == set(SCREENS) == {file.stem for file in KEPT.glob("*.png")}
    )


def size_of(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG (W3C, "Portable Network Graphics Specification", IHDR)."""
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height
