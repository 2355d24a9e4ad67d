"""The open letters of one partition, and the last outcomes of its change orders."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.redrive import OpenLetter, done_because, open_letter, own_event

REMEMBERED = 20_000
"""Outcomes that are kept in case their change order's letter is read only after them."""


class OpenLetters:
    """Belongs to the keeper's thread. Letters below ``restored_to`` were read before; they are old news."""

    def __init__(self) -> None:
        self.restored_to = 0
        self._open: dict[str, OpenLetter] = {}
        self._by_key: dict[str, set[str]] = {}
        self._latest_outcomes: OrderedDict[str, ChangeOrderOutcome] = OrderedDict()

    def __iter__(self) -> Iterator[OpenLetter]:
        return iter(self._open.values())

    def put(self, letter: DeadLetter, place: int) -> OpenLetter:
        """A letter was written, or written anew."""
        self.remove(letter.letter_id)
        opened = open_letter(letter, place)
        self._open[letter.letter_id] = opened
        if letter.change_order_key is not None:
            self._by_key.setdefault(letter.change_order_key, set()).add(letter.letter_id)
        return opened

    def remove(self, letter_id: str) -> None:
        """A letter was settled."""
        letter = self._open.pop(letter_id, None)
        if letter is None or letter.change_order_key is None:
            return
        of_key = self._by_key[letter.change_order_key]
        of_key.discard(letter_id)
        if not of_key:
            del self._by_key[letter.change_order_key]

    def add_outcome(self, outcome: ChangeOrderOutcome) -> Iterator[tuple[OpenLetter, str]]:
        """The letters that ``outcome`` shows to be done with, and why."""
        key = outcome.change_order_key
        if own_event(outcome) is not None and not _is_older(outcome, self._latest_outcomes.get(key)):
            self._latest_outcomes[key] = outcome
            self._latest_outcomes.move_to_end(key)
            if len(self._latest_outcomes) > REMEMBERED:
                self._latest_outcomes.popitem(last=False)
        for letter_id in list(self._by_key.get(key, ())):
            yield from _settled_letters(self._open[letter_id], outcome)

    def already_settled(self, letter: OpenLetter) -> Iterator[tuple[OpenLetter, str]]:
        """Whether an outcome that was read before the letter shows that it is done with."""
        outcome = self._latest_outcomes.get(letter.change_order_key or "")
        if outcome is not None:
            yield from _settled_letters(letter, outcome)

    def redriven(self, letter: OpenLetter, at: datetime) -> None:
        """The letter was sent again; what comes of it will be read."""
        if letter.letter_id in self._open:
            self._open[letter.letter_id] = replace(letter, redriven_at=at)


def _settled_letters(letter: OpenLetter, outcome: ChangeOrderOutcome) -> Iterator[tuple[OpenLetter, str]]:
    why = done_because(letter, outcome)
    if why is not None:
        yield letter, why


def _is_older(outcome: ChangeOrderOutcome, latest: ChangeOrderOutcome | None) -> bool:
    if latest is None or latest.event is None or outcome.event is None:
        return False
    if outcome.event.offset != latest.event.offset:
        return outcome.event.offset < latest.event.offset
    return (outcome.mapped_at or outcome.at) < (latest.mapped_at or latest.at)
