"""What the writers show in the metrics: what waits, what is held, what is in doubt, what has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from relay.domain.ledger import HoldKind
from relay.engine.telemetry.metrics import Metrics
from relay.engine.writer.state.holds import tenant_of
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork


class WriterMetrics:
    """Sets the writer's metrics. Belongs to the worker's thread."""

    def __init__(self, metrics: Metrics, stage: str) -> None:
        self._metrics = metrics
        self._stage = stage

    def committed(self, work: UnitOfWork) -> None:
        """Outcomes and letters that now stand."""
        self._metrics.transactions.labels(self._stage, "committed").inc()
        for outcome in work.outcomes:
            self._metrics.outcomes.labels(self._stage, outcome.kind.value).inc()
            if outcome.kind.is_terminal and outcome.mapped_at is not None and outcome.system is not None:
                seconds = (outcome.at - outcome.mapped_at).total_seconds()
                self._metrics.settled_after.labels(outcome.system).observe(max(0.0, seconds))
        for letter in work.letters:
            self._metrics.letters.labels(self._stage, letter.reason).inc()

    def restored(self, seconds: float) -> None:
        """A partition is at work."""
        self._metrics.restore_seconds.labels(self._stage).observe(seconds)

    def failed(self) -> None:
        """A commit was not certain."""
        self._metrics.transactions.labels(self._stage, "failed").inc()

    def look(self, partitions: Iterable[PartitionState], now: datetime) -> None:
        """How things stand."""
        for gauge in (self._metrics.inbox, self._metrics.inbox_oldest, self._metrics.held, self._metrics.in_doubt):
            gauge.clear()
        for state in partitions:
            self._waiting(state, now)
            self._held(state)

    def _waiting(self, state: PartitionState, now: datetime) -> None:
        counts, oldest, doubts = Counter[tuple[str, str]](), dict[tuple[str, str], datetime](), Counter[str]()
        for known in state.queued.values():
            lane = (known.tenant, known.lane.value)
            counts[lane] += 1
            oldest[lane] = min(oldest.get(lane, now), known.received_at)
            doubts[known.tenant] += known.in_doubt
        for lane, count in counts.items():
            self._metrics.inbox.labels(self._stage, *lane).set(count)
            self._metrics.inbox_oldest.labels(self._stage, *lane).set((now - oldest[lane]).total_seconds())
        for tenant, count in doubts.items():
            self._metrics.in_doubt.labels(self._stage, tenant).set(count)

    def _held(self, state: PartitionState) -> None:
        system = state.adapter.system
        blocked = {tenant_of(hold.scope) for hold in state.holds.all() if hold.kind is HoldKind.TENANT_BLOCKED}
        for account in state.accounts:
            tenant = f"{system}:{account}"
            self._metrics.tenant_blocked.labels(tenant).set(tenant in blocked)
        for (tenant, reason), count in _reasons(state).items():
            self._metrics.held.labels(self._stage, tenant, reason).set(count)


def _reasons(state: PartitionState) -> Counter[tuple[str, str]]:
    """Why change orders wait: for themselves, or with everything of their tenant or destination."""
    found = Counter[tuple[str, str]]()
    for origin_id, sleep in state.scheduler.delayed():
        if origin_id in state.queued:
            found[(state.queued[origin_id].tenant, sleep.reason)] += 1
    for _, group in state.scheduler.scheduled():
        hold = state.holds.on(group.tenant)
        if hold is not None:
            found[(group.tenant, hold.reason)] += 1
    return found
