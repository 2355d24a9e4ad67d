"""The two simulators of the reconciled world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from deploy.sandbox.process import Simulated, simulated
from tests.contract.operations.reconcile.world import PROJECT, World


@pytest.fixture(scope="module")
def month_systems() -> Iterator[dict[str, Simulated]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(simulated(name)) for name in ("constructiononline", "procore")}


@pytest.fixture
def world(month_systems: dict[str, Simulated], tmp_path: Path) -> Iterator[World]:
    with closing(new_world(month_systems, tmp_path)) as made:
        yield made


def new_world(systems: dict[str, Simulated], folder: Path) -> World:
    """Both systems anew, and nothing carried."""
    source, procore = systems["constructiononline"], systems["procore"]
    source.reset()
    source.people("clear")
    source.people("create_project", id=PROJECT, name="Tower B")
    for window in ("hour", "day", "week", "month"):
        source.people("set_rate", window=window, limit=1_000_000)
    procore.reset()
    procore.settings(hourly_limit=1_000_000, spike_limit=1_000_000)
    return World(source, procore, folder)
