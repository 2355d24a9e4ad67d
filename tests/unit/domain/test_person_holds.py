"""What each kind of a person's hold keeps from being written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from relay.domain.commands import ContractKind, Operation, ProcoreCommand, ProcoreDestination, ProcorePayload
from relay.domain.control import Control, PersonHold, Subject, word_of
from relay.domain.person_holds import UnreadableHold, bars, hold_id_of, hold_sentence, is_over, tenant_of_key
from tests.commands import procore_command

SINCE = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
DESTINATION = ProcoreDestination(project_id=315, contract_id=44021, contract=ContractKind.PRIME, tiers=1)
PAYLOAD = ProcorePayload(title="door", status="pending")


def hold(kind: Subject, subject: str, until: datetime | None = None) -> PersonHold:
    return PersonHold(
        hold_id="1", kind=kind, subject=subject, reason="in dispute", person="Ann", since=SINCE, until=until
    )


def applied(**more: object) -> ProcoreCommand:
    known = {"project": "1321036", **more}
    return replace(procore_command("498099", PAYLOAD, DESTINATION), **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "subject", "held"),
    [
        (Subject.CHANGE_ORDER, "constructiononline:acme:498099", True),
        (Subject.CHANGE_ORDER, "constructiononline:acme:498098", False),
        (Subject.SOURCE_PROJECT, "constructiononline:acme/project:1321036", True),
        (Subject.SOURCE_PROJECT, "constructiononline:acme/project:132103", False),
        (Subject.SOURCE_PROJECT, "constructiononline:other/project:1321036", False),
        (Subject.TARGET, "main", True),
        (Subject.TARGET, "steel", False),
        (Subject.DESTINATION_PROJECT, "procore:acme/project:315", True),
        (Subject.DESTINATION_PROJECT, "procore:acme/project:31", False),
        (Subject.DESTINATION_PROJECT, "procore:other/project:315", False),
        (Subject.ACCOUNT, "procore:acme", True),
        (Subject.ACCOUNT, "procore:acm", False),
        (Subject.ACCOUNT, "cinx:acme", False),
    ],
)
def test_a_hold_bars_its_subject_and_no_other(kind: Subject, subject: str, held: bool) -> None:  # noqa: FBT001 - pytest
    assert bars(hold(kind, subject), applied(), None) is held


def test_a_record_that_was_written_elsewhere_before_is_held_there_too() -> None:
    assert bars(hold(Subject.DESTINATION_PROJECT, "procore:acme/project:316"), applied(), "316/44024")
    assert not bars(hold(Subject.DESTINATION_PROJECT, "procore:acme/project:316"), applied(), "315/44021")


def test_what_does_not_tell_its_project_is_held_by_every_hold_of_one() -> None:
    """A look at a record of ours names the remote's project, whose number may be that of another at the source."""
    of_another = hold(Subject.SOURCE_PROJECT, "constructiononline:acme/project:7")
    look = replace(applied(operation=Operation.VERIFY), payload=None, project="315")
    assert bars(of_another, look, None)
    assert bars(of_another, applied(project=None), None)
    assert bars(of_another, applied(change_order_key="procore:acme:598"), None), "carried on from a record of ours"
    assert not bars(hold(Subject.SOURCE_PROJECT, "constructiononline:other/project:315"), look, None)


def test_a_decision_about_a_known_change_order_tells_its_project() -> None:
    decision = applied(operation=Operation.ADOPT)
    assert bars(hold(Subject.SOURCE_PROJECT, "constructiononline:acme/project:1321036"), decision, None)
    assert not bars(hold(Subject.SOURCE_PROJECT, "constructiononline:acme/project:7"), decision, None)


def test_it_ends_at_its_end_and_not_before() -> None:
    until = SINCE + timedelta(hours=1)
    ending = hold(Subject.TARGET, "main", until)
    assert not is_over(ending, until - timedelta(milliseconds=1))
    assert is_over(ending, until)
    assert not is_over(hold(Subject.TARGET, "main"), until)
    assert hold_sentence(ending) == (
        "on hold by Ann since 2026-03-01 08:00:00 UTC, until 2026-03-01 09:00:00 UTC, because: in dispute (hold 1)"
    )


@pytest.mark.parametrize(("tenant", "held"), [(None, True), ("procore:acme", True), ("cinx:acme", False)])
def test_one_that_cannot_be_read_bars_all_that_its_key_may_mean(tenant: str | None, held: bool) -> None:  # noqa: FBT001 - pytest
    unreadable = UnreadableHold(hold_id="1", tenant=tenant, since=SINCE, place="control[0] at offset 3", why="hello")
    assert bars(unreadable, applied(), None) is held
    assert "control[0] at offset 3" in hold_sentence(unreadable)


@pytest.mark.parametrize(
    ("kind", "subject", "key"),
    [
        (Subject.CHANGE_ORDER, "constructiononline:acme:498099", "hold:1"),
        (Subject.ACCOUNT, "cinx:acme", "hold:1:cinx:acme"),
        (Subject.DESTINATION_PROJECT, "procore:acme/project:315", "hold:1:procore:acme"),
    ],
)
def test_the_key_names_the_one_account_that_it_is_about(kind: Subject, subject: str, key: str) -> None:
    made = hold(kind, subject)
    assert Control(hold=made).key == key
    assert (hold_id_of(key), tenant_of_key(key)) == ("1", made.tenant)


@pytest.mark.parametrize("key", [None, b"", b"hold", b"hold:", b"holds:1", b"\xff", b"procore:acme|hold"])
def test_a_key_that_nothing_of_ours_writes_is_foreign(key: bytes | None) -> None:
    assert word_of(key) is None
