"""What the writers show in the metrics: what waits, what is held, what is in doubt, what has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from relay.domain.ledger import HoldKind
from relay.domain.letters import DeadLetter
from relay.engine.telemetry.metrics import Metrics
from relay.engine.writer.adapter import C
from relay.engine.writer.state.holds import tenant_of
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.unit_of_work import UnitOfWork


class WriterMetrics:
    """Sets the writer's metrics. Belongs to the stage's thread."""

    def __init__(self, metrics: Metrics, stage: str) -> None:
        self._metrics = metrics
        self._stage = stage

    def committed(self, work: UnitOfWork) -> None:
        """Counts the outcomes and letters of a transaction that stands."""
        self._metrics.transactions.labels(self._stage, "committed").inc()
        for outcome, _ in work.outcomes:
            self._metrics.outcomes.labels(self._stage, outcome.kind.value).inc()
            if outcome.kind.is_terminal and outcome.mapped_at is not None and outcome.system is not None:
                seconds = (outcome.at - outcome.mapped_at).total_seconds()
                self._metrics.settled_after.labels(outcome.system).observe(max(0.0, seconds))
        for letter in work.letters:
            if isinstance(letter, DeadLetter):
                self._metrics.letters.labels(self._stage, letter.reason).inc()

    def restored(self, seconds: float) -> None:
        """Notes how long a partition took until it was at work."""
        self._metrics.restore_seconds.labels(self._stage).observe(seconds)

    def passed_over(self, topic: str) -> None:
        """Counts a record whose key is none of ours."""
        self._metrics.records_foreign.labels(self._stage, topic).inc()

    def failed(self) -> None:
        """Counts a commit that is not certain."""
        self._metrics.transactions.labels(self._stage, "failed").inc()

    def look(self, partitions: Iterable[PartitionState[C]], now: datetime) -> None:
        """Sets the gauges to what waits, is held and is in doubt in ``partitions``."""
        for gauge in (self._metrics.inbox, self._metrics.inbox_oldest, self._metrics.held, self._metrics.in_doubt):
            gauge.clear()
        for state in partitions:
            self._waiting(state, now)
            self._held(state)

    def _waiting(self, state: PartitionState[C], now: datetime) -> None:
        counts, oldest, doubts = Counter[tuple[str, str]](), dict[tuple[str, str], datetime](), Counter[str]()
        for queued in state.queued.values():
            lane = (queued.tenant, queued.lane.value)
            counts[lane] += 1
            oldest[lane] = min(oldest.get(lane, now), queued.received_at)
            doubts[queued.tenant] += queued.in_doubt
        for lane, count in counts.items():
            self._metrics.inbox.labels(self._stage, *lane).set(count)
            self._metrics.inbox_oldest.labels(self._stage, *lane).set((now - oldest[lane]).total_seconds())
        for tenant, count in doubts.items():
            self._metrics.in_doubt.labels(self._stage, tenant).set(count)

    def _held(self, state: PartitionState[C]) -> None:
        blocked = {tenant_of(hold.scope) for hold in state.holds.all() if hold.kind is HoldKind.TENANT_BLOCKED}
        for tenant in map(str, state.tenants()):
            self._metrics.tenant_blocked.labels(tenant).set(tenant in blocked)
        for (name, reason), count in _reasons(state).items():
            self._metrics.held.labels(self._stage, name, reason).set(count)


def _reasons(state: PartitionState[C]) -> Counter[tuple[str, str]]:
    """Counts why change orders wait, by tenant and reason: for themselves, or with all of their tenant."""
    reasons = Counter[tuple[str, str]]()
    for origin_id, delay in state.scheduler.delayed():
        if origin_id in state.queued:
            reasons[(state.queued[origin_id].tenant, delay.reason)] += 1
    for _, key in state.scheduler.scheduled():
        hold = state.holds.on(key.tenant)
        if hold is not None:
            reasons[(key.tenant, hold.reason)] += 1
    return reasons
