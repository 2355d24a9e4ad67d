"""One reading call for several change orders, which the remote refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from relay.domain.commands import ProcoreCommand
from relay.domain.failures import CallFailure, Denied, Rejected
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Batch, Plan, PlannedCall, Result, Task
from tests.unit.engine.writer.model import ProtocolModel, command
from tests.unit.engine.writer.virtual_remote import ModelAdapter


class RefusedReader(ModelAdapter):
    """Wants to read something before anything else, and is refused."""

    failure: CallFailure = Rejected("procore.rejected", "The list cannot be read.")
    reads = 0

    def plan(self, task: Task[ProcoreCommand]) -> Plan:
        return PlannedCall(step="look", batch="all", writes=False)

    def execute(self, batch: Batch[ProcoreCommand]) -> Mapping[str, Result]:
        self.reads += 1
        raise self.failure


@pytest.fixture
def model() -> Iterator[ProtocolModel]:
    model = ProtocolModel()
    yield model
    model.close()


@pytest.mark.parametrize("failure", [RefusedReader.failure, Denied("The list may not be read.")])
def test_what_is_refused_to_several_ends_for_each_and_is_asked_once(model: ProtocolModel, failure: CallFailure) -> None:
    adapter = RefusedReader(model.remote, model.time)
    adapter.failure = failure
    model.adapter = model.state.adapter = adapter
    for number in (1, 2, 3):
        model.submit(command(number, 1, "first", "pending"))
    model.settle()
    ended = {outcome.command_id: outcome.kind for outcome in model.log.outcomes if outcome.kind.is_terminal}
    assert ended == dict.fromkeys(("1/1", "2/1", "3/1"), OutcomeKind.REJECTED)
    assert adapter.reads == 1
