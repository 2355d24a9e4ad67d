"""Reading as a member of a consumer group."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from kafka import errors

from relay.engine.kafka.assignment import NO_CHANGE, Assignment, Listener
from relay.engine.kafka.client import RawPartition, ours, raw, record_of
from relay.engine.kafka.connection import Connection
from relay.engine.kafka.failures import InstanceTaken, KafkaUnreachable, OffsetsLost, TopicsMissing, failure_of
from relay.engine.kafka.kafka_python_workarounds import finish_joining, is_joining, keep_joins, tell_fencing
from relay.engine.kafka.records import Generation, Partition, Record
from relay.engine.telemetry import events

_log = structlog.get_logger(__name__)

_ANSWER_MS = 5_000
_HEARTBEAT = 1.0  # Seconds; a member learns with one that the group is about to change.
_CLOSING_MS = 5_000
_BREATH = 0.2
_JOINING = 1.0  # Seconds that a poll takes at least while the member joins: until it has, nothing can be committed.
_JOINING_POLL = 0.1
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll brought.

    ``generation`` was captured with ``records`` and must accompany their offsets. ``gained`` and
    ``lost`` are against the poll before: drop what was lost first, then take what was gained; a
    partition in both was taken away and has come back, and somebody may have owned it meanwhile.
    A record with ``withheld`` stands for some that are not handed out; it needs an answer as any
    other, since what is committed behind it passes over them.
    """

    records: Mapping[Partition, list[Record]]
    generation: Generation
    assigned: frozenset[Partition] = frozenset()
    gained: frozenset[Partition] = field(default=frozenset())
    lost: frozenset[Partition] = field(default=frozenset())


