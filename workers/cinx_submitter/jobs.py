"""Looks at an import job, and how long to wait for the next look."""

from __future__ import annotations

from relay.clients.cinx import JobState
from relay.domain.ledger import Intent
from relay.engine.writer.carrier import Pending
from workers.cinx_submitter.calling import Calling


def job_state(calling: Calling, intent: Intent) -> JobState | None:
    """What CINX says of the job; ``None`` where no job is known."""
    if intent.job_id is None:
        return None
    return calling.client.job(intent.job_id, terms=calling.first).state


def wait_for(calling: Calling, intent: Intent, words: str) -> Pending:
    """Not yet: looked at again later, the older the later."""
    return Pending(seconds=calling.patience.until_next_look(calling.seconds_since(intent)), sentence=words)
