"""A replay knows the open letters of what it sends again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from operations.replay.events import newest_by_origin
from relay.domain.letters import MAPPER, DeadLetter, LetterKind

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def letter(letter_id: str, origin_id: str | None, *, stage: str = "cinx-submitter", minutes: int = 0) -> DeadLetter:
    return DeadLetter(
        letter_id=letter_id,
        kind=LetterKind.REJECTED,
        stage=stage,
        topic="t",
        partition=0,
        offset=0,
        record_key=None,
        record_value=None,
        headers=(),
        change_order_key="constructiononline:acme:1",
        origin_id=origin_id,
        command_id=None,
        reason="cinx.po_not_found",
        sentence="",
        remote_answer="",
        attempts=1,
        first_at=AT,
        last_at=AT + timedelta(minutes=minutes),
        sides=(),
    )


def test_of_several_letters_about_a_record_the_one_that_failed_last_goes_on() -> None:
    letters = [letter("late", "a", minutes=5), letter("early", "a"), letter("other", "b"), letter("project", None)]
    letters.append(letter("mapper", "c", stage=MAPPER))
    letters.append(replace(letter("project", "d"), change_order_key=None))
    assert {origin: each.letter_id for origin, each in newest_by_origin(letters).items()} == {"a": "late", "b": "other"}
