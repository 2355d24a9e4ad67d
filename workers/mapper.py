"""The mapper: from observed change orders to commands, exactly once.

It decides nothing itself: :func:`relay.domain.mapping.map_event` does, with the routes in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import structlog

from relay.domain.events import ChangeOrderObserved
from relay.domain.failures import Fatal
from relay.domain.letters import DEFECT, MAPPER
from relay.domain.mapping import in_milliseconds, map_event, reasons
from relay.domain.routes import Routing
from relay.engine.kafka import WITHHELD, KafkaFailure, Outgoing, Polled, Record
from relay.engine.mapping.decision_records import (
    DecisionRecords,
    EncodedDecision,
    target_topics,
)
from relay.engine.sizes import TOO_LARGE
from relay.engine.source_record import SourceRecord
from relay.engine.stages.circuit_breaker import CircuitBreaker, CircuitOpen
from relay.engine.stages.context import StageContext
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.stages.transform import Transformed, TransformingStage
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics
from relay.engine.telemetry.tracing import trace_headers, trace_of
from relay.engine.topics import OBSERVED
from schemas.codec import Codec
from schemas.failures import UNREADABLE, RegistryFailure, Unreadable, Unwritable
from schemas.framing import frame_of

_log = structlog.get_logger(__name__)

NOT_THE_MAPPING_S_FAULT = frozenset({reasons.ROUTE_MISSING, WITHHELD, TOO_LARGE})
"""Letters that do not count for the circuit breaker.

The configuration does not say yet where the change order goes, or no release could read the record, or carry what it
is called. Neither do those about bytes that do not even begin as ours.
"""


class EventMapping:
    """Maps a batch of records. ``routing`` is asked for each batch, so that a changed file counts at once."""

    def __init__(
        self,
        *,
        codec: Codec,
        records: DecisionRecords,
        routing: Callable[[], Routing],
        metrics: Metrics,
        breaker: CircuitBreaker | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._codec = codec
        self._records = records
        self._routing = routing
        self._metrics = metrics
        self._breaker = breaker or CircuitBreaker(MAPPER)
        self._clock = clock or (lambda: datetime.now(UTC))

    def follow(self, polled: Polled) -> None:
        """Nothing is kept between batches."""

    def transform(self, records: Sequence[Record]) -> Transformed | None:
        """The commands, outcomes and letters of ``records``. Raises :class:`CircuitOpen`."""
        if not records:
            return None
        routing, now = self._routing(), in_milliseconds(self._clock())
        decisions = [self._written(record, routing, now) for record in records]
        self._check_circuit(records, decisions)
        outgoing = list(_without_repetition(decisions))
        return Transformed(outgoing=outgoing, committed=lambda: self._count(decisions))

    def _written(self, record: Record, routing: Routing, now: datetime) -> EncodedDecision:
        original = SourceRecord.of(record)
        if record.withheld:
            return self._records.unreadable(original, WITHHELD, str(record.withheld), now)
        with trace_of(record.headers):
            try:
                event = self._codec.decode(record.value or b"", ChangeOrderObserved)
                decision = map_event(event, routing, now, reference=original.reference(event))
                return self._records.write(decision, event, original, now, trace_headers())
            except Unreadable as error:
                return self._records.unreadable(original, error.reason, error.message, now)
            except Unwritable as error:
                return self._records.unreadable(original, error.reason, error.message, now)
            except (Fatal, KafkaFailure, RegistryFailure, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the neighbours go on
                place = f"{record.topic}[{record.partition}] at offset {record.offset}"
                _log.exception(events.RECORD_DEFECT, stage=MAPPER, subject=place)
                message = f"the relay itself failed over it: {type(error).__name__}: {error}"
                return self._records.unreadable(original, DEFECT, message, now)

    def _check_circuit(self, records: Sequence[Record], decisions: Sequence[EncodedDecision]) -> None:
        try:
            for record, decision in zip(records, decisions, strict=True):
                excused = decision.letter_reason in NOT_THE_MAPPING_S_FAULT or _is_foreign(record, decision)
                self._breaker.note(None if excused else decision.letter_reason)
        except CircuitOpen:
            self._metrics.circuit_open.labels(MAPPER).set(1)
            raise
        self._metrics.circuit_open.labels(MAPPER).set(0)

    def _count(self, decisions: Sequence[EncodedDecision]) -> None:
        for decision in decisions:
            for command in decision.commands:
                self._metrics.commands_published.labels(
                    command.system, command.operation.value, decision.lane.value
                ).inc()
            for kind in decision.outcomes:
                self._metrics.outcomes.labels(MAPPER, kind.value).inc()
            if decision.letter_reason is not None:
                self._metrics.letters.labels(MAPPER, decision.letter_reason).inc()


def _without_repetition(decisions: Sequence[EncodedDecision]) -> Iterator[Outgoing]:
    """Of the letters about one project the last one alone: a first load would write the same a thousand times."""
    unrouted = {at: one for at, one in enumerate(decisions) if one.letter_reason == reasons.ROUTE_MISSING}
    last = {one.outgoing[-1].key: at for at, one in unrouted.items()}
    for at, decision in enumerate(decisions):
        is_repeated = at in unrouted and last[decision.outgoing[-1].key] != at
        yield from decision.outgoing[:-1] if is_repeated else decision.outgoing


def _is_foreign(record: Record, decision: EncodedDecision) -> bool:
    """Whether these bytes do not even begin as a record of ours: they say nothing of routes or of this release."""
    if decision.letter_reason != UNREADABLE:
        return False
    try:
        frame_of(record.value or b"")
    except Unreadable:
        return True
    return False


def mapper(context: StageContext) -> TransformingStage:
    """The stage ``mapper``."""
    records = DecisionRecords(context.codec, context.prefix, target_topics(context.connection, context.prefix))
    mapping = EventMapping(
        codec=context.codec,
        records=records,
        routing=lambda: context.routing_of(MAPPER),
        metrics=context.metrics,
    )
    return TransformingStage(
        context,
        name=MAPPER,
        topics=[OBSERVED.name(context.prefix)],
        transformer=mapping,
        before=CrashPoint.MAPPER_BEFORE_COMMIT,
        after=CrashPoint.MAPPER_AFTER_COMMIT,
        ahead=True,
    )
