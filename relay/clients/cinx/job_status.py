"""The status of jobs, on whichever of the two addresses this server answers.

Source: CINX API docs, "Jobs": the text gives version 1.0 without the company, the sample of its
error was asked with it.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Final
from urllib.parse import quote

import structlog

from relay.clients.cinx.jobs import Job, JobState, read_job
from relay.clients.cinx.session import TOKEN_PLACE, Session
from relay.clients.http import log_events
from relay.clients.http.messages import Request, Response, get
from relay.clients.http.terms import CallTerms
from relay.domain.failures import CallFailure, TenantBlocked

_log = structlog.get_logger(__name__)

_PATHS: Final = {
    "plain": "/1.0/partner/exec/{job}/status",
    "company": f"/1.0/sub/{TOKEN_PLACE}/partner/exec/{{job}}/status",
}
_WHOLLY_REFUSED: Final = frozenset({401, 429, 502, 503, 504})
_NO_SUCH_CALL: Final = frozenset({400, 403, 404, 405, 410})


class JobStatus:
    """Reads jobs, first at the address that has shown one before. Thread-safe."""

    def __init__(self, session: Session, tenant: str) -> None:
        self._session = session
        self._tenant = tenant
        self._lock = threading.Lock()
        self._path: str | None = None

    def read(self, job_id: str, terms: CallTerms) -> Job:
        """The state of a job. Raises as any reading call does; ``UNKNOWN`` is an answer, not a failure.

        Until one address is known to work, "no such job" from one is believed only when the other
        does not know better.
        """
        path = self._path
        if path is not None:
            answer = self._read_at(path, job_id, terms)
            if isinstance(answer, Job):
                return answer
            self._forget(path)
            terms = CallTerms(lane=terms.lane, pause=terms.pause)
        return self._read_at_both(job_id, terms)

    def _read_at_both(self, job_id: str, terms: CallTerms) -> Job:
        answers = []
        for name in _PATHS:
            answer = self._read_at(name, job_id, terms)
            if isinstance(answer, Job) and answer.state is not JobState.UNKNOWN:
                self._keep(name)
                return answer
            answers.append(answer)
            terms = CallTerms(lane=terms.lane, pause=terms.pause)
        unknown = next((answer for answer in answers if isinstance(answer, Job)), None)
        if unknown is not None:
            return unknown
        failures = [answer for answer in answers if isinstance(answer, CallFailure)]
        raise next((failure for failure in failures if isinstance(failure, TenantBlocked)), failures[0])

    def _read_at(self, name: str, job_id: str, terms: CallTerms) -> Job | CallFailure:
        """The job, or the failure that may mean that this address does not exist here.

        An address that is none may ask for another login, or lead to a page for people, too.
        """
        try:
            return self._answer(name, job_id, terms)
        except TenantBlocked as blocked:
            return blocked

    def _answer(self, name: str, job_id: str, terms: CallTerms) -> Job | CallFailure:
        call = get(_PATHS[name].replace("{job}", quote(job_id, safe="")), "job_status")
        answer = self._session.exchange(call, terms)
        envelope = self._session.opened(call, answer)
        if envelope is None:
            return self._without_envelope(call, answer)
        code = answer.status if 200 <= envelope.code < 300 else envelope.code
        if not envelope.rows and not 200 <= code < 300:
            failure = self._session.failure(call, answer, envelope)
            if failure is not None and code in _WHOLLY_REFUSED:
                raise failure
            if failure is not None and code in _NO_SUCH_CALL and "job" not in envelope.message.lower():
                return failure
        job = read_job(envelope)
        return replace(job, message=self._session.remote.failures.cleaned(job.message))

    def _without_envelope(self, call: Request, answer: Response) -> CallFailure:
        failures = self._session.remote.failures
        failure = failures.of_status(answer, call)
        if failure is None or answer.status not in _NO_SUCH_CALL:
            raise failure or failures.unknown(answer, call, "the answer is not readable as CINX's envelope")
        return failure

    def _keep(self, name: str) -> None:
        with self._lock:
            fresh, self._path = self._path != name, name
        if fresh:
            _log.info(log_events.JOB_PATH_FOUND, tenant=self._tenant, path=name)

    def _forget(self, name: str) -> None:
        with self._lock:
            if self._path == name:
                self._path = None
