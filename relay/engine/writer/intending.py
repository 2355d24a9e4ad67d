"""What is about to be sent is written down before it is sent."""

from __future__ import annotations

from relay.domain.ledger import Intent
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.writer.state.partition_state import Desk
from relay.engine.writer.state.scheduler import Planned
from relay.engine.writer.state.store import Draft
from relay.engine.writer.steps.receive import promote


def intend(desk: Desk, chosen: list[Planned]) -> None:
    """What waits becomes current, each with its intent, in one transaction. Raises ``CommitFailed``."""
    if not chosen:
        return
    draft = desk.books.draft()
    for planned in chosen:
        origin_id = planned.task.command.origin_id
        if draft.current(origin_id) is None:
            promote(desk, draft, origin_id)
        draft.put_intent(origin_id, _intent(desk, planned, draft))
    desk.commit(draft, CrashPoint.WRITER_BEFORE_INTEND_COMMIT, CrashPoint.WRITER_AFTER_INTEND)
    desk.own.update(planned.task.command.origin_id for planned in chosen)


def _intent(desk: Desk, planned: Planned, draft: Draft) -> Intent:
    """Sent again, an intent in doubt keeps its age and its count."""
    command, send = planned.task.command, planned.send
    known = planned.task.intent
    if known is not None and known.step == send.step and known.bytes_hash == send.bytes_hash:
        return known
    return Intent(
        origin_id=command.origin_id,
        command_id=command.command_id,
        step=send.step,
        parts=dict(send.parts),
        bytes_hash=send.bytes_hash,
        intended_at=desk.clock.now(),
        sent=True,
        before=send.before,
        exclusive=send.exclusive,
        doubts=known.doubts if known else 0,
        ambiguous_at=known.ambiguous_at if known else None,
    )
