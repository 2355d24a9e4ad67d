"""What waits for an origin id: replaced by a newer command, or taken into work."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import Command, Operation
from relay.domain.ledger import LedgerEntry, Waiting
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import C
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork

_SUPERSEDED = "A newer version of this change order is known; this one is not carried."
_LOOK_NOT_TAKEN = "No look is taken at the record: what waits or is under way for the change order tells what it says."


def replace_waiting(state: PartitionState[C], work: UnitOfWork, waiting: Waiting) -> None:
    """Makes ``waiting`` the next command; the one that waited before is superseded."""
    replaced = work.order(waiting.origin_id).waiting
    if replaced is not None:
        supersede(state, work, replaced)
    work.put_waiting(waiting.origin_id, waiting)


def supersede(state: PartitionState[C], work: UnitOfWork, record: Waiting) -> None:
    """Adds the outcome ``superseded`` for a received command."""
    looks = state.command(record.command).operation is Operation.VERIFY
    sentence = _LOOK_NOT_TAKEN if looks else _SUPERSEDED
    state.add_outcome(work, record, OutcomeDetails(kind=OutcomeKind.SUPERSEDED, sentence=sentence))


def promote(state: PartitionState[C], work: UnitOfWork, origin_id: str) -> None:
    """Takes what waits into work. Newest wins: between two calls it takes the place of the current command.

    A person's ``adopt`` goes first: until it has ended, what waits may not be written at all.
    """
    order = work.order(origin_id)
    waiting, current = order.waiting, order.current
    if waiting is None or (current is not None and state.command(current.command).operation is Operation.ADOPT):
        return
    if current is not None:
        supersede(state, work, current)
        waiting = replace(waiting, touched=current.touched)
    work.put_waiting(origin_id, None)
    work.put_current(origin_id, waiting)


def settled_letters(entry: LedgerEntry, command: Command) -> tuple[str, ...]:
    """The letters that are done with once ``command`` has ended well: the entry's, and its own."""
    letters = dict.fromkeys(entry.letters)
    if command.letter_id:
        letters[command.letter_id] = None
    return tuple(letters)
