"""Records of a topic as JSON, as they come."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operations.environment import Environment
from operations.errors import WrongUsage
from operations.json_values import plain
from operations.reading import offsets_at, pass_over
from relay.domain.record_types import RECORD_TYPES
from relay.engine.kafka import Partition, Record, read_to_end
from relay.engine.topics import ALL, Topic
from schemas import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRecord:
    """A record. ``value``: what it says, as JSON has it; ``None`` ends its key. ``unreadable``: why it says nothing."""

    topic: str
    partition: int
    offset: int
    at: datetime
    key: str
    value: Any
    unreadable: str | None = None


def topic_named(name: str) -> Topic:
    """``observed``, ``procore.commands``, or the whole name. Raises ``WrongUsage``."""
    short = {topic.base.removeprefix("change-orders.").removesuffix(".v1"): topic for topic in ALL}
    known = {**short, **{topic.base: topic for topic in ALL}}
    if name not in known:
        raise WrongUsage(f"there is no topic {name!r}; there are {', '.join(short)}")
    return known[name]


class Tail:
    """Reads one topic on and on. ``key``: only records of this key, or of the change order with this id."""

    def __init__(self, environment: Environment, topic: Topic, *, key: str | None, since_ms: int | None) -> None:
        self._environment = environment
        self._topic = topic
        self._key = key
        self._places = environment.every(topic, environment.counts([topic])[topic])
        self._next: dict[Partition, int] = {}
        if since_ms is not None:
            self._next = dict(offsets_at(environment.connection, self._places, since_ms))

    def read(self) -> Iterator[TopicRecord]:
        """What is there and was not read yet: per partition in order."""
        records = read_to_end(self._environment.connection, self._places, start=self._next, pass_over=pass_over)
        for record in records:
            self._next[Partition(record.topic, record.partition)] = record.offset + 1
            if self._key is None or _is_of(record, self._key):
                yield self._shown(record)

    def follow(self, every: float = 1.0) -> Iterator[TopicRecord]:
        """What is there, then what comes; without end."""
        while True:
            yield from self.read()
            time.sleep(every)

    def _shown(self, record: Record) -> TopicRecord:
        value, unreadable = None, None
        try:
            if record.value is not None:
                decoded: Any = self._environment.codec.decode(record.value, RECORD_TYPES[self._topic.record])
                value = _with_source(plain(decoded), decoded)
        except Unreadable as error:
            unreadable = error.message
        return TopicRecord(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            at=record.written_at,
            key=(record.key or b"").decode("utf-8", "backslashreplace"),
            value=value,
            unreadable=unreadable,
        )


def _with_source(shown: Any, decoded: object) -> Any:
    """With the source's own JSON instead of its size."""
    raw = getattr(decoded, "raw", None)
    if isinstance(raw, bytes):
        try:
            shown["raw"] = json.loads(raw)
        except (ValueError, RecursionError):
            shown["raw"] = raw.decode("utf-8", "backslashreplace")
    return shown


def _is_of(record: Record, key: str) -> bool:
    """Whether the record's key is the named one, or that of the change order with this id."""
    text = (record.key or b"").decode("utf-8", "backslashreplace")
    parts = text.removeprefix("cor:").split(":")
    return text == key or (len(parts) > 2 and key in {parts[2], ":".join(parts[:3])})
