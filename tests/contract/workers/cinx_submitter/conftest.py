"""A world of its own for each test, and the simulator as a process for those about the wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.sandbox.process import Simulated, simulated
from tests.contract.workers.cinx_submitter.world import World


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


@pytest.fixture(scope="session")
def cinx_process() -> Iterator[Simulated]:
    with simulated("cinx") as sandbox:
        yield sandbox


@pytest.fixture
def cinx(cinx_process: Simulated) -> Simulated:
    cinx_process.reset()
    return cinx_process
