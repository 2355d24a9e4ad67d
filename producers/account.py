"""One account of a poller: when it is due, what is under way, and what holds it."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from producers.poll_state import AccountState
from producers.source import PollResult, Source
from relay.domain.failures import CallFailure, Fatal, TenantBlocked, Throttled
from relay.domain.ledger import Hold, HoldKind
from relay.domain.mapping import in_milliseconds
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics

WORTH_TELLING = 60.0
"""Seconds without a poll before a failure that may pass by itself is worth a record."""


def hold_record(key: str, error: Exception, known: Hold | None, since: datetime, until: datetime) -> Hold:
    """The hold of the account ``key``; ``known`` itself where it says so already."""
    kind, sentence = _kind(error), _sentence(error)
    if known is not None and kind is not HoldKind.THROTTLED and (known.kind, known.sentence) == (kind, sentence):
        return known
    return Hold(
        scope=f"{key}/polling",
        kind=kind,
        reason=kind.value,
        sentence=sentence,
        since=in_milliseconds(since),
        until=in_milliseconds(until),
        probe=kind is not HoldKind.THROTTLED,
    )


def _kind(error: Exception) -> HoldKind:
    if isinstance(error, TenantBlocked):
        return HoldKind.TENANT_BLOCKED
    return HoldKind.THROTTLED if isinstance(error, Throttled) else HoldKind.UNAVAILABLE


def _sentence(error: Exception) -> str:
    if isinstance(error, CallFailure):
        return error.message
    return f"the relay itself failed over it ({type(error).__name__}); the log holds the details"


_log = structlog.get_logger(__name__)
_SHORTEST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_FIRST_PROBE = 15.0
_LONGEST_PROBE = 900.0


class AccountSettings(Protocol):
    """What the configuration says of any account. Seconds."""

    @property
    def poll_interval(self) -> float: ...
    @property
    def sweep_interval(self) -> float: ...


@dataclass(slots=True, kw_only=True)
class AccountPoll:
    """Belongs to the stage's thread; only the job itself runs on one of the pool.

    ``due_at`` is on :func:`relay.clients.http.clock.running_seconds`. ``blocked``: the credentials are
    refused, so that only probes go out. ``done``: it was polled since this process owns it.
    ``hold``: what is to be known outside of why it is not polled.
    """

    settings: AccountSettings
    source: Source
    memory: AccountState
    metrics: Metrics
    due_at: float = 0.0
    pause: float = 0.0
    blocked: bool = False
    done: bool = False
    hold: Hold | None = None
    failing_since: datetime | None = None
    job: Future[PollResult | None] | None = field(default=None)
    started_at: float = 0.0

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way and nothing but the next interval, or a person, is waited for."""
        return self.job is None and (self.done or self.blocked)

    def start(self, pool: Executor, running: float, now: datetime) -> bool:
        """Begins a poll, or a probe, if it is due. Returns whether it did."""
        if self.job is not None or running < self.due_at:
            return False
        self.started_at = running
        self.job = pool.submit(self._probe) if self.blocked else pool.submit(self._survey, self._sweep_is_due(now))
        return True

    def arrived(self, running: float, now: datetime) -> PollResult | None:
        """A finished poll, to be published and then :meth:`ended`. Failures are dealt with here. Raises ``Fatal``."""
        if self.job is None or not self.job.done():
            return None
        job, self.job = self.job, None
        try:
            survey = job.result()
        except Fatal:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one account meets, the others go on
            self._failed(error, running)
            self._stand_still(error, now)
            return None
        if survey is None:
            self._released()
            self.due_at = running
        return survey

    def ended(self, survey: PollResult, published: int, running: float, now: datetime) -> None:
        """All of the survey is published: the next one is due after the interval."""
        self.done, self.pause = True, 0.0
        self.hold = self.failing_since = None
        self.due_at = running + max(self.settings.poll_interval, self.source.min_interval(survey.requests))
        memory, seconds = self.memory, running - self.started_at
        self.metrics.polls.labels(memory.system, memory.account, "done").inc()
        self.metrics.poll_seconds.labels(memory.system, memory.account).observe(seconds)
        self.metrics.last_poll.labels(memory.system, memory.account).set(now.timestamp())
        self.metrics.tenant_blocked.labels(memory.key).set(0)
        _log.debug(
            events.POLL_DONE,
            system=memory.system,
            account=memory.account,
            sweep=survey.swept,
            published=published,
            requests=survey.requests,
            seconds=round(seconds, 3),
        )

    def again(self, running: float) -> None:
        """What was polled could not be published: poll anew at once."""
        self.due_at = running

    def close(self) -> None:
        """Gives the account up. An answer that still arrives is of no interest."""
        if self.job is not None:
            self.job.cancel()
        self.source.close()

    def _survey(self, sweep: bool) -> PollResult:  # noqa: FBT001 - submitted to a pool
        return self.source.poll(self.memory, sweep=sweep)

    def _probe(self) -> None:
        self.source.probe()

    def _sweep_is_due(self, now: datetime) -> bool:
        swept = self.memory.account_state.swept_at
        return swept is None or now - swept >= timedelta(seconds=self.settings.sweep_interval)

    def _failed(self, error: Exception, running: float) -> None:
        memory = self.memory
        self.metrics.polls.labels(memory.system, memory.account, type(error).__name__).inc()
        if isinstance(error, TenantBlocked):
            self._hold(error)
        else:
            self.pause = min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, self.pause * 2))
            if isinstance(error, Throttled):
                self.pause = max(_SHORTEST_PAUSE, error.wait_seconds)
            self._tell_failure(error)
        self.due_at = running + self.pause

    def _stand_still(self, error: Exception, now: datetime) -> None:
        """A short failure is nothing to tell, nor is what the probes of a blocked account meet besides."""
        since = self.failing_since = self.failing_since or (self.hold.since if self.hold else now)
        until = now + timedelta(seconds=self.pause)
        if self.blocked and self.hold is not None and not isinstance(error, TenantBlocked):
            return
        if self.blocked or (until - since).total_seconds() >= WORTH_TELLING:
            self.hold = hold_record(self.memory.key, error, self.hold, since, until)

    def _tell_failure(self, error: Exception) -> None:
        expected = isinstance(error, CallFailure)
        _log.warning(
            events.POLL_FAILED,
            system=self.memory.system,
            account=self.memory.account,
            failure=type(error).__name__,
            message=str(error),
            pause=self.pause,
            exc_info=None if expected else error,
        )

    def _hold(self, error: TenantBlocked) -> None:
        self.pause = min(_LONGEST_PROBE, max(_FIRST_PROBE, self.pause * 2 if self.blocked else 0.0))
        if not self.blocked:
            self.blocked = True
            self.metrics.tenant_blocked.labels(self.memory.key).set(1)
            _log.error(
                events.ACCOUNT_HELD,
                system=self.memory.system,
                account=self.memory.account,
                message=error.message,
                pause=self.pause,
            )

    def _released(self) -> None:
        self.blocked, self.pause = False, 0.0
        self.metrics.tenant_blocked.labels(self.memory.key).set(0)
        _log.info(events.ACCOUNT_RELEASED, system=self.memory.system, account=self.memory.account)
