"""One account of a poller: when it is due, what is under way, and what holds it."""

from __future__ import annotations

import math
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from producers.poll_state import AccountState
from producers.source import PollResult, Source
from relay.domain.backoff import Backoff
from relay.domain.control import PollRequest
from relay.domain.failures import CallFailure, Fatal, TenantBlocked, Throttled
from relay.domain.ledger import Hold, HoldKind
from relay.domain.mapping import in_milliseconds
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics

REPORTED_AFTER = 60.0
"""Seconds without a poll before a failure that may pass by itself is worth a record."""

_RETRY = Backoff(first=1.0, longest=60.0)
"""After failures that may pass by themselves: a remote that is back is polled again within a minute."""

_PROBE = Backoff(first=15.0, longest=900.0)
"""While credentials are refused: a person has to act, and some systems lock a login that fails too often."""

WISH_HOLDS = timedelta(minutes=10)
"""How old a person's wish may be. It stays on the topic; who takes the account over would meet it again."""

_SHORTEST_PAUSE = 1.0
"""Seconds after a poll, however long it took, or a refusal, be the stated time ever so short."""

_log = structlog.get_logger(__name__)


class AccountSettings(Protocol):
    """What the configuration says of any account. Seconds."""

    @property
    def poll_interval(self) -> float: ...
    @property
    def sweep_interval(self) -> float: ...


