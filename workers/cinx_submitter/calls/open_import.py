"""An import whose outcome is open: what CINX says of its job, and how long to wait for what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from relay.clients.cinx import JobState
from relay.clients.http.terms import CallTerms
from relay.domain.failures import Denied, Rejected, Unavailable
from relay.domain.ledger import Intent
from relay.engine.writer.adapter import Pending
from workers.cinx_submitter.calls.context import CallContext

SYNCHRONOUS_IMPORT = "synchronous"
"""In the place of a job's id: CINX imported synchronously, and said that it failed."""
LATE_JOB: Final = 60.0
"""Seconds after which the POCO of a job that still is not finished is searched too.

A minute is long for the import of one document; a search sooner would only add requests to every poll.
"""


@dataclass(frozen=True, slots=True)
class OpenImport:
    """The intent of an import, and the state of its job; ``None`` where no job is known.

    A job that has ended says nothing about what it made, so that its end only begins other times to wait.
    """

    call: CallContext
    intent: Intent
    state: JobState | None
    slot_is_used: bool = False
    """Whether a request has been made on the slot that was taken for the call."""

    @classmethod
    def unasked(cls, call: CallContext) -> OpenImport:
        """The import of the task's intent, without asking for its job."""
        intent = call.task.intent
        if intent is None:
            raise TypeError("no import is open")
        return cls(call, intent, None)

    def read(self) -> OpenImport:
        """Asks CINX for the job of the intent, where it has one.

        A refusal to show the job counts as an unknown job: it says nothing about what was made. A late one of which
        CINX answers nothing readable counts as not finished, so that its POCO is searched and a person asked at last.
        Raises what any other reading call raises.
        """
        job_id = self.intent.job_id
        if job_id is None:
            return self
        if job_id == SYNCHRONOUS_IMPORT:
            return replace(self, state=JobState.FAILED)
        try:
            state = self.call.client.job(job_id, terms=self.next_terms).state
        except (Rejected, Denied):
            state = JobState.UNKNOWN
        except Unavailable as failure:
            if failure.status is None or self.seconds < LATE_JOB:
                raise
            state = JobState.PENDING
        return replace(self, state=state, slot_is_used=True)

    @property
    def next_terms(self) -> CallTerms:
        """The terms of the next request, the first of which uses the slot that was taken for the call."""
        return self.call.further if self.slot_is_used else self.call.first

    @property
    def name(self) -> str:
        """The import in a sentence."""
        return "import" if self.intent.job_id == SYNCHRONOUS_IMPORT else f"import job {self.intent.job_id}"

    @property
    def seconds(self) -> float:
        """Seconds since the import, by its job where there is one."""
        return self.call.seconds_since(self.intent)

    @property
    def has_ended(self) -> bool:
        """Whether CINX says that the job has ended, well or badly."""
        return self.state in (JobState.PROCESSED, JobState.FAILED)

    @property
    def seconds_since_end(self) -> float:
        """Seconds since this process first met the job in this state."""
        return self.call.cache.age_of((self.intent.origin_id, self.intent.intended_at, self.state))

    @property
    def longest(self) -> float:
        """Seconds after which a person is asked what became of the import."""
        timeouts = self.call.timeouts
        return timeouts.job if self.state is JobState.PENDING else timeouts.search

    @property
    def search_after_failure(self) -> float:
        """Seconds for which what a failed import may have left is searched."""
        return self.call.timeouts.failure + self._cut_off

    @property
    def quiet_after_failure(self) -> float:
        """Seconds after the failure until which nothing else is sent for the change order."""
        return self.call.timeouts.quiet_after_failure + self._cut_off

    @property
    def _cut_off(self) -> float:
        """Seconds for which a synchronous import that was cut off on our side may go on at CINX's."""
        return self.call.quarantine if self.intent.job_id == SYNCHRONOUS_IMPORT else 0.0

    def pending(self, sentence: str) -> Pending:
        """Nothing is decided yet; the older the import, the longer until it is followed again."""
        return Pending(seconds=self.call.timeouts.until_next_poll(self.seconds), sentence=sentence)
