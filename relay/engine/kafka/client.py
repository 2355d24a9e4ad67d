"""The part of kafka-python that is used, with types.

The library is annotated in a small part only. These protocols are all that the rest of the facade
sees of it, so that mypy checks how it is called, and so that another client could take its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition

from relay.engine.kafka.records import Generation, Partition, Record

RawPartition = Any
"""kafka-python's ``TopicPartition``; it insists on its own class."""


class Pending(Protocol):
    """A record on its way. ``get`` waits at most ``timeout`` seconds and raises what went wrong."""

    def get(self, timeout: float | None = None) -> Any: ...


class Producer(Protocol):
    """``KafkaProducer``."""

    def init_transactions(self) -> None: ...
    def begin_transaction(self) -> None: ...
    def commit_transaction(self) -> None: ...
    def abort_transaction(self) -> None: ...
    def send_offsets_to_transaction(self, offsets: Mapping[Any, Any], group_metadata: Any) -> None: ...
    def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        partition: int | None = None,
    ) -> Pending: ...
    def flush(self, timeout: float | None = None) -> None: ...
    def close(self, timeout: float | None = None) -> None: ...


class Consumer(Protocol):
    """``KafkaConsumer``. Belongs to one thread."""

    def subscribe(self, topics: Sequence[str], *, listener: object) -> None: ...
    def assign(self, partitions: Sequence[RawPartition]) -> None: ...
    def poll(self, timeout_ms: float = 0) -> dict[RawPartition, list[Any]]: ...
    def seek(self, partition: RawPartition, offset: int) -> None: ...
    def pause(self, *partitions: RawPartition) -> None: ...
    def resume(self, *partitions: RawPartition) -> None: ...
    def position(self, partition: RawPartition, timeout_ms: float | None = None) -> int | None: ...
    def committed(self, partition: RawPartition, *, timeout_ms: float | None = None) -> int | None: ...
    def beginning_offsets(self, partitions: Sequence[RawPartition]) -> dict[RawPartition, int]: ...
    def end_offsets(self, partitions: Sequence[RawPartition]) -> dict[RawPartition, int]: ...
    def offsets_for_times(self, timestamps: dict[RawPartition, int]) -> dict[RawPartition, Any]: ...
    def group_metadata(self) -> Any: ...
    def topics(self) -> set[str]: ...
    def close(self, *, autocommit: bool = True, timeout_ms: float | None = None) -> None: ...


class Admin(Protocol):
    """``KafkaAdminClient``."""

    def describe_cluster(self) -> dict[str, Any]: ...
    def describe_topics(self, topics: Sequence[str] | None = None) -> list[dict[str, Any]]: ...
    def create_topics(
        self, new_topics: Mapping[str, Mapping[str, object]], *, raise_errors: bool
    ) -> dict[str, Any]: ...
    def wait_for_topics(self, topic_names: Sequence[str]) -> object: ...
    def delete_topics(self, topics: Sequence[str], *, raise_errors: bool = True) -> dict[str, Any]: ...
    def describe_configs(self, config_resources: Sequence[Any], *, config_filter: str) -> dict[str, Any]: ...
    def alter_configs(self, config_resources: Sequence[Any]) -> dict[str, Any]: ...
    def list_group_offsets(self, group_specs: Mapping[str, Any]) -> dict[str, dict[RawPartition, Any]]: ...
    def alter_group_offsets(self, group_id: str, offsets: Mapping[RawPartition, Any]) -> dict[RawPartition, Any]: ...
    def describe_groups(self, group_ids: Sequence[str]) -> dict[str, dict[str, Any]]: ...
    def remove_group_members(self, group_id: str, members: Sequence[Any]) -> dict[Any, Any]: ...
    def close(self) -> None: ...


def raw(partition: Partition) -> RawPartition:
    """As the client wants it."""
    return TopicPartition(partition.topic, partition.number)


def ours(partition: RawPartition) -> Partition:
    """As the rest of the product has it."""
    return Partition(partition.topic, partition.partition)


def raw_offset(offset: int) -> Any:
    """An offset to be committed, with the two further fields that the client asks for."""
    return OffsetAndMetadata(offset, "", -1)


def raw_generation(generation: Generation) -> Any:
    """The membership, as KIP-447 sends it with the offsets of a transaction."""
    return ConsumerGroupMetadata(generation.group, generation.number, generation.member, generation.instance)


def is_joining(consumer: Consumer) -> bool:
    """Whether it is on its way into the group, for the first time or because the members have changed."""
    coordinator: Any = getattr(consumer, "_coordinator", None)
    return coordinator is not None and bool(coordinator.rejoining or coordinator.need_rejoin())


def finish_joining(consumer: Consumer) -> None:
    """Has the next poll go on with a join that an earlier poll's time did not suffice for.

    kafka-python 3.0.12 forgets it where the rejoin was due to metadata that came after the first
    assignment: the assignment under way is already in agreement with them. The member would never
    beat again, and the group would go on without it and never tell it.
    """
    coordinator: Any = getattr(consumer, "_coordinator", None)
    if coordinator is not None and coordinator.rejoining and not coordinator.need_rejoin():
        coordinator.request_rejoin()


def keep_joins(consumer: Consumer) -> None:
    """Has a join that comes to its end between two polls count at the next one.

    kafka-python 3.0.12 throws its result away and joins again. A member that is busy between its
    polls would do so for ever, and have the others join again with it.
    """
    coordinator: Any = getattr(consumer, "_coordinator", None)
    if coordinator is None:
        return
    prepare, join = coordinator._on_join_prepare_async, coordinator._do_join_and_sync_async  # noqa: SLF001 - no other way
    kept: dict[int, bytes] = {}  # What this rebalance has brought, by generation.

    async def prepared(*arguments: Any, **named: Any) -> Any:
        kept.clear()
        return await prepare(*arguments, **named)

    async def joined() -> bytes:
        known = kept.get(coordinator._generation.generation_id)  # noqa: SLF001
        if known is not None:
            return known
        assignment: bytes = await join()
        kept[coordinator._generation.generation_id] = assignment  # noqa: SLF001
        return assignment

    coordinator._on_join_prepare_async = prepared  # noqa: SLF001
    coordinator._do_join_and_sync_async = joined  # noqa: SLF001


def record_of(one: Any) -> Record:
    """A fetched record."""
    return Record(one.topic, one.partition, one.offset, one.key, one.value, tuple(one.headers), one.timestamp)
