"""Topics, their settings and their ends."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from kafka import errors
from kafka.admin import ConfigResource, ConfigResourceType, MemberToRemove
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_exponential,
)

from relay.engine.kafka.client import Admin, Consumer, ours, raw, raw_offset
from relay.engine.kafka.connection import Connection
from relay.engine.kafka.failures import TopicsMissing, failure_of, translated
from relay.engine.kafka.kafka_python_workarounds import brokers_without, committed_offsets
from relay.engine.kafka.records import Partition


def remove_member(connection: Connection, group: str, instance: str) -> None:
    """Removes a static member, so that the others take its partitions over at once.

    Static members never say goodbye by themselves. One that is not in the group (any more) is
    all the same.
    """
    admin = connection.admin()
    doing = f"removing {instance} from group {group}"
    try:
        outcome = admin.remove_group_members(group, [MemberToRemove(group_instance_id=instance)])
    except errors.KafkaError as error:
        raise failure_of(error, doing, connection.bootstrap_servers) from error
    finally:
        admin.close()
    for kind in outcome.values():
        if kind not in {errors.NoError, errors.UnknownMemberIdError}:
            raise failure_of(kind(), doing, connection.bootstrap_servers)


T = TypeVar("T")
_ANSWER_MS = 15_000
_SOON_MS = 2_000
_asking_again = Retrying(
    retry=retry_if_exception_type((errors.RetriableError, errors.UnknownBrokerIdError)),
    stop=stop_after_delay(_ANSWER_MS / 1000),
    wait=wait_exponential(multiplier=0.05, max=1.0),
    reraise=True,
)
_shown = Retrying(
    retry=retry_if_result(lambda shown: not shown),
    stop=stop_after_delay(_ANSWER_MS / 1000),
    wait=wait_exponential(multiplier=0.05, max=1.0),
    retry_error_callback=lambda _: None,
)
"""The controller answers before the brokers know. What a broker words in its own way is waited for in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """A topic to be made. ``settings`` by Kafka's own names."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a group; ``instance`` for a static one."""

    id: str
    instance: str | None
    host: str


