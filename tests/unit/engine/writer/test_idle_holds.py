"""The hold of a destination that refuses as a whole lasts as long as something waits there, and its letter with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from relay.domain.failures import Denied, TenantBlocked
from relay.domain.ledger import Intent, new_entry
from relay.domain.routes import Routing
from relay.engine.letters import LetterTopic
from relay.engine.mapping.decision_records import DecisionRecords, TargetTopics
from relay.engine.mapping.remap import CannotRedrive, Remapper
from relay.engine.topics import PROCORE
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.steps.hold import end_idle_holds, hold_blocked_tenant, hold_destination
from tests.unit.engine.writer.model import ProtocolModel, command
from tests.unit.engine.writer.virtual_log import CODEC, START, TIMING

SCOPE = "procore:acme/project:315"


@pytest.fixture
def model() -> Iterator[ProtocolModel]:
    """A change order waits for a destination that refuses as a whole."""
    model = ProtocolModel()
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    (origin_id,) = model.state.queued
    task = model.state.task(model.state.store.order(origin_id))
    assert task is not None
    hold_destination(model.state, SCOPE, task, Denied("not for you"))
    yield model
    model.close()


def is_kept(model: ProtocolModel) -> bool:
    return f"{SCOPE}|hold" in model.log.compacted[PROCORE.inbox.name()]


def test_it_lasts_while_something_waits_there(model: ProtocolModel) -> None:
    end_idle_holds(model.state)
    assert model.state.holds.get(SCOPE) is not None
    assert is_kept(model)
    assert len(model.letters()) == 1


@pytest.mark.parametrize("retried", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
def test_it_ends_with_its_letter_once_nothing_waits(model: ProtocolModel, retried: bool, restarted: bool) -> None:  # noqa: FBT001 - pytest
    model.submit(command(1, 2, "", "", withdraw=True))
    model.receive()
    assert not model.state.queued
    if restarted:
        model.start()
    hold = model.state.holds.get(SCOPE)
    assert hold is not None
    if retried:
        model.state.holds.retry(hold)
    end_idle_holds(model.state)
    assert not model.state.holds.denied()
    assert not is_kept(model)
    assert not model.letters()


def test_what_waits_for_a_person_keeps_no_hold(model: ProtocolModel) -> None:
    (origin_id,) = model.state.queued
    work = model.state.begin()
    review = Intent(
        origin_id=origin_id, command_id="", step="header", parts={}, bytes_hash="", intended_at=START, sent=True
    )
    work.put_entry(replace(new_entry(model.sent[0]), review=review))
    model.state.commit(work, TransactionKind.NOTE)
    end_idle_holds(model.state)
    assert not model.state.holds.denied()
    assert not model.letters()


def test_its_letter_is_not_sent_again(model: ProtocolModel) -> None:
    """One change order of many would go, and the others wait on."""
    (letter,) = model.letters()
    topics = TargetTopics(partitions={}, letters=LetterTopic(partitions=12))
    remapper = Remapper(CODEC, DecisionRecords(CODEC, "", topics), "")
    with pytest.raises(CannotRedrive, match="all that waits for it"):
        remapper.letter(letter, Routing(routes=()), START, lambda *_: None)
    with pytest.raises(CannotRedrive, match="all that waits for it"):
        remapper.as_is(letter, START)


def test_it_ends_once_no_route_names_the_destination(model: ProtocolModel) -> None:
    """What waited there has a letter of its own then, from which it is mapped anew."""
    model.route()
    for _ in range(int(TIMING.routes_settle_in) + 2):
        model.work()
        model.pass_time(1.0)
    end_idle_holds(model.state)
    assert not model.state.holds.denied()
    assert [letter.reason for letter in model.letters()] == ["procore.destination_unrouted"]


def test_the_hold_of_an_account_that_has_left_the_configuration_ends(model: ProtocolModel) -> None:
    """Its probe has no account to ask, so that nothing else would ever end it."""
    hold_blocked_tenant(model.state, "procore:acme", TenantBlocked("not connected"))
    end_idle_holds(model.state)
    assert model.state.holds.get("procore:acme") is not None, "the account is configured"
    model.state.accounts = frozenset()
    end_idle_holds(model.state)
    assert model.state.holds.get("procore:acme") is not None, "something waits there"
    model.state.accounts = frozenset({"acme"})
    model.submit(command(1, 2, "", "", withdraw=True))
    model.receive()
    model.state.accounts = frozenset()
    end_idle_holds(model.state)
    assert not list(model.state.holds.all())
    assert "procore:acme|hold" not in model.log.compacted[PROCORE.inbox.name()]
