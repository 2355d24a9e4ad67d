from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from relay.domain.commands import Operation
from relay.domain.ledger_facts import LedgerFact
from relay.domain.outcomes import OutcomeKind
from tests.unit.engine.writer.model import ProtocolModel, command
from tests.unit.engine.writer.virtual_remote import RequestFate


@pytest.fixture
def model() -> Iterator[ProtocolModel]:
    model = ProtocolModel()
    yield model
    model.close()


def kinds(model: ProtocolModel, command_id: str) -> list[OutcomeKind]:
    return [
        outcome.kind for outcome in model.log.outcomes if outcome.command_id == command_id and outcome.kind.is_terminal
    ]


def put_in_review(model: ProtocolModel) -> None:
    """Command 1/1 is sent until its outcome, unknown each time, is given to a person."""
    model.submit(command(1, 1, "first", "pending"))
    model.receive()
    for _ in range(200):
        model.work()
        model.deliver(RequestFate.LOST_AFTER)
        model.pass_time(1.0)
        if kinds(model, "1/1"):
            break
    assert kinds(model, "1/1") == [OutcomeKind.NEEDS_REVIEW]


def test_what_waits_behind_a_review_goes_out_only_after_the_adoption(model: ProtocolModel) -> None:
    put_in_review(model)
    newer = command(1, 2, "second", "pending")
    model.submit(newer)
    for _ in range(5):
        model.receive()
        model.work()
    assert not kinds(model, "1/2")
    adopt = replace(command(1, 1, "first", "pending"), operation=Operation.ADOPT, command_id="adopt")
    model.submit(adopt)
    model.settle()
    assert kinds(model, "adopt") in ([OutcomeKind.APPLIED], [OutcomeKind.UNCHANGED])
    assert kinds(model, "1/2") == [OutcomeKind.APPLIED]
    ended = [outcome.command_id for outcome in model.log.outcomes if outcome.command_id in {"adopt", "1/2"}]
    assert ended == ["adopt", "1/2"]
    assert model.remote.headers[newer.origin_id] == (2, "second")


@pytest.mark.parametrize("comes", ["before the decision", "after the decision", "never"])
def test_what_is_to_be_sent_once_more_is_looked_at(model: ProtocolModel, comes: str) -> None:
    """Something of what was in doubt may be there that a newer revision, which goes in its place, does not name."""
    put_in_review(model)
    newer = command(1, 2, "second", "pending")
    if comes == "before the decision":
        model.submit(newer)
        model.receive()
    (letter,) = model.letters()
    model.decide(letter)
    model.receive()
    if comes == "after the decision":
        model.submit(newer)
        model.receive()
    entry = model.state.store.entry(newer.origin_id)
    assert entry is not None
    assert (entry.review, LedgerFact.DOUBTED in entry.remote) == (None, True)
    model.settle()
    assert model.remote.headers[newer.origin_id] == ((1, "first") if comes == "never" else (2, "second"))
