"""Answers are recorded in transactions of a bounded size, split by change order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from relay.domain.writes.remote_writes import WriteOperation, WrittenField, WrittenRecord
from relay.engine.writer.steps import record
from relay.engine.writer.written import Endpoint, Written
from tests.unit.engine.writer.invariants import check_invariants, what_was_applied_is_told_once
from tests.unit.engine.writer.model import ProtocolModel, command
from tests.unit.engine.writer.virtual_log import CommitFate
from tests.unit.engine.writer.virtual_remote import ModelAdapter, RequestFate

NUMBERS = range(1, 9)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProtocolModel]:
    """Each write takes some 100 KB."""

    def long(self: ModelAdapter, task: Any, step: str, *_: Any) -> Written:
        operation = WriteOperation.UPDATED if task.entry else WriteOperation.CREATED
        fields = (WrittenField(name="text", sent="x" * 100_000),)
        records = (WrittenRecord(kind=step, operation=operation, fields=fields),)
        return Written(endpoint=Endpoint("PATCH", "/header"), records=records)

    monkeypatch.setattr(ModelAdapter, "written", long)
    model = ProtocolModel()
    yield model
    model.close()


def answered(model: ProtocolModel) -> list[int]:
    """All in one call, which is answered; returns how many writes each transaction told."""
    for number in NUMBERS:
        model.submit(command(number, 1, "door", "pending"))
    model.receive()
    model.work()
    model.deliver(RequestFate.ANSWERED)
    told, commit = list[int](), model.state.journal.commit

    def counted(outgoing: Any, offsets: Any) -> None:
        records = list(outgoing)
        told.append(sum("writes" in each.topic for each in records))
        commit(records, offsets)

    model.state.journal.commit = counted  # type: ignore[method-assign]  # counts what passes
    model.work()
    return [count for count in told if count]


@pytest.mark.parametrize(("most", "told"), [(1_000_000, [8]), (250_000, [3, 3, 2]), (1, [1] * 8)])
def test_a_transaction_ends_once_it_is_large(
    model: ProtocolModel, monkeypatch: pytest.MonkeyPatch, most: int, told: list[int]
) -> None:
    monkeypatch.setattr(record, "_MOST_BYTES", most)
    assert answered(model) == told
    check_invariants(model)
    what_was_applied_is_told_once(model)


def test_a_transaction_ends_once_it_has_many(model: ProtocolModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_MOST_RECORDED", 5)
    assert answered(model) == [5, 3]
    check_invariants(model)


def test_what_a_failed_transaction_leaves_open_is_told_by_the_next_owner(
    model: ProtocolModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one stands, the second does not: the rest of the call is sent once more, and told once."""
    monkeypatch.setattr(record, "_MOST_BYTES", 250_000)
    for number in NUMBERS:
        model.submit(command(number, 1, "door", "pending"))
    model.receive()
    model.work()
    model.deliver(RequestFate.ANSWERED)
    model.log.fates = [CommitFate.STANDS, CommitFate.FAILS]
    model.work()
    assert len(model.log.writes) == 3
    check_invariants(model)
    what_was_applied_is_told_once(model)
    assert sum(write.found_again for write in model.log.writes) == 5
