"""What it costs that topics which others read are kept in gzip by the broker, beside topics that keep what comes (lz4).

The same events go to a topic of each kind, turn by turn; then each is read to its end. The broker's CPU is that of its
process, so it is told only where the broker runs on the local Java.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.events import observed
from benchmarks.ground import Ground
from relay.engine.kafka import Cluster, Outgoing, Partition, PlainWriter, TopicSpec, read_to_end
from relay.engine.record_codec import record_codec

ROUNDS = 4
AT_ONCE = 500
KINDS = ("producer", "gzip")


@dataclass
class Cost:
    """Seconds of one kind of topic, and the bytes that it takes on the disk."""

    written: float = 0.0
    broker_writing: float = 0.0
    read: float = 0.0
    reader: float = 0.0
    broker_reading: float = 0.0
    bytes_kept: int = 0


def measure(fresh: Callable[[], Ground], count: int, items: int) -> dict[str, Any]:
    """``count`` events of ``items`` items each to both kinds of topic, in several turns."""
    here = fresh()
    topics = {kind: f"{here.prefix}{kind}-{uuid.uuid4().hex[:6]}" for kind in KINDS}
    with Cluster(here.connection) as cluster:
        cluster.create(
            TopicSpec(name=name, partitions=1, replication=1, settings={"compression.type": kind})
            for kind, name in topics.items()
        )
    costs = {kind: Cost() for kind in KINDS}
    for _ in range(ROUNDS):
        for kind, name in topics.items():
            _write(here, name, count // ROUNDS, items, costs[kind])
    for _ in range(ROUNDS):
        for kind, name in topics.items():
            _read(here, name, costs[kind])
    for kind, name in topics.items():
        costs[kind].bytes_kept = _bytes_kept(here, name)
    return {"events": count, "items": items, **{kind: _figures(cost, count) for kind, cost in costs.items()}}


def _figures(cost: Cost, count: int) -> dict[str, Any]:
    read = count * ROUNDS
    return {
        "written_per_second": round(count / cost.written),
        "broker_cpu_ms_per_event_written": round(1000 * cost.broker_writing / count, 4),
        "read_per_second": round(read / cost.read),
        "reader_cpu_ms_per_event": round(1000 * cost.reader / read, 4),
        "broker_cpu_ms_per_event_read": round(1000 * cost.broker_reading / read, 4),
        "bytes_per_event": round(cost.bytes_kept / count),
    }


def _write(here: Ground, topic: str, count: int, items: int, cost: Cost) -> None:
    codec = record_codec()
    values = [(event.key.encode(), codec.encode(event, topic)) for event in observed(count, items)]
    with PlainWriter(here.connection) as writer:
        began, broker = time.perf_counter(), _cpu(here.broker_pid)
        for at, (key, value) in enumerate(values):
            writer.send(Outgoing(topic, key, value, 0))
            if at % AT_ONCE == AT_ONCE - 1:
                writer.flush()
        writer.flush()
        cost.written += time.perf_counter() - began
        cost.broker_writing += _cpu(here.broker_pid) - broker


def _read(here: Ground, topic: str, cost: Cost) -> None:
    began, own, broker = time.perf_counter(), time.process_time(), _cpu(here.broker_pid)
    for _ in read_to_end(here.connection, [Partition(topic, 0)]):
        pass
    cost.read += time.perf_counter() - began
    cost.reader += time.process_time() - own
    cost.broker_reading += _cpu(here.broker_pid) - broker


def _cpu(pid: int | None) -> float:
    """Seconds of CPU that a process has used; 0 where there is none to look at."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _bytes_kept(here: Ground, topic: str) -> int:
    """What lies in the broker's folder; 0 where that is on another machine."""
    admin: Any = here.connection.admin()
    try:
        folders = [Path(found["log_dir"]) for broker in admin.describe_log_dirs() for found in broker["log_dirs"]]
    finally:
        admin.close()
    return sum(segment.stat().st_size for folder in folders for segment in folder.glob(f"{topic}-0/*.log"))
