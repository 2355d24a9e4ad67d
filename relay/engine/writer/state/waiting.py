"""What waits for an origin id: replaced by a newer command, or taken into work."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import Operation
from relay.domain.ledger import Waiting
from relay.domain.outcomes import OutcomeKind
from relay.engine.writer.adapter import C
from relay.engine.writer.outcomes import OutcomeDetails
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork

_SUPERSEDED = "A newer version of this change order is known; this one is not carried."
_LOOK_NOT_TAKEN = "No look is taken at the record: what waits or is under way for the change order tells what it says."


def supersede(state: PartitionState[C], work: UnitOfWork, *records: Waiting | None) -> None:
    """Adds the outcome ``superseded`` for each received command."""
    for record in records:
        if record is not None:
            is_look = state.command(record.command).operation is Operation.VERIFY
            sentence = _LOOK_NOT_TAKEN if is_look else _SUPERSEDED
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
