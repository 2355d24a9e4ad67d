"""What a poller publishes, as Kafka records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import structlog

from producers.changes.events import Observation
from producers.publish.remote_status import outcome_of
from relay.domain.change_order import ChangeOrder, Item
from relay.domain.events import Change, ChangeOrderObserved, EventReference
from relay.domain.records import PollState
from relay.domain.sources import native_json
from relay.engine.kafka import Headers, Outgoing, Partition
from relay.engine.outcome_records import outcome_record
from relay.engine.record_codec import encoded
from relay.engine.sizes import TopicLimits
from relay.engine.telemetry import events
from relay.engine.telemetry.tracing import trace_headers, trace_of
from relay.engine.topics import CURRENT, LARGEST_VALUE, OBSERVED, OUTCOMES, POLL_STATE
from schemas.codec import Codec
from schemas.failures import Unwritable

T = TypeVar("T", ChangeOrder, Item)

_TEXT_LENGTHS = (16 * 1024, 1024, 100)
"""Characters that are left of each text, tried in this order until the event fits."""

_MOST_DEFECTS = 100
"""Defects that a cut event keeps: they quote values, and however many there are, the first few tell enough."""

_log = structlog.get_logger(__name__)


class TooLarge(Exception):
    """Even the shortest form of the change order does not fit."""


def fitted(
    event: ChangeOrderObserved, encode: Callable[[ChangeOrderObserved], bytes], largest: int
) -> tuple[ChangeOrderObserved, bytes]:
    """The event and its bytes, at most ``largest``.

    First the source's own JSON is replaced by its size and hash, then texts are cut. Raises
    :class:`TooLarge`.
    """
    value = encode(event)
    if len(value) <= largest:
        return event, value
    if event.raw is not None:
        event = replace(event, raw=None, raw_omitted=native_json.omitted(event.raw))
        value = encode(event)
    for length in _TEXT_LENGTHS:
        if len(value) <= largest:
            return event, value
        event = _cut(event, length)
        value = encode(event)
    if len(value) > largest:
        raise TooLarge(f"{event.key} takes {len(value)} bytes with all its texts cut; a topic takes {largest}")
    return event, value


def _cut(event: ChangeOrderObserved, length: int) -> ChangeOrderObserved:
    note = f"texts longer than {length} characters were cut, since the event would not have fitted"
    change_order = _shorter(event.change_order, length)
    items = tuple(_shorter(item, length) for item in event.change_order.items)
    defects = (*(defect[:length] for defect in event.defects[:_MOST_DEFECTS]), note)
    return replace(event, change_order=replace(change_order, items=items), defects=defects)


def _shorter(record: T, length: int) -> T:
    texts = {field.name: getattr(record, field.name) for field in fields(record)}
    long: dict[str, Any] = {
        name: text[:length] for name, text in texts.items() if isinstance(text, str) and len(text) > length
    }
    return replace(record, **long)


@dataclass(frozen=True, slots=True)
class EncodedObservation:
    """An observation, the record of its event if it has one, and what then is the newest of its change order."""

    observation: Observation
    record: Outgoing | None = None
    current: Outgoing | None = None

    @property
    def size(self) -> int:
        """Bytes of both records; 0 without any."""
        return sum(record.size for record in (self.record, self.current) if record is not None)


@dataclass(frozen=True, slots=True)
class EventRecords:
    """An event as it goes out: to those who follow every change, and to those who want the newest of each."""

    observed: Outgoing
    current: Outgoing


class PollerRecords:
    """Makes Kafka records. ``number`` is the partition of the poll state; the others go by their key.

    ``largest``: bytes of an event; ``limits``: of every topic that it writes to.
    """

    def __init__(
        self,
        codec: Codec,
        prefix: str,
        stage: str,
        number: int,
        largest: int = LARGEST_VALUE,
        limits: TopicLimits | None = None,
    ) -> None:
        self._codec = codec
        self._stage = stage
        self._number = number
        self._largest = largest
        self._limits = limits or TopicLimits.declared(prefix)
        self._observed = OBSERVED.name(prefix)
        self._current = CURRENT.name(prefix)
        self._outcomes = OUTCOMES.name(prefix)
        self._states = POLL_STATE.name(prefix)

    def encoded(self, observation: Observation) -> EncodedObservation | None:
        """The observation with the record of its event, if it has one; ``None`` where the event cannot be written.

        What follows once it is known where the event stands is tried here: in the transaction it would be too late.
        Raises ``Unwritable``.
        """
        self._limits.check(self.state(observation.state))
        if observation.event is None:
            self.outcome(observation, None, None)
            return EncodedObservation(observation)
        records = self.event(observation.event)
        if records is None:
            return None
        self.outcome(observation, records.observed, (Partition(self._observed, 0), 0))
        return EncodedObservation(observation, records.observed, records.current)

    def event(self, event: ChangeOrderObserved) -> EventRecords | None:
        """The records of an event; ``None`` for one that cannot be written at all, which is logged."""
        try:
            event, value = fitted(event, lambda smaller: encoded(self._codec, smaller, self._observed), self._largest)
            with trace_of(()):
                observed = Outgoing(self._observed, event.key.encode(), value, None, trace_headers())
            self._limits.check(observed)
            current = self.current(event, observed.headers)
        except (TooLarge, Unwritable) as error:
            _log.error(
                events.CHANGE_ORDER_POSTPONED,
                system=event.system,
                account=event.account,
                change_order_id=event.change_order_id,
                why=str(error),
            )
            return None
        return EventRecords(observed, current)

    def current(self, event: ChangeOrderObserved, headers: Headers) -> Outgoing:
        """The event as the newest of its change order, in the trace that ``headers`` say; a tombstone once it is
        deleted.

        Raises ``Unwritable``.
        """
        gone = event.change is Change.DELETED
        value = None if gone else encoded(self._codec, event, self._current)
        record = Outgoing(self._current, event.key.encode(), value, None, headers)
        self._limits.check(record)
        return record

    def outcome(
        self, observation: Observation, event: Outgoing | None, place: tuple[Partition, int] | None
    ) -> Outgoing | None:
        """The outcome of a status change, in the trace of its event, which stands at ``place`` if there is one.

        ``None`` where no status has changed, or the record's mark names no change order.
        """
        change, at = observation.status_change, observation.at
        if change is None or at is None:
            return None
        outcome = outcome_of(self._stage, observation.state, change, at, _reference(observation, place))
        if outcome is None:
            return None
        headers = event.headers if event is not None else ()
        return outcome_record(self._codec, outcome, self._outcomes, self._limits, headers)

    def state(self, state: PollState) -> Outgoing:
        """The record of a poll state, of a change order or of an account."""
        key = f"{state.system}:{state.account}"
        if state.change_order_id is not None:
            key += f":{state.change_order_id}"
        return Outgoing(self._states, key.encode(), self._codec.encode(state, self._states), self._number)


def _reference(observation: Observation, place: tuple[Partition, int] | None) -> EventReference | None:
    if observation.event is None or place is None:
        return None
    partition, offset = place
    return EventReference(
        topic=partition.topic, partition=partition.number, offset=offset, event_id=observation.event.event_id
    )
