"""The page in somebody's hands: by keyboard alone, by whatever is at hand, and with titles that mean harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import world
from tests.browser.conftest import served
from tests.browser.world import HOSTILE
from tests.unit.workers.views.tables import key_of, origin_of

ORDER = "498006"
_FOCUSED = """() => { const one = document.activeElement; const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    return {text: (one.innerText || one.getAttribute('aria-label') || one.name || '').trim(), tag: one.tagName,
            outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
            seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth} }"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of the usual width."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


def tabbed(page: Page, times: int) -> list[dict[str, object]]:
    """What has the focus after each press of the key."""
    found = []
    for _ in range(times):
        page.keyboard.press("Tab")
        found.append(page.evaluate(_FOCUSED))
    return found


def test_the_keyboard_alone_leads_everywhere(page: Page, site: str) -> None:
    """Skip link first, then the menu, search, content: each with a mark that is seen, in the order of the page."""
    page.goto(f"{site}/attention")
    stops = tabbed(page, 20)
    assert [stop["text"] for stop in stops[:9]] == [
        "Skip to the content",
        "Home",
        "Needs attention",
        "Change order log",
        "Writes",
        "Decisions",
        "System",
        "Search",
        "Search",
    ]
    assert all(stop["outline"] and stop["seen"] for stop in stops), stops
    page.goto(f"{site}/attention")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    assert page.evaluate(_FOCUSED)["text"].startswith("Open (")


def test_a_change_order_is_found_and_its_answer_unfolded_by_keyboard(page: Page, site: str) -> None:
    page.goto(f"{site}/attention")
    page.locator("#q").focus()
    page.keyboard.type(ORDER)
    page.keyboard.press("Enter")
    page.wait_for_url("**/change-orders?**")
    page.goto(f"{site}/attention")
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None


@pytest.mark.parametrize(
    "sought",
    [ORDER, key_of(ORDER), origin_of(ORDER), "598134325500003", "l-498026"],
    ids=["source id", "key", "origin id", "remote id", "open item"],
)
def test_a_key_of_its_own_opens_the_change_order(page: Page, site: str, sought: str) -> None:
    page.goto(site)
    page.locator("#q").fill(sought)
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/change-orders?**")
    opened = parse_qs(urlsplit(page.url).query)["key"][0]
    assert opened == (key_of("498026") if sought == "l-498026" else key_of(ORDER))


@pytest.mark.parametrize(
    "sought",
    ["006", "6", "00006", "0006", "weather delay", "DELAY weath", "Lakeside House", world.LAKESIDE, "24-315", "315"],
)
def test_numbers_titles_and_projects_list_the_change_order(page: Page, site: str, sought: str) -> None:
    """Its number whatever its zeros, PCO number, words of its title, its project's name, id and number there."""
    page.goto(f"{site}/search?q={sought}")
    assert "/change-orders?key=" in page.url or page.locator(f"a[href*='{ORDER}']").count() == 1, page.url


def test_nothing_found_says_what_was_looked_for(page: Page, site: str) -> None:
    page.goto(f"{site}/search?q=no+such+thing")
    said = page.locator(".empty").inner_text()
    assert "no such thing" in said
    assert "polled" in said


def test_a_title_that_means_harm_is_text(page: Page, site: str) -> None:
    """Neither run nor a link, and it turns no text around that is not its own."""
    for path in ("/", "/log", "/attention", "/search?q=hyperlink", f"/change-orders?key={key_of('498060')}"):
        page.goto(site + path)
        assert page.title() != "taken"
        assert page.locator("script").count() == 0
        assert page.locator("a[href^='http://x.example']").count() == 0
    told = page.locator("h1 bdi")
    assert told.inner_text() == HOSTILE
    assert page.locator("h1").inner_text().startswith("060")


@pytest.mark.storm
def test_ten_thousand_open_items_are_grouped_in_about_a_second(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("many")
    with served(world.fill(folder, world.many_items(10_000)), folder) as site:
        page.goto(f"{site}/attention?tab=hold")
        page.goto(f"{site}/attention")
        assert "10000" in page.locator(".tops").inner_text()
        assert page.locator("table").first.locator("tbody tr").count() >= 7
        taken = page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd")
    assert taken < 15_000, "about a second by itself; five on a machine that does much else"
