"""A month that takes long: its page says so at once, and shows it by itself, also where no script runs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route, expect

from deploy.local.ports import LOOPBACK
from operations.reports.month import MonthReport, read_month
from relay.engine.settings import Settings
from tests.browser import world
from tests.browser.test_screens import TAGS, WIDTHS
from web import read_months
from web.app import application
from web.read_months import ReadMonths

MONTH = f"/projects?project={world.LAKESIDE}"
SAID = "31 change orders are being added up; this page shows them in a moment."


@pytest.fixture(scope="module")
def views_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return world.fill(tmp_path_factory.mktemp("page"), world.story())


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Until it is set no month is read."""
    opened = threading.Event()

    def read(*arguments: Any) -> MonthReport:
        assert opened.wait(120)
        return read_month(*arguments)

    monkeypatch.setattr(read_months, "read_month", read)
    yield opened
    opened.set()


@pytest.fixture
def address(views_url: str, gate: threading.Event) -> Iterator[str]:
    """The page in this process, which waits for no month."""
    settings = Settings(kafka_bootstrap_servers=f"{LOOPBACK}:1", views_url=views_url)
    app = application(settings, routes=lambda: world.ROUTING, months=ReadMonths(patience=0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    listening = socket.create_server((LOOPBACK, 0))
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    serving.start()
    yield f"http://{LOOPBACK}:{listening.getsockname()[1]}"
    gate.set()
    server.should_exit = True
    serving.join(60)
    app.state.site.store.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_month_is_shown_by_itself_without_scripts(
    browser: Browser, address: str, gate: threading.Event, width: int
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(address + MONTH)
    expect(page.get_by_role("status")).to_have_text(SAID)
    gate.set()
    expect(page.get_by_label("Month")).to_be_visible(timeout=60_000)
    assert page.url == address + MONTH
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_it_says_meanwhile_keeps_nobody_out(browser: Browser, address: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    # It would come again while it is looked at.
    page.route("**/projects?*", _once)
    page.goto(address + MONTH)
    expect(page.get_by_role("status")).to_have_text(SAID)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert Axe().run(page, options=TAGS).response["violations"] == []
    page.close()


def _once(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, headers={name: value for name, value in answer.headers.items() if name != "refresh"})
