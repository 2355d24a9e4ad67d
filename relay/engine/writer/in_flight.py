"""Calls and probes under way, on the threads of a pool, and what comes back from them."""

from __future__ import annotations

import queue
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic

import structlog

from relay.clients.http.clock import running_seconds
from relay.domain.failures import Ambiguous, CallFailure
from relay.engine.telemetry import events
from relay.engine.writer.adapter import Batch, C, Result, TargetAdapter, Task
from relay.engine.writer.state.call_history import CallKey
from relay.engine.writer.state.scheduler import BatchKey

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CallAnswered(Generic[C]):
    """A call that was answered, with a result per origin id. ``seconds``: until its answer."""

    batch: Batch[C]
    key: BatchKey
    results: Mapping[str, Result]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CallFailed(Generic[C]):
    """A call that failed as a whole."""

    batch: Batch[C]
    key: BatchKey
    failure: CallFailure


@dataclass(frozen=True, slots=True)
class ProbeCompleted(Generic[C]):
    """A probe that came back; ``failure`` ``None``: the way is free.

    ``about``: the failed call that it followed; ``None``: a hold's own probe. ``of_destination``: the destination
    was probed and not the tenant.
    """

    scope: str
    failure: CallFailure | None
    about: CallFailed[C] | None = None
    of_destination: bool = False


class InFlightCalls(Generic[C]):
    """Counts and starts calls. Belongs to the stage's thread, but for the queue of what has come back.

    ``on_completed`` is called by the pool's threads when something has come back.
    """

    def __init__(self, pool: Executor, on_completed: Callable[[], None] = lambda: None) -> None:
        self._pool = pool
        self._on_completed = on_completed
        self._completed: queue.SimpleQueue[CallAnswered[C] | CallFailed[C] | ProbeCompleted[C]] = queue.SimpleQueue()
        self._calls: set[CallKey] = set()
        self._per_tenant = Counter[str]()
        self._probed_scopes: set[str] = set()
        self._follow_ups = 0

    def __len__(self) -> int:
        return len(self._calls) + len(self._probed_scopes) + self._follow_ups

    def next_completed(self) -> CallAnswered[C] | CallFailed[C] | ProbeCompleted[C] | None:
        """Takes the next call or probe that has come back; ``None``: none has."""
        try:
            completed = self._completed.get_nowait()
        except queue.Empty:
            return None
        if not isinstance(completed, ProbeCompleted):
            self.give_up(completed.key)
        elif completed.about is None:
            self._probed_scopes.discard(completed.scope)
        else:
            self._follow_ups -= 1
        return completed

    # -- room: one call of a kind at a time, and so many for a tenant

    def has_room(self, key: BatchKey, most: int) -> bool:
        """Whether the call may be made beside those under way, of which a tenant has at most ``most``."""
        return self._per_tenant[key.tenant] < most and key.call not in self._calls

    def reserve(self, key: BatchKey) -> None:
        """Counts a call that is about to be made."""
        self._per_tenant[key.tenant] += 1
        self._calls.add(key.call)

    def give_up(self, key: BatchKey) -> None:
        """Counts a reserved call no longer."""
        self._per_tenant[key.tenant] -= 1
        self._calls.discard(key.call)

    # -- on the pool

    def execute(self, adapter: TargetAdapter[C], batch: Batch[C], key: BatchKey) -> None:
        """Makes a reserved call."""
        self._pool.submit(self._execute, adapter, batch, key)

    def probe_after(self, adapter: TargetAdapter[C], failed: CallFailed[C]) -> None:
        """Probes the tenant of a failed call."""
        account = failed.batch.tasks[0].command.account
        self._follow_up(ProbeCompleted(failed.batch.tenant, None, failed), lambda: adapter.probe_tenant(account))

    def probe_destination_after(
        self, adapter: TargetAdapter[C], failed: CallFailed[C], scope: str, task: Task[C]
    ) -> None:
        """Probes the destination of a failed call; ``scope`` is that of its hold."""
        probe = ProbeCompleted(scope, None, failed, of_destination=True)
        self._follow_up(probe, lambda: adapter.probe_destination(task))

    def probe_account(self, adapter: TargetAdapter[C], scope: str, account: str) -> None:
        """Probes an account for the hold of ``scope``, unless such a probe is under way."""
        if scope not in self._probed_scopes:
            self._probed_scopes.add(scope)
            probe: ProbeCompleted[C] = ProbeCompleted(scope, None)
            self._pool.submit(self._probe, probe, lambda: adapter.probe_tenant(account))

    def _follow_up(self, probe: ProbeCompleted[C], call: Callable[[], None]) -> None:
        self._follow_ups += 1
        self._pool.submit(self._probe, probe, call)

    def _execute(self, adapter: TargetAdapter[C], batch: Batch[C], key: BatchKey) -> None:
        completed: CallAnswered[C] | CallFailed[C]
        try:
            began = running_seconds()
            results = adapter.execute(batch)
            completed = CallAnswered(batch, key, results, running_seconds() - began)
        except CallFailure as failure:
            completed = CallFailed(batch, key, failure)
        except Exception as error:  # noqa: BLE001 - a defect of ours after the call may have gone out: nobody knows
            _log.exception(events.CARRIER_DEFECT, step=batch.step, tenant=batch.tenant)
            lost = Ambiguous(f"{batch.step} ended in a defect of the relay ({type(error).__name__})")
            completed = CallFailed(batch, key, lost)
        self._complete(completed)

    def _probe(self, probe: ProbeCompleted[C], call: Callable[[], None]) -> None:
        self._complete(ProbeCompleted(probe.scope, _failure_of(call), probe.about, probe.of_destination))

    def _complete(self, completed: CallAnswered[C] | CallFailed[C] | ProbeCompleted[C]) -> None:
        self._completed.put(completed)
        self._on_completed()


def _failure_of(probe: Callable[[], None]) -> CallFailure | None:
    try:
        probe()
    except CallFailure as failure:
        return failure
    except Exception as error:  # noqa: BLE001 - a probe that breaks has not shown that the way is free
        _log.exception(events.CARRIER_DEFECT, step="probe", tenant="")
        return Ambiguous(f"the probe ended in a defect of the relay ({type(error).__name__})")
    return None
