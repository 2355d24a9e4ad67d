"""The broker on the local Java, which is killed again and again."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from deploy.local.java_broker import JavaBroker
from relay.engine.kafka import Cluster, Connection, Outgoing, PlainWriter, TopicSpec


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what a process has loaded as a file under /proc")
def test_what_it_has_unpacked_is_gone_with_it_also_where_it_was_killed() -> None:
    broker = JavaBroker()
    try:
        broker.open()
        compress_something(Connection(broker.bootstrap_servers))
        loaded = set(re.findall(r"/\S*liblz4-java\S*", Path(f"/proc/{broker.pid}/maps").read_text(encoding="utf-8")))
        assert loaded
        broker.kill()
    finally:
        broker.close()
    assert [one for one in loaded if Path(one).exists()] == []


def compress_something(connection: Connection) -> None:
    """What compresses is no Java, and unpacked when first needed: the keys of a compacted topic are looked at."""
    with Cluster(connection) as cluster:
        cluster.create([TopicSpec(name="topic", partitions=1, replication=1, settings={"cleanup.policy": "compact"})])
    with PlainWriter(connection) as writer:
        writer.send(Outgoing("topic", b"key", b"value" * 1000, 0))
        writer.flush()
