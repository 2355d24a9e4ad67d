"""What a person can do about a letter: the commands, in the order in which to think of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from operations.letters.comparison import named_records
from operations.letters.open_letters import (
    OpenLetter,
    asking_letter,
    takes_decision,
)
from relay.domain.ledger import LedgerEntry
from relay.domain.letters import DeadLetter
from relay.engine.writer.state.unreadable import FROZEN_REASONS

_RESUBMIT = {False: "if it is certainly not there", True: "to have it sent (once more) all the same"}
"""By whether it is known what is there."""


def what_to_do(open_letter: OpenLetter, letters: Sequence[OpenLetter], entry: LedgerEntry | None) -> list[str]:
    """The commands that fit this letter, in the order in which to think of them. ``letters`` are all that are open."""
    again = f"cor letters redrive {open_letter.id}   once the cause is gone"
    settle = f'cor letters settle {open_letter.id} --why "…"   if it need not be carried any more'
    adopt = f'cor letters adopt {open_letter.id} --remote-id {_record(open_letter.letter)} --why "…"   '
    if open_letter.letter.stage.startswith("poll-"):
        return [f'cor letters settle {open_letter.id} --why "…"   as the sentence above says']
    if open_letter.letter.reason in FROZEN_REASONS and open_letter.asks:
        resubmit = f'cor letters resubmit {open_letter.id} --why "…"   {_RESUBMIT[True]}'
        return [f"{adopt}if that record is to stand for the change order, as it is", resubmit]
    if entry is None or not takes_decision(open_letter, letters, entry):
        return [*_elsewhere(letters, entry), again, settle]
    if entry.review is None:
        return [f"{adopt}if it is a record that is there already", again, settle]
    resubmit = f'cor letters resubmit {open_letter.id} --why "…"   '
    known = bool(entry.remote) or not entry.review.sent
    return [f"{adopt}if that record is to stand for the change order, as it is", resubmit + _RESUBMIT[known]]


def choices(open_letter: OpenLetter, letters: Sequence[OpenLetter], entry: LedgerEntry | None) -> tuple[str, ...]:
    """The same as words: ``redrive``, ``settle``, ``adopt``, ``resubmit``."""
    if open_letter.letter.stage.startswith("poll-"):
        return ("settle",)
    if open_letter.letter.reason in FROZEN_REASONS and open_letter.asks:
        return ("adopt", "resubmit")
    if entry is None or not takes_decision(open_letter, letters, entry):
        return ("redrive", "settle")
    return ("adopt", "redrive", "settle") if entry.review is None else ("adopt", "resubmit")


def _elsewhere(letters: Sequence[OpenLetter], entry: LedgerEntry | None) -> Iterator[str]:
    """What is to be decided first, about another letter of the same change order."""
    asked = asking_letter(letters, entry) if entry is not None and entry.review is not None else None
    if asked is not None:
        yield f"cor letters show {asked.id}   its change order waits for that decision first"


def _record(letter: DeadLetter) -> str:
    """What ``adopt`` is to name, where only one record comes into question."""
    known = named_records(letter.sides)
    return shlex.quote(known[0]) if len(known) == 1 else "ID"
