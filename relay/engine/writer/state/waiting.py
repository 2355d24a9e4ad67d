"""What waits for an origin id: replaced by a newer command, or taken into work."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import Command, Operation
from relay.domain.ledger import LedgerEntry, Waiting
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork

_SUPERSEDED = "A newer version of this change order is known; this one is not carried."
_LOOK_NOT_TAKEN = "No look is taken at the record: what waits or is under way for the change order tells what it says."


def replace_waiting(state: PartitionState, work: UnitOfWork, waiting: Waiting) -> None:
    """``waiting`` is the next one; what waited before is superseded."""
    replaced = work.waiting(waiting.origin_id)
    if replaced is not None:
        _supersede(state, work, replaced)
    work.put_waiting(waiting.origin_id, waiting)


def _supersede(state: PartitionState, work: UnitOfWork, waiting: Waiting) -> None:
    _tell_superseded(state, work, state.command(waiting.command))


def _tell_superseded(state: PartitionState, work: UnitOfWork, command: Command) -> None:
    sentence = _LOOK_NOT_TAKEN if command.operation is Operation.VERIFY else _SUPERSEDED
    state.add_outcome(work, command, OutcomeDetails(kind=OutcomeKind.SUPERSEDED, sentence=sentence))


def promote(state: PartitionState, work: UnitOfWork, origin_id: str) -> None:
    """Newest wins: between two calls the newer command takes the place of the current one.

    A person's ``adopt`` goes first: until it has ended, what waits may not be written at all.
    """
    waiting, current = work.waiting(origin_id), work.current(origin_id)
    if waiting is None or (current is not None and state.command(current.command).operation is Operation.ADOPT):
        return
    if current is not None:
        _supersede(state, work, current)
        waiting = replace(waiting, touched=current.touched)
    work.put_waiting(origin_id, None)
    work.put_current(origin_id, waiting)


def settled_letters(entry: LedgerEntry, command: Command) -> tuple[str, ...]:
    """The letters that are done with once ``command`` has ended well."""
    listed = dict.fromkeys(entry.letters)
    if command.letter_id:
        listed[command.letter_id] = None
    return tuple(listed)
