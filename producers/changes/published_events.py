"""Reads back the last event of a change order, where poll state alone does not say enough."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from relay.domain.events import ChangeOrderObserved
from relay.domain.records import PollState
from relay.engine.kafka import Cluster, Connection, Partition, RecordFetcher, partition_of, read_to_end
from relay.engine.kafka.foreign_records import tell_withheld
from schemas.codec import Codec
from schemas.failures import Unreadable


class PublishedEvents:
    """Events on the topic ``observed``, by where poll state says that they stand; of those whose poll state was lost
    and does not say so, what stands on ``current``. Belongs to one thread.
    """

    def __init__(self, connection: Connection, codec: Codec, observed: str, current: str) -> None:
        self._connection = connection
        self._codec = codec
        self._topic = observed
        self._current = current

    def last_of(self, poll_states: Iterable[PollState]) -> dict[str, ChangeOrderObserved]:
        """The last event of each, by change order id; those that are gone or cannot be read are left out.

        Connects only where there is something to read. Raises ``KafkaUnreachable``.
        """
        offsets: dict[Partition, list[int]] = {}
        wanted: dict[tuple[int, int], str | None] = {}
        placeless: set[bytes] = set()
        for poll_state in poll_states:
            if poll_state.partition is not None and poll_state.offset is not None:
                offsets.setdefault(Partition(self._topic, poll_state.partition), []).append(poll_state.offset)
                wanted[(poll_state.partition, poll_state.offset)] = poll_state.change_order_id
            else:
                placeless.add(f"{poll_state.system}:{poll_state.account}:{poll_state.change_order_id}".encode())
        events = self._newest_of(placeless)
        with RecordFetcher(self._connection) as fetcher:
            for record in fetcher.every(offsets):
                event = self._decoded(record.value)
                if event is not None and event.change_order_id == wanted[(record.partition, record.offset)]:
                    events[event.change_order_id] = event
        return events

    def _newest_of(self, keys: AbstractSet[bytes]) -> dict[str, ChangeOrderObserved]:
        if not keys:
            return {}
        with Cluster(self._connection) as cluster:
            count = cluster.partitions(self._current)
        places = {Partition(self._current, partition_of(key, count)) for key in keys}
        records = read_to_end(self._connection, sorted(places), pass_over=tell_withheld)
        values = {record.key: record.value for record in records if record.key in keys}
        found = (self._decoded(value) for value in values.values())
        return {event.change_order_id: event for event in found if event is not None}

    def _decoded(self, value: bytes | None) -> ChangeOrderObserved | None:
        try:
            return self._codec.decode(value or b"", ChangeOrderObserved)
        except Unreadable:
            return None
