"""The simulated Procore, and pollers of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.sandbox.process import Simulated, simulated
from tests.contract.producers.procore.procore_poller import (
    PROJECT,
    Poller,
    TwoProjects,
)


@pytest.fixture(scope="module")
def process() -> Iterator[Simulated]:
    with simulated("procore") as simulator:
        yield simulator


@pytest.fixture
def sandbox(process: Simulated) -> Simulated:
    process.reset()
    process.settings(hourly_limit=1_000_000, spike_limit=1_000_000)
    process.forget()
    return process


@pytest.fixture
def poller(sandbox: Simulated) -> Iterator[Poller]:
    poller = Poller(sandbox.url, PROJECT)
    yield poller
    poller.source.close()


@pytest.fixture
def later() -> Iterator[Simulated]:
    """A simulator whose clock a test may move."""
    with simulated("procore") as simulator:
        yield simulator


@pytest.fixture
def two(later: Simulated) -> Iterator[TwoProjects]:
    two = TwoProjects(later)
    yield two
    two.poller.source.close()
