from __future__ import annotations

from collections.abc import Callable

from relay.engine.kafka import Connection, Outgoing, PlainWriter, partition_of


def test_the_producer_and_we_choose_the_same_partition(connection: Connection, make_topic: Callable[..., str]) -> None:
    topic = make_topic(partitions=12)
    keys = [f"constructiononline:acme:{n}".encode() for n in range(200)]
    keys += [bytes([n]) * length for n in (0, 127, 255) for length in range(1, 10)]
    keys.append("procore:süd:änderung-№7".encode())
    with PlainWriter(connection) as writer:
        for key in keys:
            writer.send(Outgoing(topic, key, b"v"))
        chosen = [partition.number for partition, _ in writer.flush()]
    assert chosen == [partition_of(key, 12) for key in keys]
    assert set(chosen) == set(range(12))
