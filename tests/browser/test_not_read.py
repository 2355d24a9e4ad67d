"""The page over a source that is not read: it says so where people look, at both widths, and keeps nobody out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser import world
from tests.browser.conftest import served
from tests.browser.test_screens import TAGS, WIDTHS


@pytest.fixture(scope="module")
def unread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over the same world, of which CINX was not read for three days."""
    folder = tmp_path_factory.mktemp("unread")
    with served(world.fill(folder, [*world.story(), *world.unread()]), folder) as address:
        yield address


@pytest.mark.parametrize("width", WIDTHS)
def test_what_was_not_read_is_said_and_fits(browser: Browser, unread: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    for path, sentence in (
        ("/", "CINX acme was last read 3 days ago: the credentials are refused"),
        ("/system", "the credentials are refused"),
        ("/log", "Procore another-company was not read to its end yet"),
    ):
        page.goto(unread + path)
        assert sentence in page.locator("body").inner_text(), path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        cut = "[...document.querySelectorAll('.wide')].filter(w => w.scrollWidth > w.clientWidth + 1).length"
        assert page.evaluate(cut) == 0, path
        found = Axe().run(page, options=TAGS).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == [], path
    page.close()