class GroupReader:
    """A member of a group, with the range assignor. Belongs to one thread.

    It never commits: offsets go into transactions. With ``instance`` the membership is static: a
    restart within ``session_timeout_s`` seconds keeps the partitions. Partitions of equal number
    in ``topics`` go to the same member. :meth:`poll` has to be called at least every five
    minutes; pausing is the way to read nothing for longer.

    Raises :class:`~relay.engine.kafka.TopicsMissing` where a topic is absent.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        group: str,
        topics: Sequence[str],
        instance: str | None,
        session_timeout_s: float = 20.0,
        max_records: int = 500,
    ) -> None:
        self.group = group
        self._instance = _NOT_IN_A_NAME.sub("-", instance) if instance else None
        self._connection = connection
        self._assignment = Assignment()
        self._paused: set[Partition] = set()
        self._to_place: set[Partition] = set()
        self._unreported = NO_CHANGE
        self._generation = Generation(group)
        self._consumer = connection.consumer(
            group_id=group,
            group_instance_id=self._instance,
            session_timeout_ms=int(session_timeout_s * 1000),
            heartbeat_interval_ms=int(min(_HEARTBEAT, session_timeout_s / 4) * 1000),
            max_poll_records=max_records,
        )
        self._listener = Listener(self._consumer.pause)
        self._subscribe(topics)

    def poll(self, timeout_s: float) -> Polled:
        """Waits for records, at most about ``timeout_s`` seconds.

        After a rebalance the first poll brings no records, only the news; every partition is then
        read from its committed offset, kept ones too. Raises
        :class:`~relay.engine.kafka.OffsetsLost`, :class:`~relay.engine.kafka.InstanceTaken`, or a
        ``KafkaFailure``.
        """
        try:
            with self._explaining("reading"):
                fetched = self._fetch(timeout_s)
        except KafkaUnreachable as unreachable:
            # The client goes on by itself when a broker is back; until then there is just nothing.
            _log.warning(events.KAFKA_NO_ANSWER, group=self.group, message=str(unreachable))
            time.sleep(min(timeout_s, _BREATH))
            fetched = {}
        records = {ours(one): [record_of(record) for record in batch] for one, batch in fetched.items()}
        change, self._unreported = self._unreported, NO_CHANGE
        return Polled(records, self._generation, self._assignment.owned, change.gained, change.lost)

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Reads nothing of them until :meth:`resume`; holds while they are owned, also through rebalances."""
        self._paused |= set(partitions) & self._assignment.owned
        self._set(self._consumer.pause, self._paused)

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Reads them again."""
        again = set(partitions) & self._paused
        self._paused -= again
        self._set(self._consumer.resume, again & self._assignment.owned - self._to_place)

    def seek(self, partition: Partition, offset: int) -> None:
        """Reads on from ``offset``. Does nothing for a partition that is not owned (any more)."""
        if partition in self._assignment.owned:
            self._set(lambda one: self._consumer.seek(one, offset), [partition])

    def position(self, partition: Partition) -> int:
        """The offset that is read next."""
        with self._explaining("asking for a position"):
            position = self._consumer.position(raw(partition), timeout_ms=_ANSWER_MS)
            if position is None:
                raise errors.KafkaTimeoutError(f"no position of {partition}")
            return position

    @property
    def is_joining(self) -> bool:
        """Whether it is on its way into its group: what was polled before can be committed until the next poll."""
        return is_joining(self._consumer)

    def has_read_everything(self) -> bool:
        """Whether every partition that is owned and not paused has been read to its end, as it is now.

        A broker is asked, so it is for those who want to stop when nothing is left.
        """
        owned = self._assignment.owned - self._paused
        if self._to_place or set(map(raw, owned)) - self._consumer.assignment():
            return False
        with self._explaining("asking for the ends"):
            ends = self._consumer.end_offsets([raw(one) for one in owned]) if owned else {}
        return all(self.position(ours(one)) >= end for one, end in ends.items())

    def close(self) -> None:
        """Ends the membership here.

        A dynamic member leaves the group. A static one is expected back until its session ends: ``cor members remove``
        is for one that is not to come back.
        """
        self._consumer.close(autocommit=False, timeout_ms=_CLOSING_MS)

    def _subscribe(self, topics: Sequence[str]) -> None:
        try:
            with self._explaining("looking for topics"):
                missing = sorted(set(topics) - self._consumer.topics())
            if missing:
                raise TopicsMissing(
                    f"{', '.join(missing)} not found (Kafka at {self._connection.bootstrap_servers}, "
                    f"group {self.group}): run `cor topics apply`"
                )
            self._consumer.subscribe(list(topics), listener=self._listener)
            keep_joins(self._consumer)
            tell_fencing(self._consumer)
        except BaseException:
            self._consumer.close(autocommit=False, timeout_ms=_CLOSING_MS)
            raise

    def _fetch(self, timeout_s: float) -> dict[Any, list[Any]]:
        """The client's next batch, where it may be used; ``_generation`` is the one it came with."""
        fetched = self._read(timeout_s)
        until = time.monotonic() + _JOINING
        while not fetched and is_joining(self._consumer) and time.monotonic() < until:
            fetched = self._read(_JOINING_POLL)
        told, member = self._listener.told(), self._membership()
        if told:
            self._follow([frozenset(), *told] if self._was_out(member) else told)
        if self._to_place:
            self._place()
            fetched = {}
        if member is None:
            # Out of the group since the fetch: nothing of it could be committed.
            return {}
        self._generation = member
        return fetched

    def _read(self, timeout_s: float) -> dict[Any, list[Any]]:
        finish_joining(self._consumer)
        return self._consumer.poll(timeout_ms=max(0.0, timeout_s) * 1000)

    def _was_out(self, now: Generation | None) -> bool:
        """Whether the group had a generation without us, in which somebody else owned our partitions.

        The client does not always tell: where joining again is refused because the group has
        forgotten us, it joins as a new member and takes the partitions as kept.
        """
        before = self._generation
        if now is None or before.number < 0:
            return False
        return now.member != before.member or now.number > before.number + 1

    def _follow(self, told: list[frozenset[Partition]]) -> None:
        change = self._assignment.follow(told)
        self._paused -= change.lost
        self._to_place = set(self._assignment.owned)
        self._unreported = self._unreported.then(change)
        _log.debug(events.KAFKA_ASSIGNED, group=self.group, partitions=len(self._assignment.owned))

    def _place(self) -> None:
        """Sets every partition to its committed offset, and has those read that are not paused; until then none is.

        The client keeps its position in a partition that stays through a rebalance. But what it
        had read beyond the committed offset can no longer be committed, and another member may
        have gone further meanwhile.
        """
        self._set(self._consumer.pause, self._to_place)
        for partition in sorted(self._to_place):
            offset = self._committed(partition)
            if offset is None:
                raise errors.NoOffsetForPartitionError([raw(partition)])
            self.seek(partition, offset)
            self._to_place.discard(partition)
        self._set(self._consumer.resume, self._assignment.owned - self._paused)

    def _committed(self, partition: Partition) -> int | None:
        try:
            offset: int | None = self._consumer.committed(raw(partition), timeout_ms=_ANSWER_MS)
        except errors.KafkaTimeoutError:
            raise errors.KafkaTimeoutError(
                f"the committed offset of {partition.topic}[{partition.number}] was not told; if that goes on while "
                "Kafka is well, a transaction hangs: see the guide on operating, `kafka.no_answer`"
            ) from None
        return offset

    def _set(self, what: Callable[[RawPartition], None], partitions: Iterable[Partition]) -> None:
        """Sets something of each that the client still has.

        It joins on a thread of its own, and may have given one up since the last poll: the next one tells.
        """
        for partition in partitions:
            with suppress(KeyError, ValueError):  # What the client says of a partition that it has not.
                what(raw(partition))

    def _membership(self) -> Generation | None:
        now = self._consumer.group_metadata()
        if now.generation_id < 0 or not now.member_id:
            return None
        return Generation(self.group, now.generation_id, now.member_id, now.group_instance_id)

    @contextmanager
    def _explaining(self, doing: str) -> Iterator[None]:
        where = self._connection.bootstrap_servers
        try:
            yield
        except errors.NoOffsetForPartitionError as error:
            raise OffsetsLost(
                f"group {self.group} has no committed offset for {_names(error)} (Kafka at {where}): "
                "run `cor topics apply`, which sets the first offsets"
            ) from error
        except (errors.OffsetOutOfRangeError, errors.LogTruncationError) as error:
            raise OffsetsLost(
                f"group {self.group} stands at an offset that is no longer there: {_names(error)} (Kafka at {where}); "
                "retention has removed it, or the topic was cut, and what stood there cannot be read any more. Let the "
                "group go on with `cor topics apply --reset-lost-offsets`, then bring back what it missed with "
                '`cor replay`: see "Places that are gone" in docs/operating.md'
            ) from error
        except errors.FencedInstanceIdError as error:
            raise InstanceTaken(
                f"another process has joined group {self.group} as {self._instance}: "
                "COR_INSTANCE must be different for each instance"
            ) from error
        except errors.KafkaError as error:
            raise failure_of(error, f"{doing} as {self.group}", where) from error


def _names(error: BaseException) -> str:
    """The partitions that the client's error carries, with offsets where it has them."""
    found = error.args[0] if error.args else ()
    if isinstance(found, Mapping):
        return ", ".join(f"{one.topic}[{one.partition}] at {offset}" for one, offset in sorted(found.items()))
    return ", ".join(f"{one.topic}[{one.partition}]" for one in sorted(found))
