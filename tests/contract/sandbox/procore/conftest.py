"""The simulated Procore, one process for all tests, as new at the beginning of every test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from deploy.sandbox.process import Simulated, simulated
from tests.contract.sandbox.procore.calls import Api


@pytest.fixture(scope="session")
def procore_process() -> Iterator[Simulated]:
    with simulated("procore") as sandbox:
        yield sandbox


@pytest.fixture
def procore(procore_process: Simulated) -> Simulated:
    procore_process.reset()
    return procore_process


@pytest.fixture
def anyone(procore: Simulated) -> Iterator[httpx.Client]:
    """Somebody without a token."""
    with httpx.Client(base_url=procore.url) as client:
        yield client


@pytest.fixture
def api(procore: Simulated) -> Iterator[Api]:
    with httpx.Client(base_url=procore.url, headers={"Procore-Company-Id": "4200"}) as client:
        yield Api(procore, client)