class Cluster:
    """Questions to the cluster and changes of it. Connects when first asked; belongs to one thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._opened_admin: Admin | None = None
        self._opened_reader: Consumer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends its connections; it may be used again."""
        admin, self._opened_admin = self._opened_admin, None
        reader, self._opened_reader = self._opened_reader, None
        if admin is not None:
            admin.close()
        if reader is not None:
            reader.close(autocommit=False)

    def brokers(self) -> int:
        """How many brokers are in the cluster now."""
        described = self._asked("counting brokers", lambda: self._admin.describe_cluster())  # noqa: PLW0108 - see _asked
        return len(described["brokers"])

    def topics(self) -> frozenset[str]:
        """The names of all topics, without Kafka's own."""
        described = self._asked("listing topics", lambda: self._admin.describe_topics())  # noqa: PLW0108 - see _asked
        return frozenset(one["name"] for one in described if not one["is_internal"])

    def partitions(self, topic: str) -> int:
        """How many partitions ``topic`` has. Raises :class:`TopicsMissing`."""
        counts = self.partition_counts([topic])
        if topic not in counts:
            raise TopicsMissing(
                f"{topic} not found (Kafka at {self._connection.bootstrap_servers}): run `cor topics apply`"
            )
        return counts[topic]

    def partition_counts(self, topics: Collection[str]) -> dict[str, int]:
        """The number of partitions of those of ``topics`` that are there."""
        described = self._asked("describing topics", lambda: self._admin.describe_topics(list(topics)))
        return {one["name"]: len(one["partitions"]) for one in described if one["partitions"]}

    def topic_ids(self, topics: Collection[str]) -> dict[str, str]:
        """The ids of those of ``topics`` that are there, as Kafka's own tools write them.

        A topic that is deleted and made again gets another one (KIP-516); asking makes no topic.
        """
        described = self._asked("describing topics", lambda: self._admin.describe_topics(list(topics)))
        return {one["name"]: _written(one["topic_id"]) for one in described if one["partitions"]}

    def settings(self, topics: Collection[str]) -> dict[str, dict[str, str]]:
        """Every setting of ``topics``, by Kafka's own names, defaults included."""
        resources = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
        described = self._asked(
            "reading topic settings", lambda: self._admin.describe_configs(resources, config_filter="all")
        )
        return {
            topic: {name: str(one["value"]) for name, one in settings.items()}
            for topic, settings in _by_topic(described).items()
        }

    def create(self, wishes: Iterable[TopicSpec]) -> frozenset[str]:
        """Makes topics and waits until every broker knows them; returns those that were not there before.

        Raises ``KafkaUnreachable`` where one does not within 15 seconds; then they are made all the same.
        """
        wanted = {
            one.name: {
                "num_partitions": one.partitions,
                "replication_factor": one.replication,
                "configs": dict(one.settings),
            }
            for one in wishes
        }
        if not wanted:
            return frozenset()
        answer = self._asked(
            "creating topics",
            lambda: self._admin.create_topics(wanted, raise_errors=False),
        )
        created = [name for name in map(self._created, answer["topics"]) if name is not None]
        self._asked("waiting for new topics", lambda: self._require_known(list(wanted)))
        return frozenset(created)

    def alter(self, settings: Mapping[str, Mapping[str, str]]) -> None:
        """Changes settings of topics, and waits until a broker tells them so; those that are not named stay."""
        resources = [
            ConfigResource(ConfigResourceType.TOPIC, topic, configs=dict(one)) for topic, one in settings.items()
        ]
        if resources:
            self._asked("changing topic settings", lambda: self._admin.alter_configs(resources))
            _shown(lambda: self._tells(settings))

    def delete(self, topics: Collection[str]) -> None:
        """Deletes topics, with everything in them."""
        if topics:
            self._asked("deleting topics", lambda: self._admin.delete_topics(list(topics)))

    def beginning_offsets(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """The first offset that each partition still has."""
        every = [raw(one) for one in partitions]
        found = self._asked("asking for offsets", lambda: self._reader.beginning_offsets(every))
        return {ours(one): offset for one, offset in found.items()}

    def end_offsets(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """The next offset of each partition, up to which everything is committed."""
        every = [raw(one) for one in partitions]
        found = self._asked("asking for offsets", lambda: self._reader.end_offsets(every))
        return {ours(one): offset for one, offset in found.items()}

    def written_offsets(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """The next offset of each partition, behind what open transactions have written, too."""
        every = [raw(one) for one in partitions]
        reader = self._connection.consumer(isolation_level="read_uncommitted", in_passing=True)
        try:
            found = self._asked("asking for offsets", lambda: reader.end_offsets(every))
        finally:
            reader.close(autocommit=False)
        return {ours(one): offset for one, offset in found.items()}

    def offsets_for_time(self, partitions: Sequence[Partition], timestamp_ms: int) -> dict[Partition, int]:
        """Per partition the first offset at or after a time (epoch milliseconds); the end where there is none."""
        wanted = {raw(one): timestamp_ms for one in partitions}
        found = self._asked("asking for offsets by time", lambda: self._reader.offsets_for_times(wanted))
        ends = self.end_offsets(partitions)
        return {one: found[raw(one)].offset if found.get(raw(one)) else ends[one] for one in partitions}

    def committed(self, group: str, partitions: Sequence[Partition] | None = None) -> dict[Partition, int]:
        """The group's committed offsets, where there are any; of all partitions without ``partitions``.

        Waits for transactions that are about to change them: an answer in between would be old. Raises
        ``KafkaUnreachable`` where one does not end within 15 seconds.
        """
        every = self._known_to(group) if partitions is None else list(partitions)
        with translated(f"asking for the offsets of {group}", self._connection.bootstrap_servers):
            try:
                return self._settled(group, every, _ANSWER_MS)
            except errors.KafkaTimeoutError:
                raise errors.KafkaTimeoutError(
                    "they were not told; if Kafka is well, a transaction that its owner has left open is about to "
                    "change them: try again once it is over (COR_TRANSACTION_TIMEOUT)"
                ) from None

    def committed_at_least(self, group: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """As :meth:`committed`, but where a transaction does not end within two seconds, what stood before it."""
        doing = f"asking for the offsets of {group}"
        with translated(doing, self._connection.bootstrap_servers):
            try:
                return self._settled(group, partitions, _SOON_MS)
            except errors.KafkaTimeoutError:
                return {one: found.offset for one, found in self._committed(group, partitions).items()}

    def _settled(self, group: str, partitions: Iterable[Partition], timeout_ms: int) -> dict[Partition, int]:
        reader = self._connection.consumer(group_id=group)
        try:
            found = committed_offsets(reader, [raw(one) for one in partitions], timeout_ms)
        finally:
            reader.close(autocommit=False)
        return {ours(one): offset for one, offset in found.items()}

    def committed_metadata(self, group: str, partitions: Sequence[Partition]) -> dict[Partition, str]:
        """What the group has committed beside its offsets, where it has committed any."""
        return {one: found.metadata or "" for one, found in self._committed(group, partitions).items()}

    def _committed(self, group: str, partitions: Iterable[Partition]) -> dict[Partition, Any]:
        """What the group has committed, whatever is about to change it."""
        wanted = {group: [raw(partition) for partition in partitions]}
        found = self._asked(f"asking for the offsets of {group}", lambda: self._admin.list_group_offsets(wanted))
        return {ours(one): committed for one, committed in found.get(group, {}).items() if committed.offset >= 0}

    def lag(self, group: str, partitions: Sequence[Partition] | None = None) -> dict[Partition, int]:
        """How many offsets the group is behind, per partition with a committed offset."""
        committed = self.committed(group, partitions)
        ends = self.end_offsets(list(committed))
        return {one: max(0, ends[one] - offset) for one, offset in committed.items()}

    def reset_offsets(
        self, group: str, offsets: Mapping[Partition, int], metadata: Mapping[Partition, str] | None = None
    ) -> None:
        """Sets the group's offsets, and what is kept beside them. Kafka refuses while the group has members."""
        beside = metadata or {}
        wanted = {raw(one): raw_offset(offset, beside.get(one, "")) for one, offset in offsets.items()}
        if wanted:
            self._asked(f"setting the offsets of {group}", lambda: self._set_offsets(group, wanted))

    def _set_offsets(self, group: str, wanted: Mapping[Any, Any]) -> None:
        for one, kind in self._admin.alter_group_offsets(group, wanted).items():
            if kind is not errors.NoError:
                raise kind(f"{one.topic}[{one.partition}]")

    def members(self, group: str) -> tuple[Member, ...]:
        """Who is in the group now."""
        described = self._asked(f"describing {group}", lambda: self._admin.describe_groups([group]))
        return tuple(
            Member(id=one["member_id"], instance=one["group_instance_id"] or None, host=one["client_host"])
            for one in described.get(group, {}).get("members", ())
        )

    def remove_member(self, group: str, instance: str) -> None:
        """See :func:`remove_member`."""
        remove_member(self._connection, group, instance)

    def _tells(self, settings: Mapping[str, Mapping[str, str]]) -> bool:
        found = self.settings(settings)
        return all(one.items() <= found[topic].items() for topic, one in settings.items())

    def _known_to(self, group: str) -> list[Partition]:
        found = self._asked(f"listing the offsets of {group}", lambda: self._admin.list_group_offsets({group: None}))
        return [ours(one) for one in found.get(group, {})]

    def _require_known(self, topics: Sequence[str]) -> None:
        """Whoever asks next may ask any broker, and one that has not heard yet says that there is no such topic."""
        if without := brokers_without(self._admin, topics, _SOON_MS):
            numbers = ", ".join(map(str, sorted(without)))
            raise errors.KafkaTimeoutError(
                f"brokers {numbers} do not know all of {', '.join(sorted(topics))} yet. "
                "What is made stays: try again once they are well"
            )

    def _created(self, answer: Mapping[str, Any]) -> str | None:
        kind = errors.for_code(answer["error_code"])
        if kind is errors.NoError:
            return str(answer["name"])
        if kind is errors.TopicAlreadyExistsError:
            return None
        words = kind(answer.get("error_message") or "")
        raise failure_of(words, f"creating {answer['name']}", self._connection.bootstrap_servers)

    @property
    def _admin(self) -> Admin:
        if self._opened_admin is None:
            self._opened_admin = self._connection.admin()
        return self._opened_admin

    @property
    def _reader(self) -> Consumer:
        if self._opened_reader is None:
            self._opened_reader = self._connection.consumer(in_passing=True)
        return self._opened_reader

    def _asked(self, doing: str, question: Callable[[], T]) -> T:
        """A cluster that has just started, moves a coordinator or has lost a broker asks to be asked again.

        ``question`` names the client itself each time: it may be another one.
        """
        with translated(doing, self._connection.bootstrap_servers):
            return _asking_again.copy(before_sleep=self._forget_the_gone)(question)

    def _forget_the_gone(self, asked: RetryCallState) -> None:
        """A client keeps the controller and coordinators that it knows also when their broker is gone."""
        if asked.outcome is not None and isinstance(asked.outcome.exception(), errors.UnknownBrokerIdError):
            self.close()


def _written(topic_id: uuid.UUID | str) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(str(topic_id)).bytes).rstrip(b"=").decode()


def _by_topic(described: Mapping[str, Any]) -> dict[str, Any]:
    """The answer is grouped by the kind of resource first; only topics were asked for."""
    return {name: settings for kind in described.values() for name, settings in kind.items()}
