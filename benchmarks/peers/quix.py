"""Quix Streams, exactly once."""

from __future__ import annotations

from typing import Any

from quixstreams import Application
from quixstreams.context import message_context
from quixstreams.models.serializers import SerializationContext, Serializer

from benchmarks.peers.job import Job, Mapped

BATCH = 500


class ValueOf(Serializer):  # type: ignore[misc]  # the library is not there where types are checked
    """What the codec has written already."""

    def __call__(self, value: Mapped, ctx: SerializationContext) -> bytes:
        return value.value


job = Job.of_command_line()
application = Application(
    broker_address=job.here.connection.bootstrap_servers,
    consumer_group=job.group,
    auto_offset_reset="earliest",
    processing_guarantee="exactly-once",
    commit_every=BATCH,
    commit_interval=5.0,
    auto_create_topics=False,
    consumer_extra_config={"isolation.level": "read_committed"},
    producer_extra_config={"compression.type": "lz4", "linger.ms": 5},
)
source = application.topic(job.source, value_deserializer="bytes", key_deserializer="bytes")
target = application.topic(job.target, value_serializer=ValueOf(), key_serializer="bytes")
stream = application.dataframe(source)


def mapped(value: bytes) -> list[Any]:
    at = message_context()
    return list(job.mapped(value, at.partition, at.offset))


stream = stream.apply(mapped, expand=True)
# Sent by the application's own producer, so that it is part of its transaction.
stream = stream.to_topic(target, key=lambda command: command.key)
application.run(count=job.count)
job.tell()
