"""What strangers write to any topic of ours: the stages live, answer, stay small, and carry what is right.

:data:`FOUND` are bytes that a search once found; what a seed finds is added there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from kafka import KafkaProducer

from deploy.local import Kafka
from relay.domain.identity import tenant_partition
from relay.engine.kafka import Connection, Outgoing, PlainWriter
from relay.engine.record_codec import record_codec
from relay.engine.topics import ALL, CINX, CONTROL, FAMILIES, NAMES, OBSERVED, POLL_STATE, PROCORE, Cleanup, Topic
from tests.cor_process import run_cor
from tests.faults.harness import PATIENCE
from tests.faults.whole_relay import WholeRelay, customer, whole_relay
from tests.unit.schemas.samples import SAMPLES

pytestmark = [pytest.mark.storm, pytest.mark.timeout(1200)]  # On a busy machine a third; each wait has its own end.

VICTIMS = range(900, 920)
"""Change orders whose records are written over; the others are nobody's business."""

RECORDS = 340
BOMB = 24 * 1024 * 1024
"""Bytes that a batch of a few dozen kilobytes unfolds to; none of ours unfolds to half of it."""

DONE, WITH_LETTERS = 0, 3

COMMANDS = [
    ("status",),
    ("letters", "list"),
    ("log",),
    ("audit", "--json"),
    ("holds", "list"),
    ("members", "list"),
    ("names", "list"),
    ("writes", "--xlsx", "{folder}/writes.xlsx"),
    ("trace", "After"),
    ("replay", "--all", "--dry-run"),
]

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

HEADERS: list[tuple[tuple[str, bytes | None], ...]] = [
    (),
    (("dd-pathway-ctx", b"\x0a\xc3\x28\xff\xfe"),),
    (("cor-letter", b"\xff" * 40), ("cor-letter-attempts", "²".encode()), ("cor-letter-first-at", b"0001-01-01T00:00")),
    (("cor-letter", b"x" * 300_000), ("cor-letter-attempts", b"999999999"), ("cor-as-is", None)),
    (("cor-letter-first-at", b"9999-12-31T23:59:59-23:59"), ("cor-letter", b"y")),
    (("traceparent", b"00-" + b"f" * 5_000), ("tracestate", b"\x00")),
    tuple((f"header-{at}", None) for at in range(600)),
]
"""On any of the records."""

TIMES = [None, None, 0, 1]
"""By a producer's clock; a broker takes any time that is past, and none before 1970."""


@pytest.fixture
def relay(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str) -> Iterator[WholeRelay]:
    with ExitStack() as stack:
        yield whole_relay(tmp_path, kafka, connection, provisioned, {"acme": customer("acme", stack)})


@pytest.mark.parametrize("seed", [7, 23])
def test_what_strangers_write_stops_nobody(relay: WholeRelay, seed: int) -> None:
    chance = random.Random(seed)
    with relay.running() as process:
        relay.carries("Before", process)
        write(relay, hostile(chance, relay))
        bomb(relay)
        relay.carries("Beside", process)
        relay.carries("Beside it still", process)
    write(relay, hostile(chance, relay))
    with relay.running() as process:  # Its restore reads what was written over inbox, ledger, poll state and control.
        relay.carries("After", process)
        relay.carries("Well after", process)
    assert not relay.customers["acme"].doubled()
    assert relay.tables.dump()["unreadable"], "strangers' records stand nowhere"
    for command in COMMANDS:
        ends_well(relay, *command)


def ends_well(relay: WholeRelay, *command: str) -> None:
    words = [word.format(folder=relay.folder) for word in command]
    ended = run_cor(words, relay.environment(), PATIENCE)
    assert ended.returncode in (DONE, WITH_LETTERS), (command, ended.stderr[-2000:])


def write(relay: WholeRelay, records: Iterator[Outgoing]) -> None:
    with PlainWriter(relay.connection) as writer:
        for record in records:
            writer.send(record)
        writer.flush()


def hostile(chance: random.Random, relay: WholeRelay) -> Iterator[Outgoing]:
    """Each topic gets its share. Names are left alone: unreadable ones stop a start, which is meant."""
    topics = [topic for topic in ALL if topic is not NAMES]
    for at in range(RECORDS):
        topic = topics[at % len(topics)]
        name = topic.name(relay.prefix)
        made = value(chance, topic, name)
        number, headers, at_ms = place(chance, topic, relay), chance.choice(HEADERS), chance.choice(TIMES)
        yield Outgoing(name, key(chance, topic), made, number, headers, at_ms)
    # Whatever is said of it has this key as its own, and once more in its value.
    yield Outgoing(OBSERVED.name(relay.prefix), b"x:y:" + b"z" * 4_500_000, b"hello")


def place(chance: random.Random, topic: Topic, relay: WholeRelay) -> int:
    """Where an owner's partition is hit as often as not."""
    if topic.partitions == 1:
        return 0
    system = next((name for name, family in FAMILIES.items() if topic in family.all), "constructiononline")
    return chance.choice([tenant_partition(system, "acme", relay.partitions), chance.randrange(relay.partitions)])


def key(chance: random.Random, topic: Topic) -> bytes | None:
    """Keys of ours, about what nobody minds, and others. An unreadable intent of CINX would hold its account."""
    change_order = f"constructiononline:acme:{chance.choice(VICTIMS)}"
    origin = f"cor:{change_order}:owner" if topic in PROCORE.all else f"cor:{change_order}:steel"
    keyless = None if topic.cleanup is Cleanup.DELETE else b""  # A compacted topic takes no record without a key.
    strangers = [b"\xff\xfe", b"stray", keyless, b"x" * 3_000, "\u202e|next".encode(), b"|", b":::"]
    ours = [change_order, origin]
    if topic in (PROCORE.inbox, CINX.inbox):
        slots = ["next", "current", "intent"] if topic is PROCORE.inbox else ["next", "current"]
        tenant = "procore:acme" if topic is PROCORE.inbox else "cinx:acme"
        ours = [*(f"{origin}|{slot}" for slot in slots), f"{tenant}|account", "procore:stranger|hold"]
    elif topic in (PROCORE.ledger, CINX.ledger):
        ours = [origin]
    elif topic is POLL_STATE:
        ours = [change_order, "constructiononline:acme", "procore:acme", "cinx:acme", "cinx:acme:"]
    elif topic is CONTROL:
        words = ["member:mapper:ghost", "hold:x:procore:stranger", "proposal:p", "poll:constructiononline:acme"]
        ours = [*words, f"pilot:r:{change_order}", "member:", "hold:"]
    return chance.choice([chance.choice(ours).encode(), chance.choice(ours).encode(), chance.choice(strangers)])


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


def bomb(relay: WholeRelay) -> None:
    """Where a batch may be passed over: inbox, ledger and names would stop, naming it, which is meant."""
    producer = KafkaProducer(
        bootstrap_servers=relay.bootstrap_servers,
        compression_type="gzip",
        max_request_size=2 * BOMB,
        batch_size=2 * BOMB,
    )
    stores = (NAMES, PROCORE.inbox, PROCORE.ledger, CINX.inbox, CINX.ledger)
    try:
        for topic in ALL:
            for number in range(min(topic.partitions, relay.partitions)) if topic not in stores else ():
                producer.send(topic.name(relay.prefix), bytes(BOMB), key=b"bomb", partition=number)
        producer.flush(60)
    finally:
        producer.close()
