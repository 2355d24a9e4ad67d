"""Open items are assigned, noted and snoozed: each an entry of the audit, which is all that is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from operations.audit import AuditedTransaction, now
from operations.environment import Environment
from operations.errors import Refused, WrongUsage
from operations.letters.open_letters import OpenLetter, OpenLetters, Shown, as_shown, by_id_or_prefix
from operations.reading import pass_over
from operations.times import NOT_KEPT, can_be_kept
from relay.domain.follow_up import ASSIGN, NOTE, SNOOZE, FollowUp, follow_ups
from relay.domain.records import OperatorAction
from relay.engine.kafka import read_to_end
from relay.engine.topics import AUDIT
from schemas import Unreadable

LONGEST_NOTE = 1000
"""Characters."""
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedUp:
    """One letter of which it is noted. ``number``: of the audit entry."""

    letter: OpenLetter
    number: int


def assign(
    environment: Environment, letter_ids: Sequence[str], to: str | None, *, who: str, shown: Shown | None = None
) -> list[FollowedUp]:
    """Says who looks after letters; ``None``: nobody. ``letter_ids`` may be beginnings.

    Raises ``Refused`` where one is gone or not as ``shown``, ``WrongUsage`` for a name that is none.
    """
    name = to.strip() if to else None
    if name is not None and not 0 < len(name) <= _LONGEST_NAME:
        raise WrongUsage(f"a name has 1 to {_LONGEST_NAME} characters; to nobody: `--nobody`")
    return _write(environment, letter_ids, ASSIGN, lambda letter: {"to": name}, who, shown)


def note(
    environment: Environment, letter_ids: Sequence[str], text: str, *, who: str, shown: Shown | None = None
) -> list[FollowedUp]:
    """Notes something about letters, in place of what was noted before; an empty text takes the note away.

    Raises as :func:`assign`.
    """
    said = text.strip()
    if len(said) > LONGEST_NOTE:
        raise WrongUsage(f"a note has at most {LONGEST_NOTE} characters, and this one has {len(said)}")
    return _write(environment, letter_ids, NOTE, lambda letter: {"note": said or None}, who, shown)


def snooze(
    environment: Environment, letter_ids: Sequence[str], until: datetime | None, *, who: str, shown: Shown | None = None
) -> list[FollowedUp]:
    """Lets letters rest until a time, or until they fail once more; ``None`` wakes them. Raises as :func:`assign`."""
    if until is not None and not can_be_kept(until):
        raise WrongUsage(f"{until.isoformat()} {NOT_KEPT}")
    if until is not None and until <= now():
        raise WrongUsage(f"{until.isoformat()} is past: nothing rests until then")
    return _write(
        environment,
        letter_ids,
        SNOOZE,
        lambda letter: {"until": until, "after": letter.letter.last_at},
        who,
        shown,
    )


def _write(
    environment: Environment,
    letter_ids: Sequence[str],
    action: str,
    details: Callable[[OpenLetter], Mapping[str, object]],
    who: str,
    shown: Shown | None,
) -> list[FollowedUp]:
    letters = OpenLetters(environment).open()
    named = [by_id_or_prefix(letters, letter_id) for letter_id in dict.fromkeys(letter_ids)]
    for letter in named:
        if not as_shown([letter], shown):
            raise Refused(f"letter {letter.id} changed since you looked: it was tried again, or stands elsewhere")
    with AuditedTransaction(environment, who, "") as transaction:
        entries = [
            transaction.action(letter.subject, action, {"letter_id": letter.id, **details(letter)}) for letter in named
        ]
        transaction.commit([], entries)
        return [
            FollowedUp(letter=letter, number=number) for letter, number in zip(named, transaction.numbers, strict=True)
        ]


def read_follow_ups(environment: Environment) -> dict[str, FollowUp]:
    """What stands of each letter, by its id, as the audit tells it from its beginning."""
    places = environment.every(AUDIT, environment.counts([AUDIT])[AUDIT])
    actions = []
    for record in read_to_end(environment.connection, places, pass_over=pass_over):
        try:
            actions.append(environment.codec.decode(record.value or b"", OperatorAction))
        except Unreadable:
            continue
    return follow_ups(actions)
