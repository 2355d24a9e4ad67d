"""What a reading step finds as it should be is no write of the command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from relay.domain.commands import ProcoreCommand
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Accepted, Batch, Done, Plan, PlannedCall, Result, Task
from tests.unit.engine.writer.model import ProtocolModel, command
from tests.unit.engine.writer.virtual_remote import ModelAdapter


class Recognising(ModelAdapter):
    """Reads once, and then has nothing left to send."""

    was_there = True

    def plan(self, task: Task[ProcoreCommand]) -> Plan:
        if task.entry is not None and task.entry.parts:
            return Done()
        return PlannedCall(step="look", batch="all", writes=False)

    def execute(self, batch: Batch[ProcoreCommand]) -> Mapping[str, Result]:
        accepted = Accepted(parts={"header": "hash"}, was_there=self.was_there)
        return {task.command.origin_id: accepted for task in batch.tasks}


@pytest.fixture
def world() -> Iterator[ProtocolModel]:
    world = ProtocolModel()
    yield world
    world.close()


@pytest.mark.parametrize(("was_there", "kind"), [(True, OutcomeKind.UNCHANGED), (False, OutcomeKind.APPLIED)])
def test_what_was_there_already_is_unchanged(world: ProtocolModel, kind: OutcomeKind, *, was_there: bool) -> None:
    adapter = Recognising(world.remote, world.time)
    adapter.was_there = was_there
    world.adapter = world.state.adapter = adapter
    world.submit(command(1, 1, "first", "pending"))
    world.settle()
    assert [outcome.kind for outcome in world.log.outcomes if outcome.kind.is_terminal] == [kind]
