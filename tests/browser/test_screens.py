"""Each screen at two widths, with and without scripts: nothing is cut off, and nothing keeps anybody out."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import visit
from tests.browser.world import LAKESIDE
from tests.unit.workers.views.tables import key_of

SCREENS = {
    "home": "/",
    "attention": "/attention",
    "sent, not confirmed": "/attention?tab=doubt",
    "on hold": "/attention?tab=hold",
    "log": "/log",
    "log of nothing": "/log?project=none",
    "month": f"/projects?project={LAKESIDE}",
    "month, cost side": f"/projects?project={LAKESIDE}&tab=cost",
    "aging": f"/projects?project={LAKESIDE}&tab=aging",
    "ordered and no longer approved": f"/projects?project={LAKESIDE}&tab=ordered",
    "month of nothing": "/projects?project=none",
    "decisions": "/decisions",
    "writes": "/writes",
    "writes of no day": "/writes?from=2020-01-01&to=2020-01-02",
    "system": "/system",
    "search": "/search?q=steel",
    "search for nothing": "/search?q=zzzz",
    "search without words": "/search",
    "change order": f"/change-orders?key={quote(key_of('498006'))}",
    "change order with an open item": f"/change-orders?key={quote(key_of('498026'))}",
    "hostile change order": f"/change-orders?key={quote(key_of('498060'))}",
    "no such page": "/nowhere",
}
WIDTHS = (1280, 400)
TAGS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
_SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, summary, input, select')]
    .filter(one => one.offsetParent !== null && !one.closest('.skip, p, dd, li:not(nav li), td, th'))
    .filter(one => one.getBoundingClientRect().height < 24)
    .map(one => one.outerHTML.slice(0, 80))"""


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page of one width."""
    page = browser.new_page(viewport={"width": request.param, "height": 900})
    yield page
    page.close()


@pytest.mark.storm
def test_axe_finds_nothing(page: Page, site: str) -> None:
    axe = Axe()
    found = []
    for name, path in SCREENS.items():
        visit(page, site + path)
        for violation in axe.run(page, options=TAGS).response["violations"]:
            found += [f"{name}: {violation['id']}: {node['html'][:120]}" for node in violation["nodes"]]
    assert not found, "\n".join(found)


def test_axe_is_asked_in_earnest(page: Page, site: str) -> None:
    page.goto(site)
    page.evaluate(
        "document.querySelector('#q').removeAttribute('aria-label'); document.querySelector('label').remove()"
    )
    page.evaluate("document.querySelector('#q').removeAttribute('placeholder')")
    assert [one["id"] for one in Axe().run(page, options=TAGS).response["violations"]] == ["label"]


def test_nothing_is_wider_than_the_screen(page: Page, site: str) -> None:
    assert page.viewport_size is not None
    for name, path in SCREENS.items():
        visit(page, site + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], name
        cut = page.evaluate(
            "[...document.querySelectorAll('.wide')].filter(w => w.scrollWidth > w.clientWidth + 1).length"
        )
        assert cut == 0, f"{name}: a table does not fit"
        assert page.evaluate(_SMALL_TARGETS) == [], name


def test_a_row_is_a_card_where_there_is_no_room(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 400, "height": 900})
    page.goto(f"{site}/attention")
    card = page.locator("table.cards").last.locator("tbody tr").first
    assert card.evaluate("row => getComputedStyle(row).display") == "grid"
    amount, number = card.locator("td.lead").bounding_box(), card.locator("th").bounding_box()
    assert amount is not None
    assert number is not None
    assert amount["y"] < number["y"], "the amount comes first"
    page.close()


def test_amounts_stand_below_each_other(browser: Browser, site: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{site}/log")
    cells = page.locator("td[data-name='Amount, source']")
    styles = cells.first.evaluate("one => [getComputedStyle(one).textAlign, getComputedStyle(one).fontVariantNumeric]")
    assert styles == ["right", "tabular-nums"]
    assert any(text.startswith("\N{MINUS SIGN}") and "," in text for text in cells.all_inner_texts())
    page.close()


@pytest.mark.storm
@pytest.mark.parametrize("width", WIDTHS)
def test_without_scripts_everything_is_there(browser: Browser, site: str, width: int) -> None:
    with_scripts = browser.new_page(viewport={"width": width, "height": 900})
    context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 900})
    page = context.new_page()
    for name, path in SCREENS.items():
        visit(with_scripts, site + path)
        visit(page, site + path)
        assert page.locator("h1").count() == 1, name
        assert page.locator("script").count() == 0, name
        assert page.locator("main").inner_text() == with_scripts.locator("main").inner_text(), name
    page.goto(f"{site}/log")
    page.get_by_label("Project").fill("Lakeside House")
    page.get_by_role("button", name="Show").click()
    assert "Harbor" not in page.locator("main").inner_text()
    context.close()
    with_scripts.close()
