"""The page as a process of its own, and a browser that looks at it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from deploy.local.child import Child
from deploy.local.chromium import program
from deploy.local.ports import LOOPBACK, accepts, free_ports
from deploy.local.readiness import wait_until
from deploy.local.services import NothingToRunOn
from tests.browser import world

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def served(views_url: str, folder: Path) -> Iterator[str]:
    """The address of ``cor web`` over these tables, for the length of the block. No stage runs, and no Kafka."""
    (port,) = free_ports(1)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COR_")}
    environment = {
        **kept,
        "COR_KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:1",
        "COR_VIEWS_URL": views_url,
        "COR_CONFIG": str(world.configured(folder)),
        "COR_WEB_PORT": str(port),
    }
    child = Child("page", [sys.executable, "-m", "cli", "web"], folder / "page.log", environment)
    child.start()
    try:
        wait_until(lambda: accepts(port), alive=lambda: child.running, words=child.log_end)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        child.stop()


def visit(page: Page, address: str) -> None:
    """Goes there, and waits where a month that is being read comes again by itself: on a busy machine any may be."""
    page.goto(address)
    expect(page.get_by_role("link", name="Look again")).to_have_count(0, timeout=60_000)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over the world of these tests."""
    folder = tmp_path_factory.mktemp("page")
    with served(world.fill(folder, world.story()), folder) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. For one module: its driver has an event loop, beside which others in this thread run none."""
    try:
        path = program()
    except NothingToRunOn as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing}")
        pytest.skip(f"NOT TESTED IN A BROWSER: {missing}")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()
