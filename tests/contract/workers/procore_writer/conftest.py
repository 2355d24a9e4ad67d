"""The simulated Procore, one process for all tests, as new at the beginning of every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.sandbox.process import Simulated, simulated
from tests.contract.workers.procore_writer.driving import Driver, new_adapter
from tests.contract.workers.procore_writer.state import Remote


@pytest.fixture(scope="session")
def procore_process() -> Iterator[Simulated]:
    with simulated("procore") as sandbox:
        yield sandbox


@pytest.fixture
def procore(procore_process: Simulated) -> Simulated:
    procore_process.reset()
    return procore_process


@pytest.fixture
def remote(procore: Simulated) -> Remote:
    return Remote(procore)


@pytest.fixture
def driver(procore: Simulated) -> Iterator[Driver]:
    adapter = new_adapter(procore.url)
    yield Driver(adapter)
    adapter.close()
