"""What is refused now may have been taken before: an earlier call of the same intent, or one that is under way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from relay.domain.ledger import LedgerEntry
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import Batch, Reject
from tests.unit.engine.writer.model import ProtocolModel, command
from tests.unit.engine.writer.virtual_log import TIMING
from tests.unit.engine.writer.virtual_remote import ModelAdapter, RequestFate

DOOR = command(1, 1, "door", "pending")
QUARANTINE = TIMING.quarantine


@pytest.fixture
def model() -> Iterator[ProtocolModel]:
    model = ProtocolModel()
    yield model
    model.close()


def entry_of(model: ProtocolModel) -> LedgerEntry:
    entry = model.state.store.entry(DOOR.origin_id)
    assert entry is not None
    return entry


def ends(model: ProtocolModel) -> list[OutcomeKind]:
    return [outcome.kind for outcome in model.log.outcomes if outcome.kind.is_terminal]


def send(model: ProtocolModel, fate: RequestFate) -> None:
    model.submit(DOOR)
    model.receive()
    model.work()
    model.deliver(fate)


def test_what_a_predecessor_had_written_is_found_though_it_is_refused_now(model: ProtocolModel) -> None:
    send(model, RequestFate.LOST_AFTER)
    model.start()
    model.remote.upsert = lambda elements: {element[0]: False for element in elements}  # type: ignore[method-assign]  # locked
    model.settle()
    assert ends(model) == [OutcomeKind.APPLIED]
    assert [write.step for write in model.log.writes] == ["look"]


def test_what_was_taken_is_looked_for_at_once_where_the_call_is_refused_as_a_whole(model: ProtocolModel) -> None:
    send(model, RequestFate.LOST_AFTER)
    model.adapter.refuses_calls = True
    while not model.adapter.refused_calls:
        model.work()
        model.deliver(RequestFate.ANSWERED)
        model.pass_time(0.5)
    model.adapter.refuses_calls = False
    refused_at = model.time.seconds
    model.settle()
    assert ends(model) == [OutcomeKind.APPLIED]
    assert [write.step for write in model.log.writes] == ["look"]
    assert model.time.seconds - refused_at < 1


def test_what_a_predecessor_may_have_written_counts_as_sent_where_nothing_can_be_looked_for(
    model: ProtocolModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ModelAdapter, "looks_first", False)
    send(model, RequestFate.LOST_AFTER)
    model.start()
    model.remote.upsert = lambda elements: {element[0]: False for element in elements}  # type: ignore[method-assign]  # locked
    model.settle()
    assert ends(model) == [OutcomeKind.REJECTED]
    assert entry_of(model).was_sent


def test_after_a_call_that_is_refused_as_a_whole_the_lost_one_is_waited_for(model: ProtocolModel) -> None:
    send(model, RequestFate.LOST_BEFORE)
    model.work()
    lost_at = model.state.clock.now()
    model.adapter.refuses_calls = True
    model.settle()
    assert ends(model) == [OutcomeKind.REJECTED]
    different_after = entry_of(model).different_after
    assert different_after is not None
    assert (different_after - lost_at).total_seconds() >= QUARANTINE - 1


def test_a_reading_that_is_refused_waits_for_what_is_under_way(
    model: ProtocolModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.submit(DOOR)
    model.settle()
    model.submit(command(1, 2, "window", "pending"))
    model.receive()
    model.work()
    model.deliver(RequestFate.LATE)
    applied = ModelAdapter._apply

    def refused(adapter: ModelAdapter, batch: Batch[Any]) -> Any:
        if batch.step != "tiers":
            return applied(adapter, batch)
        return {DOOR.origin_id: Reject(reason="procore.tiers", sentence="Another one's package.")}

    monkeypatch.setattr(ModelAdapter, "_apply", refused)
    model.lose_ledger()
    fenced_at = model.time.seconds
    while len(ends(model)) < 2:
        model.receive()
        model.work()
        model.deliver(RequestFate.ANSWERED)
        model.work()
        model.pass_time(0.5)
    assert ends(model)[-1] is OutcomeKind.REJECTED
    assert model.time.seconds - fenced_at >= QUARANTINE
