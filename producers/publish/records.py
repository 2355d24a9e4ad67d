"""What a poller publishes, as Kafka records."""

from __future__ import annotations

import structlog

from producers.changes.events import Observation
from producers.fitting import TooLarge, fitted
from producers.publish.remote_status import outcome_of
from relay.domain.events import ChangeOrderObserved, EventReference
from relay.domain.records import PollState
from relay.engine.kafka import Outgoing, Partition
from relay.engine.telemetry import events
from relay.engine.telemetry.tracing import trace_headers, trace_of
from relay.engine.topics import EVENT_BYTES, OBSERVED, OUTCOMES, POLL_STATE
from schemas.codec import Codec
from schemas.failures import Unwritable

_log = structlog.get_logger(__name__)

_FRAME = 64 * 1024
"""Kafka's framing, the key and the headers of an event take less than this."""


class PollerRecords:
    """Makes records. ``number`` is the partition of the poll state; the others go by their key."""

    def __init__(self, codec: Codec, prefix: str, stage: str, number: int) -> None:
        self._codec = codec
        self._stage = stage
        self._number = number
        self._observed = OBSERVED.name(prefix)
        self._outcomes = OUTCOMES.name(prefix)
        self._states = POLL_STATE.name(prefix)

    def event(self, event: ChangeOrderObserved) -> Outgoing | None:
        """``None`` for one that cannot be written at all, which is logged."""
        try:
            _, value = fitted(event, lambda one: self._codec.encode(one, self._observed), EVENT_BYTES - _FRAME)
        except (TooLarge, Unwritable) as error:
            _log.error(
                events.CHANGE_ORDER_POSTPONED,
                system=event.system,
                account=event.account,
                change_order_id=event.change_order_id,
                why=str(error),
            )
            return None
        with trace_of(()):
            return Outgoing(self._observed, event.key.encode(), value, None, trace_headers())

    def outcome(self, observation: Observation, event: Outgoing, place: tuple[Partition, int]) -> Outgoing | None:
        """What is told of the status of a record of ours, in the trace of its event, which stands at ``place``."""
        if observation.event is None or observation.told is None:
            return None
        partition, offset = place
        reference = EventReference(
            topic=partition.topic, partition=partition.number, offset=offset, event_id=observation.event.event_id
        )
        outcome = outcome_of(self._stage, observation.event, observation.told, reference)
        if outcome is None:
            return None
        value = self._codec.encode(outcome, self._outcomes)
        return Outgoing(self._outcomes, outcome.change_order_key.encode(), value, None, event.headers)

    def state(self, state: PollState) -> Outgoing:
        """Poll state, of a change order or of an account."""
        pieces = (state.system, state.account, state.change_order_id)
        key = ":".join(one for one in pieces if one is not None)
        return Outgoing(self._states, key.encode(), self._codec.encode(state, self._states), self._number)
