"""What ``cor status`` costs where much has gone through: every event carried, nothing under way."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from benchmarks.events import observed
from benchmarks.ground import ROOT, Ground
from relay.domain.commands import Lane
from relay.domain.ledger import InboxRecord, Slot, Waiting
from relay.engine.kafka import Cluster, Outgoing, Partition, PlainWriter
from relay.engine.record_codec import record_codec
from relay.engine.topics import GROUPS, OBSERVED, PROCORE
from relay.engine.writer.state.inbox_start import stated
from relay.engine.writer.state.store import inbox_key

_TOGETHER = 20_000


def measure(fresh: Callable[[], Ground], events: int) -> dict[str, Any]:
    """Seconds of processor time and of a clock for one ``cor status``, compaction not yet done."""
    here = fresh()
    _fill(here, events)
    command = [sys.executable, "-m", "cli", "status"]
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=here.environment(), check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return {"events": events, "processor_seconds": round(used, 2), "seconds": round(time.perf_counter() - began, 2)}


def _fill(here: Ground, events: int) -> None:
    with PlainWriter(here.connection) as writer:
        for number, record in enumerate(_records(here, events)):
            writer.send(record)
            if number % _TOGETHER == 0:
                writer.flush()
        writer.flush()
    with Cluster(here.connection) as cluster:
        for stage, topics in GROUPS.items():
            partitions = [Partition(topic.name(here.prefix), at) for topic in topics for at in range(here.partitions)]
            cluster.reset_offsets(f"{here.prefix}{stage}", cluster.end_offsets(partitions))
        lane, inbox = (Partition(topic.name(here.prefix), 0) for topic in (PROCORE.commands, PROCORE.inbox))
        ends = cluster.end_offsets([lane, inbox])
    _state_start(here, lane, ends[lane], ends[inbox])


def _state_start(here: Ground, lane: Partition, offset: int, inbox_end: int) -> None:
    """As the owner does with its last transaction."""
    group = f"{here.prefix}procore-writer"
    consumer = KafkaConsumer(
        bootstrap_servers=here.connection.bootstrap_servers, group_id=group, enable_auto_commit=False
    )
    place = TopicPartition(lane.topic, lane.number)
    consumer.assign([place])
    consumer.commit({place: OffsetAndMetadata(offset, stated(inbox_end), -1)})
    consumer.close()


def _records(here: Ground, events: int) -> Iterator[Outgoing]:
    """An event, its command, and what the writer's inbox saw of it: it waits, is under way, is done with."""
    codec = record_codec()
    topic, lane, inbox = OBSERVED.name(here.prefix), PROCORE.commands.name(here.prefix), PROCORE.inbox.name(here.prefix)
    for event in observed(events, 1):
        value = codec.encode(event, topic)
        yield Outgoing(topic, event.key.encode(), value)
        yield Outgoing(lane, event.key.encode(), value, 0)
        origin_id = f"cor:{event.key}:main"
        waiting = _waiting(origin_id, lane, value)
        for slot in (Slot.NEXT, Slot.CURRENT):
            key = inbox_key(slot, origin_id).encode()
            yield Outgoing(inbox, key, codec.encode(InboxRecord(waiting=waiting), inbox), 0)
            yield Outgoing(inbox, key, None, 0)


def _waiting(origin_id: str, lane: str, command: bytes) -> Waiting:
    at = datetime.now(UTC)
    return Waiting(
        origin_id=origin_id,
        command_id="c",
        lane=Lane.LIVE,
        topic=lane,
        partition=0,
        offset=0,
        received_at=at,
        sequence=1,
        mapped_at=at,
        record_key=None,
        command=command,
    )
