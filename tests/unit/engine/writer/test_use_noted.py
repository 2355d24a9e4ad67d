"""What a writer uses of a rate limit is noted with what it commits anyway, and handed to the process after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from relay.domain.ledger import InboxRecord, Slot
from relay.domain.rate_use import MinuteUse
from relay.engine.topics import PROCORE
from relay.engine.writer.state.account_notes import note_accounts
from tests.unit.engine.writer.model import ProtocolModel, command
from tests.unit.engine.writer.virtual_log import START
from tests.unit.engine.writer.virtual_remote import ModelAdapter

KEY = f"procore:acme|{Slot.ACCOUNT.value}"


@pytest.fixture
def model() -> Iterator[ProtocolModel]:
    model = ProtocolModel()
    yield model
    model.close()


class Counted:
    """The use of an account as an adapter tells it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.used: tuple[MinuteUse, ...] = ()
        self.owned: list[tuple[MinuteUse, ...]] = []
        monkeypatch.setattr(ModelAdapter, "used", lambda _, account: self.used)
        monkeypatch.setattr(ModelAdapter, "own", lambda _, account, used: self.owned.append(used))

    def use(self, requests: int) -> None:
        self.used = (MinuteUse(at=START, requests=requests),)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def noted(model: ProtocolModel) -> tuple[MinuteUse, ...] | None:
    value = model.log.compacted[PROCORE.inbox.name()].get(KEY)
    if value is None:
        return None
    record = model.state.codec.decode(value, InboxRecord)
    assert record.account is not None
    return record.account.used


def commit(model: ProtocolModel, number: int) -> None:
    model.submit(command(number, 1, "door", "pending"))
    model.receive()


def test_use_is_noted_with_what_is_committed_and_restored(model: ProtocolModel, counted: Counted) -> None:
    commit(model, 1)
    assert noted(model) is None
    counted.use(7)
    note_accounts(model.state)
    assert noted(model) is None, "it is worth no transaction of its own"
    commit(model, 2)
    assert noted(model) == counted.used
    model.start()
    assert counted.owned[-1] == counted.used


def test_it_is_noted_every_few_seconds_however_much_is_committed(model: ProtocolModel, counted: Counted) -> None:
    for number in range(1, 5):
        counted.use(number)
        commit(model, number)
    assert noted(model) == (MinuteUse(at=START, requests=1),)
    model.pass_time(timedelta(seconds=6).total_seconds())
    commit(model, 5)
    assert noted(model) == (MinuteUse(at=START, requests=4),)


def test_what_else_is_noted_of_the_account_stays(
    model: ProtocolModel, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ModelAdapter, "facts_to_keep", lambda _, account: {"ids_in_sync": "no"})
    counted.use(3)
    note_accounts(model.state)
    commit(model, 1)
    note = model.state.store.account("procore:acme")
    assert note is not None
    assert (note.facts, note.used) == ({"ids_in_sync": "no"}, counted.used)
