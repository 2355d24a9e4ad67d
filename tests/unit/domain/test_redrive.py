from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from relay.domain import identity
from relay.domain.commands import Operation
from relay.domain.events import EventReference
from relay.domain.letters import LetterKind
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.redrive import MAPPED_ANEW, OpenLetter, RedriveRule, done_because, redrive_due

AT = datetime(2026, 3, 1, tzinfo=UTC)
LETTER = OpenLetter(
    letter_id="l",
    kind=LetterKind.REJECTED,
    stage="mapper",
    reason="route.missing",
    topic="observed",
    partition=1,
    offset=10,
    change_order_key="k",
    attempts=1,
    first_at=AT,
    last_at=AT,
    place=0,
)


def command_id(operation: Operation, mapped_at: datetime = AT) -> str:
    """The id of the command that the mapper made of the event."""
    return identity.command_id("e", "cor:k:main", mapped_at, operation.value)


def told(
    offset: int = 11,
    kind: OutcomeKind = OutcomeKind.APPLIED,
    stage: str = "w",
    mapped_at: datetime = AT,
    **more: object,
) -> ChangeOrderOutcome:
    found = ChangeOrderOutcome(
        outcome_id="o",
        kind=kind,
        stage=stage,
        change_order_key="k",
        at=AT,
        sequence=1,
        event=EventReference(topic="observed", partition=1, offset=offset, event_id="e"),
        origin_id=None if stage == "mapper" else "cor:k:main",
        command_id=None if stage == "mapper" else command_id(Operation.APPLY, mapped_at),
        mapped_at=mapped_at,
    )
    return replace(found, **more)  # type: ignore[arg-type]  # a test names the fields it changes


def test_a_later_event_that_was_mapped_or_skipped_settles() -> None:
    assert done_because(LETTER, told()) == "a later change of it was mapped"
    assert done_because(LETTER, told(command_id=command_id(Operation.WITHDRAW)))
    assert done_because(LETTER, told(kind=OutcomeKind.SKIPPED, stage="mapper"))
    assert done_because(LETTER, told(kind=OutcomeKind.REJECTED)), "a writer's refusal shows that it was mapped"


def test_a_deletion_settles_with_that_reason() -> None:
    assert done_because(LETTER, told(reason="source.deleted")) == "the change order was deleted at the source"


@pytest.mark.parametrize(
    "outcome",
    [
        told(offset=9),
        told(kind=OutcomeKind.REJECTED, stage="mapper"),
        told(event=None),
        told(event=EventReference(topic="observed", partition=2, offset=99, event_id="e")),
        told(offset=10),
        told(command_id=command_id(Operation.VERIFY)),
        told(command_id="a decision's"),
        told(kind=OutcomeKind.REMOTE_STATUS, stage="poll-procore", command_id=None),
    ],
)
def test_what_is_older_refused_itself_or_of_another_place_or_record_settles_nothing(
    outcome: ChangeOrderOutcome,
) -> None:
    assert done_because(LETTER, outcome) is None


def test_the_same_event_settles_only_when_it_was_mapped_later() -> None:
    assert done_because(LETTER, told(offset=10, mapped_at=AT + timedelta(seconds=1))) == "the event was mapped again"


def test_letters_of_writers_and_pollers_are_theirs() -> None:
    assert done_because(replace(LETTER, stage="procore-writer"), told()) is None


RULES = [RedriveRule(reason="route.*", every=60, most=3), RedriveRule(reason="*", every=1, most=99)]


@pytest.mark.parametrize(
    ("pattern", "reason", "fits"),
    [
        ("a.b", "a.b", True),
        ("a.b", "axb", False),
        ("a.*", "a.b", True),
        ("*.b", "a.b", True),
        ("*", "", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*b*a*", "xbya", True),
        ("*b*a*", "xayb", False),
        ("*ab*ab", "xab", False),
        ("*a" * 30 + "*b", "a" * 3_000, False),
    ],
)
def test_a_star_stands_for_any_part(pattern: str, reason: str, *, fits: bool) -> None:
    rule = RedriveRule(reason=pattern, every=60, most=3)
    assert redrive_due(replace(LETTER, reason=reason), [rule], AT + timedelta(days=1)) is fits


def test_the_first_rule_that_fits_says_when_and_how_often() -> None:
    assert not redrive_due(LETTER, RULES, AT + timedelta(seconds=59))
    assert redrive_due(LETTER, RULES, AT + timedelta(seconds=60))
    assert not redrive_due(replace(LETTER, attempts=3), RULES, AT + timedelta(days=1))
    assert not redrive_due(LETTER, [RedriveRule(reason="cinx.*", every=1, most=9)], AT + timedelta(days=1))


def test_what_was_sent_again_waits_for_what_comes_of_it() -> None:
    sent = replace(LETTER, redriven_at=AT + timedelta(seconds=60))
    assert not redrive_due(sent, RULES, AT + timedelta(seconds=119))
    assert redrive_due(sent, RULES, AT + timedelta(seconds=120))


def test_what_needs_a_person_is_never_sent_again_by_itself() -> None:
    assert not redrive_due(replace(LETTER, kind=LetterKind.NEEDS_REVIEW), RULES, AT + timedelta(days=9))


def test_a_letter_about_a_project_holds_no_event_to_be_sent_again() -> None:
    assert not redrive_due(replace(LETTER, of_project=True), RULES, AT + timedelta(days=9))


@pytest.mark.parametrize("system", ["procore", "cinx"])
def test_what_no_route_names_is_mapped_anew_once_a_changed_file_has_reached_every_stage(system: str) -> None:
    unrouted = replace(LETTER, stage=f"{system}-writer", reason=f"{system}.destination_unrouted")
    assert not redrive_due(unrouted, [MAPPED_ANEW], AT + timedelta(minutes=4))
    assert redrive_due(unrouted, [MAPPED_ANEW], AT + timedelta(minutes=5))
    assert not redrive_due(replace(unrouted, attempts=24), [MAPPED_ANEW], AT + timedelta(minutes=5))
    assert not redrive_due(LETTER, [MAPPED_ANEW], AT + timedelta(days=1))
