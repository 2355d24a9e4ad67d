"""The simulators, each one process for all tests, as new at the beginning of every test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from deploy.sandbox.process import Simulated, simulated

LOGIN = ("relay@acme.example", "sandbox-password")


@pytest.fixture(scope="session")
def constructiononline_process() -> Iterator[Simulated]:
    with simulated("constructiononline") as sandbox:
        yield sandbox


@pytest.fixture
def constructiononline(constructiononline_process: Simulated) -> Simulated:
    constructiononline_process.reset()
    return constructiononline_process


@pytest.fixture
def reader(constructiononline: Simulated) -> Iterator[httpx.Client]:
    """Somebody with the login and the key of the simulated account."""
    base, key = f"{constructiononline.url}/api", {"APIKey": "sandbox-api-key"}
    with httpx.Client(base_url=base, auth=LOGIN, headers=key) as client:
        yield client


@pytest.fixture(scope="session")
def cinx_process() -> Iterator[Simulated]:
    with simulated("cinx") as sandbox:
        yield sandbox


@pytest.fixture
def cinx(cinx_process: Simulated) -> Simulated:
    cinx_process.reset()
    return cinx_process


@pytest.fixture
def user(cinx: Simulated) -> Iterator[httpx.Client]:
    """Somebody with the login of the simulated company."""
    with httpx.Client(base_url=cinx.url, auth=LOGIN) as client:
        yield client
