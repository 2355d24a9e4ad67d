"""The pictures in ``docs/screens``: taken of the same screens, and anew with ``COR_SCREENSHOTS=1``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser

from tests.browser.conftest import ROOT
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


def test_the_pictures_of_the_documentation_are_those_of_the_screens(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    folder = KEPT if os.environ.get("COR_SCREENSHOTS") else tmp_path
    page = browser.new_page(viewport={"width": 1120, "height": _HIGHEST})
    for name, path in SCREENS.items():
        page.goto(site + path)
        height = page.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": 1120, "height": min(height, _HIGHEST)}
        page.screenshot(path=folder / f"{name}.png", clip=clip)  # type: ignore[arg-type]
        assert (folder / f"{name}.png").stat().st_size < 200_000
    page.close()
    told = (ROOT / "docs" / "accounting.md").read_text(encoding="utf-8")
    assert (
        set(re.findall(r"\(screens/(.+?)\.png\)", told)) == set(SCREENS) == {file.stem for file in KEPT.glob("*.png")}
    )
