"""Reads back the last event of a change order, where poll state alone does not say enough."""

from __future__ import annotations

from collections.abc import Iterable

from relay.domain.events import ChangeOrderObserved
from relay.domain.records import PollState
from relay.engine.kafka import Connection, Partition, RecordFetcher
from schemas.codec import Codec
from schemas.failures import Unreadable


class PublishedEvents:
    """Events on ``topic``, by where poll state says that they stand. Belongs to one thread."""

    def __init__(self, connection: Connection, codec: Codec, topic: str) -> None:
        self._connection = connection
        self._codec = codec
        self._topic = topic

    def last_of(self, poll_states: Iterable[PollState]) -> dict[str, ChangeOrderObserved]:
        """The last event of each, by change order id; those that are gone or cannot be read are left out.

        Connects only where there is something to read. Raises ``KafkaUnreachable``.
        """
        offsets: dict[Partition, list[int]] = {}
        wanted: dict[tuple[int, int], str | None] = {}
        for poll_state in poll_states:
            if poll_state.partition is not None and poll_state.offset is not None:
                offsets.setdefault(Partition(self._topic, poll_state.partition), []).append(poll_state.offset)
                wanted[(poll_state.partition, poll_state.offset)] = poll_state.change_order_id
        events: dict[str, ChangeOrderObserved] = {}
        with RecordFetcher(self._connection) as fetcher:
            for record in fetcher.every(offsets):
                event = self._decoded(record.value)
                if event is not None and event.change_order_id == wanted[(record.partition, record.offset)]:
                    events[event.change_order_id] = event
        return events

    def _decoded(self, value: bytes | None) -> ChangeOrderObserved | None:
        try:
            return self._codec.decode(value or b"", ChangeOrderObserved)
        except Unreadable:
            return None
