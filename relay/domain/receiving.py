"""What becomes of a command at the moment it is received. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from relay.domain.commands import Command, Operation, Version
from relay.domain.ledger import LedgerEntry, Waiting


class Reception(StrEnum):
    """The first three end the command; ``waits`` makes it the next to be carried.

    ``takes_over``: it becomes the current one at once, since it decides about an intent in review.
    """

    SUPERSEDED = "superseded"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    WAITS = "waits"
    TAKES_OVER = "takes_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginState:
    """What is known of an origin id. ``under_way``: something may have been sent and is not recorded."""

    waiting: Waiting | None = None
    current: Waiting | None = None
    under_way: bool = False
    entry: LedgerEntry | None = None

    @property
    def newest(self) -> Version | None:
        """The newest known version; only with it a command is compared."""
        for known in (self.waiting, self.current):
            if known is not None:
                return known.version
        return self.entry.seen if self.entry else None

    @property
    def is_quiet(self) -> bool:
        """Nothing waits and nothing is under way."""
        return self.waiting is None and self.current is None and not self.under_way

    @property
    def never_sent(self) -> bool:
        """The remote certainly holds nothing of it."""
        touched = self.current is not None and self.current.touched
        return not (self.under_way or touched or (self.entry and was_sent(self.entry)))


def was_sent(entry: LedgerEntry) -> bool:
    """Whether the remote may hold something of it."""
    return entry.sent_sequence is not None or entry.review is not None or bool(entry.parts)


def receive(command: Command, standing: OriginState, nothing_to_change: Callable[[], bool]) -> Reception:
    """What becomes of ``command``.

    ``nothing_to_change`` says whether every part of it already has its hash in the ledger; it is
    asked only while nothing is under way, so that ``unchanged`` is never said too early. A look at the record
    never waits for a person: it would stand in the way of the decision, which looks itself.
    """
    if command.operation in (Operation.ADOPT, Operation.RESUBMIT):
        return _decision(command, standing)
    if command.operation is Operation.VERIFY:
        waits = standing.is_quiet and standing.entry is not None and not _in_review(standing)
        return Reception.WAITS if waits else Reception.SUPERSEDED
    if standing.newest is not None and command.version < standing.newest:
        return Reception.SUPERSEDED
    if command.operation is Operation.WITHDRAW and standing.never_sent:
        return Reception.WITHDRAWN
    if standing.is_quiet and not _in_review(standing) and nothing_to_change():
        return Reception.UNCHANGED
    return Reception.WAITS


def _in_review(standing: OriginState) -> bool:
    return standing.entry is not None and standing.entry.review is not None


def _decision(command: Command, standing: OriginState) -> Reception:
    """A person's decision counts only while there is something to decide."""
    if not (_in_review(standing) or _is_open(command.letter_id, standing)) or standing.current is not None:
        return Reception.SUPERSEDED
    return Reception.TAKES_OVER


def _is_open(letter_id: str | None, standing: OriginState) -> bool:
    """Whether the letter that is answered is not settled; its question need not be about anything sent."""
    return letter_id is not None and standing.entry is not None and letter_id in standing.entry.letters


__all__ = ["OriginState", "Reception", "receive", "was_sent"]
