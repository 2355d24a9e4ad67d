"""Sample records of every kind, out of the history that ``cor mock`` publishes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from operations.mock.aftermath import Told
from operations.mock.history import history
from relay.engine.record_codec import record_codec
from relay.engine.topics import ALL, AUDIT, CURRENT, DIRECTORY, LETTERS, OBSERVED, OUTCOMES, WRITES, Topic
from schemas import Published, Schema, published, schema

ORDERS, SEED, PARTITIONS = 60, 1, 12

_SHORT = {
    OBSERVED: "observed",
    CURRENT: "current",
    OUTCOMES: "outcome",
    LETTERS: "letter",
    WRITES: "write",
    DIRECTORY: "directory",
    AUDIT: "audit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One record. ``name`` is its file's; ``content`` says it as JSON, and its bytes in both wire formats."""

    name: str
    topic: Topic
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SampleRegistry:
    """A registry for the samples: the ``n``-th record that others read has the id ``n``."""

    def id_of(self, topic: str, published: Published) -> int:
        return records().index(published.record) + 1

    def schema_of(self, schema_id: int) -> Schema:
        return schema(records()[schema_id - 1])


def records() -> list[str]:
    """The names of the records that other services read."""
    return list(dict.fromkeys(topic.record for topic in ALL if topic.for_others))


def samples() -> list[Sample]:
    """The first record of every kind that the history holds, topic by topic."""
    found: dict[str, Sample] = {}
    for told in _told():
        name = f"{_SHORT[told.topic]}-{_kind(told)}".removesuffix("-")
        if name not in found:
            found[name] = Sample(name=name, topic=told.topic, content=_content(told))
    order = list(_SHORT)
    return sorted(found.values(), key=lambda sample: (order.index(sample.topic), sample.name))


def _told() -> Iterator[Told]:
    batches = history(ORDERS, SEED, partitions=PARTITIONS, name=lambda topic: topic.base, encode=record_codec().encode)
    return (told for batch in batches if not batch.aborted for told in batch.told)


def _kind(told: Told) -> str:
    """What tells records of one topic apart."""
    if told.record is None:
        return "tombstone"
    if told.topic is OBSERVED:
        return str(told.record.change.value)
    return str(told.record.kind.value) if hasattr(told.record, "kind") else ""


def _content(told: Told) -> dict[str, Any]:
    topic = told.topic.base
    content: dict[str, Any] = {
        "topic": topic,
        "key": told.key,
        "headers": {name: (value or b"").decode() for name, value in told.all_headers},
    }
    if told.record is None:
        return {**content, "value": None}
    record, registry = told.topic.record, SampleRegistry()
    return {
        **content,
        "schema": f"schemas/versions/{record}/{len(published(record))}.avsc",
        "value": spelt(told.record),
        "single_object": _base64(record_codec().encode(told.record, topic)),
        "confluent": {
            "schema_id": registry.id_of(topic, published(record)[-1]),
            "bytes": _base64(record_codec(registry).encode(told.record, topic)),
        },
    }


def spelt(value: Any) -> Any:
    """A record as JSON: amounts as text with four places, times as ISO 8601 in UTC, bytes in Base64."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: spelt(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {name: spelt(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [spelt(member) for member in value]
    if isinstance(value, Decimal):
        return f"{value:.4f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bytes):
        return _base64(value)
    return value.value if isinstance(value, Enum) else value


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