@dataclass(slots=True, kw_only=True)
class AccountPoll:
    """The schedule of one account. Belongs to the stage's thread; only the job itself runs on one of the pool.

    ``due_at`` and ``started_at`` are on :func:`relay.clients.http.clock.running_seconds`, ``pause`` is in seconds.
    ``gap``: seconds from the beginning of the poll that was completed last to the next one.
    ``asked`` is the last wish of a person that was taken up; ``hastened``: the poll that meets it is still to begin.
    ``blocked``: the credentials are refused, so that only probes go out. ``done``: the account was polled since this
    process owns it. ``hold``: why it is not polled, for ``cor status``; ``None`` while it is, or was not for a moment
    only. ``failures`` and ``refusals`` count those in a row that may pass, and those of the credentials.
    """

    settings: AccountSettings
    source: Source
    state: AccountState
    metrics: Metrics
    due_at: float = 0.0
    pause: float = 0.0
    gap: float = 0.0
    blocked: bool = False
    done: bool = False
    hold: Hold | None = None
    failing_since: datetime | None = None
    failures: int = 0
    refusals: int = 0
    job: Future[PollResult | None] | None = None
    started_at: float = 0.0
    asked: str | None = None
    hastened: bool = False

    def take_over(self, now: datetime) -> None:
        """Tells from when on the account is not polled, and how often it should be, before any poll has succeeded.

        Otherwise a source that is away when the process starts would never be overdue. What this process has told of
        the account before stands: a new session is no poll.
        """
        if self._is_told():
            return
        since = now if self.hold is None else min(self.hold.since, now)
        self._tell_polled(since)

    def forget(self) -> None:
        """Tells nothing of the account any more: nobody is to poll it."""
        for gauge in (self.metrics.last_poll, self.metrics.poll_interval):
            gauge.remove(self.state.system, self.state.account)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way and nothing but the next interval, or a person, is waited for."""
        return self.job is None and (self.done or self.blocked)

    def ask(self, request: PollRequest | None, now: datetime) -> None:
        """Has the account polled now, once for each request; what a remote has refused waits for its time as before.

        A request that is older than ``WISH_HOLDS`` asks for nothing.
        """
        if request is not None and request.request_id != self.asked and now - request.at <= WISH_HOLDS:
            self.asked = request.request_id
            self.source.hasten(request.projects)
            self.hastened = True

    def start(self, pool: Executor, running: float, now: datetime) -> bool:
        """Begins a poll, or a probe, if it is due. Returns whether it did."""
        is_due = running >= self.due_at or (self.hastened and not self.pause)
        if self.job is not None or not is_due:
            return False
        self.hastened = False
        self.started_at = running
        self.job = pool.submit(self._probe) if self.blocked else pool.submit(self._poll, self._sweep_is_due(now))
        return True

    def completed(self, running: float, now: datetime) -> PollResult | None:
        """The result of a poll that has ended, to be published before :meth:`finish` is called.

        ``None`` where none has ended, or it has failed: then the next attempt is scheduled. Raises ``Fatal``.
        """
        if self.job is None or not self.job.done():
            return None
        job, self.job = self.job, None
        error = job.exception()
        if error is not None:
            self._schedule_after(error, running, now)
            return None
        result = job.result()
        if result is None:
            self._release()
            self.due_at = running
        else:
            self.gap = self.source.pause(self.settings.poll_interval, result.requests)
        return result

    @property
    def planned_interval(self) -> int:
        """Whole seconds between two looks at the same change orders, as they are planned now."""
        return math.ceil(self.source.planned_interval(self.settings.poll_interval))

    def finish(self, result: PollResult, published: int, running: float, now: datetime) -> None:
        """Schedules the next poll: all of ``result`` is published."""
        self.done = True
        self.hold = None
        self.failing_since = None
        self.failures = 0
        self.pause = 0.0
        self.due_at = max(self.started_at + self.gap, running + _SHORTEST_PAUSE)
        state, seconds = self.state, running - self.started_at
        self.metrics.polls.labels(state.system, state.account, "done").inc()
        self.metrics.poll_seconds.labels(state.system, state.account).observe(seconds)
        self._tell_polled(now)
        self.metrics.tenant_blocked.labels(state.key).set(0)
        _log.debug(
            events.POLL_DONE,
            system=state.system,
            account=state.account,
            sweep=result.swept,
            published=published,
            requests=result.requests,
            seconds=round(seconds, 3),
        )

    def close(self) -> None:
        """Gives the account up. An answer that still arrives is dropped."""
        if self.job is not None:
            self.job.cancel()
        self.source.close()

    def _tell_polled(self, at: datetime) -> None:
        labels = (self.state.system, self.state.account)
        self.metrics.last_poll.labels(*labels).set(at.timestamp())
        self.metrics.poll_interval.labels(*labels).set(self.source.planned_interval(self.settings.poll_interval))

    def _is_told(self) -> bool:
        labels = {"system": self.state.system, "account": self.state.account}
        told = (sample.labels for metric in self.metrics.last_poll.collect() for sample in metric.samples)
        return labels in told

    def _poll(self, sweep: bool) -> PollResult:  # noqa: FBT001 - submitted to a pool
        return self.source.poll(self.state, sweep=sweep)

    def _probe(self) -> None:
        self.source.probe()

    def _sweep_is_due(self, now: datetime) -> bool:
        swept_at = self.state.account_state.swept_at
        return swept_at is None or now - swept_at >= timedelta(seconds=self.settings.sweep_interval)

    # -- failures

    def _schedule_after(self, error: BaseException, running: float, now: datetime) -> None:
        """Whatever one account meets, the others go on, but for what no attempt can mend."""
        if isinstance(error, Fatal) or not isinstance(error, Exception):
            raise error
        self.metrics.polls.labels(self.state.system, self.state.account, type(error).__name__).inc()
        self.pause = self._pause_after(error)
        self.due_at = running + self.pause
        if isinstance(error, TenantBlocked):
            self._block(error)
        else:
            self._log_failure(error)
        self._note_hold(error, now)

    def _pause_after(self, error: Exception) -> float:
        """A stated time is what is waited: it neither follows from earlier failures nor adds to them."""
        if isinstance(error, Throttled):
            return max(_SHORTEST_PAUSE, error.wait_seconds)
        if isinstance(error, TenantBlocked):
            self.refusals += 1
            return _PROBE.seconds(self.refusals - 1)
        self.failures += 1
        return _RETRY.seconds(self.failures - 1)

    def _note_hold(self, error: Exception, now: datetime) -> None:
        """Only what lasts is noted, and of a blocked account nothing that its probes meet besides."""
        if self.failing_since is None:
            self.failing_since = self.hold.since if self.hold is not None else now
        until = now + timedelta(seconds=self.pause)
        if self.blocked and self.hold is not None and not isinstance(error, TenantBlocked):
            return
        if self.blocked or (until - self.failing_since).total_seconds() >= REPORTED_AFTER:
            self.hold = _hold_of(self.state.key, error, self.hold, self.failing_since, until)

    def _log_failure(self, error: Exception) -> None:
        expected = isinstance(error, CallFailure)
        _log.warning(
            events.POLL_FAILED,
            system=self.state.system,
            account=self.state.account,
            failure=type(error).__name__,
            message=str(error),
            pause=self.pause,
            exc_info=None if expected else error,
        )

    def _block(self, error: TenantBlocked) -> None:
        if self.blocked:
            return
        self.blocked = True
        self.metrics.tenant_blocked.labels(self.state.key).set(1)
        _log.error(
            events.ACCOUNT_HELD,
            system=self.state.system,
            account=self.state.account,
            message=error.message,
            pause=self.pause,
        )

    def _release(self) -> None:
        self.blocked = False
        self.failures = 0
        self.refusals = 0
        self.pause = 0.0
        self.metrics.tenant_blocked.labels(self.state.key).set(0)
        _log.info(events.ACCOUNT_RELEASED, system=self.state.system, account=self.state.account)


def _hold_of(key: str, error: Exception, before: Hold | None, since: datetime, until: datetime) -> Hold:
    """The hold of the account ``key``; ``before`` itself where it says so already."""
    kind, sentence = _kind_of(error), _sentence_of(error)
    if before is not None and kind is not HoldKind.THROTTLED and (before.kind, before.sentence) == (kind, sentence):
        return before
    return Hold(
        scope=f"{key}/polling",
        kind=kind,
        reason=kind.value,
        sentence=sentence,
        since=in_milliseconds(since),
        until=in_milliseconds(until),
        probe=kind is not HoldKind.THROTTLED,
    )


def _kind_of(error: Exception) -> HoldKind:
    if isinstance(error, TenantBlocked):
        return HoldKind.TENANT_BLOCKED
    return HoldKind.THROTTLED if isinstance(error, Throttled) else HoldKind.UNAVAILABLE


def _sentence_of(error: Exception) -> str:
    if isinstance(error, CallFailure):
        return error.message
    return f"the relay itself failed over it ({type(error).__name__}); the log holds the details"
