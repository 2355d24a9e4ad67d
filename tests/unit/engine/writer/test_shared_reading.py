"""One reading call for several change orders, which the remote refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from relay.domain.commands import ProcoreCommand
from relay.domain.failures import CallFailure, Denied, Rejected
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Batch, Plan, PlannedCall, Result, Task
from tests.unit.engine.writer.model import ModelAdapter, World, command


class Looking(ModelAdapter):
    """Wants to read something before anything else, and is refused."""

    failure: CallFailure = Rejected("procore.rejected", "The list cannot be read.")
    looks = 0

    def plan(self, task: Task[ProcoreCommand]) -> Plan:
        return PlannedCall(step="look", batch="all", writes=False)

    def carry(self, batch: Batch[ProcoreCommand]) -> Mapping[str, Result]:
        self.looks += 1
        raise self.failure


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.mark.parametrize("failure", [Looking.failure, Denied("The list may not be read.")])
def test_what_is_refused_to_several_ends_for_each_and_is_asked_once(world: World, failure: CallFailure) -> None:
    carrier = Looking(world.remote, world.time)
    carrier.failure = failure
    world.carrier = world.state.adapter = carrier
    for number in (1, 2, 3):
        world.submit(command(number, 1, "first", "pending"))
    world.settle()
    ended = {one.command_id: one.kind for one in world.log.told if one.kind.is_terminal}
    assert ended == dict.fromkeys(("1/1", "2/1", "3/1"), OutcomeKind.REJECTED)
    assert carrier.looks == 1
