"""Forms in a browser: each of them is for everybody, and a redrive is followed to its outcome without a script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette

from deploy.local.ports import LOOPBACK, accepts, free_ports
from tests.browser.test_screens import TAGS, WIDTHS
from tests.faults.harness import awaited
from tests.integration.cli.conftest import Place, place, recorded
from tests.integration.cli.test_letters import actions, refused
from tests.integration.web.conftest import Office
from tests.integration.web.test_decisions import carried
from tests.unit.web.decisions_page import served
from tests.unit.web.test_decisions import STORY, proposal

__all__ = ["place", "recorded"]

FORMS = ("/decisions/letters", "/decisions/hold", "/decisions/release?id=h-1", "/decisions", "/attention?tab=hold")


@contextmanager
def listening(app: Starlette) -> Iterator[str]:
    """The page's address, for the length of the block."""
    (port,) = free_ports(1)
    config = uvicorn.Config(app, host=LOOPBACK, port=port, log_level="error", proxy_headers=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        awaited(lambda: accepts(port), "the page")
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """Of somebody whom the proxy names; here the browser says so itself, from the proxy's address."""
    context = browser.new_context(
        viewport={"width": request.param, "height": 900},
        extra_http_headers={"X-Forwarded-User": "bert"},
        java_script_enabled=True,
    )
    yield context.new_page()
    context.close()


def test_forms_are_for_everybody(page: Page, tmp_path: Path) -> None:
    app = served(tmp_path, [*STORY, proposal(1)], web_proxy=LOOPBACK)
    with listening(app) as site:
        for path in FORMS:
            page.goto(site + path)
            assert page.locator("h1").count() == 1, path
            found = Axe().run(page, options=TAGS).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:100]) for one in found] == [], path
            assert page.viewport_size is not None
            assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], path
    app.state.site.store.close()


def test_by_the_keyboard_alone_what_is_wrong_stands_beside_its_field(page: Page, tmp_path: Path) -> None:
    app = served(tmp_path, STORY, web_proxy=LOOPBACK)
    with listening(app) as site:
        page.goto(f"{site}/decisions/hold")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # Skips to the content.
        page.locator("[name=until]").evaluate("one => one.type = 'text'")  # As a browser without a field for times.
        for name, text in (("kind", ""), ("named", "17"), ("until", "tomorrow"), ("why", "Budget is open")):
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.name") == name
            page.keyboard.type(text)
        page.keyboard.press("Enter")
        wrong = page.locator("#hold-until-wrong")
        assert wrong.inner_text() == "A time is written like 2026-10-31T14:05."
        assert page.locator("[name=why]").input_value() == "Budget is open"
        assert page.locator("[name=until]").get_attribute("aria-describedby") == "hold-until-wrong"
        assert [one["id"] for one in Axe().run(page, options=TAGS).response["violations"]] == []
    app.state.site.store.close()


@pytest.mark.storm
def test_a_redrive_is_followed_to_its_outcome_without_scripts(
    browser: Browser, recorded: None, place: Place, tmp_path: Path
) -> None:
    office = Office(place, place.connection.bootstrap_servers, tmp_path, {"web_proxy": LOOPBACK})
    refused(place, "17")
    office.fold()
    context = browser.new_context(java_script_enabled=False, extra_http_headers={"X-Forwarded-User": "bert"})
    page = context.new_page()
    with listening(office.page()) as site:
        page.goto(f"{site}/attention")
        page.locator("a", has_text="Decide:").first.click()
        page.locator("#redrive-why").fill("The title is shorter now")
        page.get_by_role("button", name="Send again: 1 change order").click()
        assert "recorded; not carried out yet" in page.locator(".sentence").inner_text()
        assert [(one.action, one.who) for one in actions(place)] == [("letter.redrive", "bert")]
        carried(place)
        office.fold()
        page.get_by_role("link", name="Look again").click()
        assert "carried out" in page.locator(".sentence").inner_text()
    context.close()
    office.close()
