"""What strangers write to any topic of ours: the stages live, answer, stay small, and carry what is right.

:data:`FOUND` are bytes that a search once found; what a seed finds is added there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import httpx
import pytest
from kafka import KafkaProducer

from deploy.sandbox.process import Simulated
from relay.domain.identity import tenant_partition
from relay.domain.outcomes import OutcomeKind
from relay.engine.kafka import Outgoing, PlainWriter
from relay.engine.record_codec import record_codec
from relay.engine.topics import ALL, NAMES, OBSERVED, OUTCOMES, PROCORE, Cleanup, Topic
from tests.faults.harness import Relay, awaited, end, nothing_was_made_twice
from tests.faults.orders import ACCOUNT, change_order
from tests.unit.schemas.samples import SAMPLES
from tests.views_topics import in_sqlite

STAGES = ("mapper", "procore-writer", "dead-letters", "views")
MEMORY_KIB = 640 * 1024
"""The limit of a writer in deploy/kubernetes."""

VICTIMS = range(900, 920)
"""Change orders whose records are written over; the others are nobody's business."""

RECORDS = 120
BOMB = 64 * 1024 * 1024
"""Bytes that a batch of a few dozen kilobytes unfolds to."""

FOUND: list[bytes] = [
    b"",
    b"\x00",
    b"\xc3\x01",
    b"\xc3\x01" + b"\xff" * 64,
    b"\x00\xff\xff\xff\xff" + b"\xff" * 64,
    b"\xff" * 100_000,
    b"{}",
    b"\x80" * 2_000,
]


@pytest.mark.parametrize("seed", [7, 23])
def test_what_strangers_write_stops_nobody(relay: Relay, procore: Simulated, seed: int) -> None:
    chance = random.Random(seed)
    kept = in_sqlite(relay.folder)
    relay.more = kept.environment
    process = relay.start(*STAGES, once=False)
    try:
        carries(relay, range(1, 4))
        write(relay, hostile(chance, relay))
        bomb(relay)
        carries(relay, range(4, 7))
        is_well(relay, process)
    finally:
        end(process)
    process = relay.start(*STAGES, once=False)  # Its restore reads what was written to inbox and ledger.
    try:
        carries(relay, range(7, 10))
        is_well(relay, process)
    finally:
        end(process)
    titles = [row["title"] for row in procore.state()["potential_change_orders"]]
    assert {f"Change {number} revision 1" for number in range(1, 10)} <= set(titles)
    nothing_was_made_twice(procore)
    tables = kept.dump()
    assert {row[0] for row in tables["holdings"]} >= {change_order(number, 1).origin_id for number in range(1, 7)}
    assert tables["unreadable"], "strangers' records stand nowhere"


def carries(relay: Relay, numbers: range) -> None:
    commands = [change_order(number, 1) for number in numbers]
    relay.submit(commands)
    wanted = {command.command_id for command in commands}
    awaited(lambda: wanted <= applied(relay), f"change orders {numbers} are carried")


def applied(relay: Relay) -> set[str | None]:
    """Among outcomes are strangers' records, too; they are passed over, as every reader has to."""
    return {outcome.command_id for outcome in relay.readable_outcomes() if outcome.kind is OutcomeKind.APPLIED}


def is_well(relay: Relay, process: Popen[bytes]) -> None:
    assert process.poll() is None, relay.log()[-4000:]
    port = re.findall(r'"port": (\d+), "event": "telemetry.served"', relay.log())[-1]
    assert httpx.get(f"http://127.0.0.1:{port}/livez", timeout=30).status_code == 200
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    peak = int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])
    assert peak < MEMORY_KIB, f"{peak} KiB"


def write(relay: Relay, records: Iterator[Outgoing]) -> None:
    with PlainWriter(relay.connection) as writer:
        for record in records:
            writer.send(record)
        writer.flush()


def hostile(chance: random.Random, relay: Relay) -> Iterator[Outgoing]:
    """Each topic gets its share. Names are left alone: unreadable ones stop a start, which is meant."""
    topics = [topic for topic in ALL if topic is not NAMES]
    for at in range(RECORDS):
        topic = topics[at % len(topics)]
        name = topic.name(relay.prefix)
        yield Outgoing(name, key(chance, topic), value(chance, topic, name), place(chance, topic, relay))


def place(chance: random.Random, topic: Topic, relay: Relay) -> int:
    """Where the writer's partition is hit as often as not."""
    if topic.partitions == 1:
        return 0
    ours = tenant_partition("procore", ACCOUNT, relay.partitions)
    return chance.choice([ours, chance.randrange(relay.partitions)])


def key(chance: random.Random, topic: Topic) -> bytes | None:
    victim = change_order(chance.choice(VICTIMS), 1)
    if topic in (PROCORE.inbox, PROCORE.ledger):
        slot = chance.choice(["next", "current", "intent"])
        own = victim.origin_id if topic is PROCORE.ledger else f"{victim.origin_id}|{slot}"
        return chance.choice([own.encode(), own.encode(), b"\xff\xfe", b"stray", b""])
    keyless = None if topic.cleanup is Cleanup.DELETE else b""  # A compacted topic takes no record without a key.
    return chance.choice([victim.change_order_key.encode(), victim.origin_id.encode(), b"\xff", b"stray", keyless])


def value(chance: random.Random, topic: Topic, name: str) -> bytes | None:
    codec = record_codec()
    right = codec.encode(SAMPLES[topic.record], name)
    other = codec.encode(SAMPLES[chance.choice(sorted(SAMPLES))], name)
    at = chance.randrange(10, len(right))
    return chance.choice(
        [
            chance.choice(FOUND),
            right[:at],
            right[:at] + bytes([chance.randrange(256)]) + right[at + 1 :],
            right[:at] + chance.randbytes(40) + right[at:],
            other,
            chance.randbytes(chance.randrange(1, 2_000)),
            None if topic.cleanup is Cleanup.COMPACT else b"",
        ]
    )


def bomb(relay: Relay) -> None:
    """Where a batch may be passed over: inbox and ledger would stop, naming it, which is meant."""
    producer = KafkaProducer(
        bootstrap_servers=relay.bootstrap_servers,
        compression_type="gzip",
        max_request_size=2 * BOMB,
        batch_size=2 * BOMB,
    )
    try:
        for topic in (OBSERVED, PROCORE.commands, OUTCOMES):
            producer.send(topic.name(relay.prefix), bytes(BOMB), key=b"bomb", partition=0)
        producer.flush(60)
    finally:
        producer.close()
