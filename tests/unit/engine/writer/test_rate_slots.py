"""An account without a free slot is asked once a turn, however many calls wait for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from relay.domain.commands import Lane, ProcoreCommand
from relay.engine.writer.adapter import Plan, PlannedCall, Task
from tests.unit.engine.writer.model import ProtocolModel, command
from tests.unit.engine.writer.virtual_remote import ModelAdapter


class WithCallsOfTheirOwn(ModelAdapter):
    """No two change orders share a call, as their lines do not."""

    def __init__(self, model: ProtocolModel) -> None:
        super().__init__(model.remote, model.time)
        self.asked = Counter[Lane]()

    def plan(self, task: Task[ProcoreCommand]) -> Plan:
        return PlannedCall(step="lines", batch=task.command.origin_id)

    def acquire_slot(self, account: str, lane: Lane) -> float:
        self.asked[lane] += 1
        return 5.0


@pytest.fixture
def model() -> Iterator[ProtocolModel]:
    model = ProtocolModel()
    yield model
    model.close()


def test_many_calls_ask_once_for_a_slot_that_is_not_free(model: ProtocolModel) -> None:
    adapter = WithCallsOfTheirOwn(model)
    model.adapter = model.state.adapter = adapter
    for number in range(20):
        model.submit(command(number, 1, "door", "pending"))
    model.receive()
    model.work()
    assert model.state.scheduler.planned() == 20
    asked = adapter.asked[Lane.LIVE]
    model.work()
    assert adapter.asked == {Lane.LIVE: asked + 1}
