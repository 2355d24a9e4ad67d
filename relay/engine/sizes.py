"""How large records may be: the one place that knows what topics take, as they are on the cluster.

A letter and an inbox record hold a whole event or command and what is said about it, so that an event or command has to
be smaller by as much as that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from relay.engine.kafka import Cluster, KafkaRefused, Outgoing
from relay.engine.topics import ALL, CURRENT, FAMILIES, OBSERVED, WRAPPING, WRAPPING_BYTES, Family, Topic
from schemas.failures import Unwritable

_FRAMING = 64 * 1024
"""Bytes that Kafka's framing, key and headers certainly do not take; of a small topic an eighth is left to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSizes:
    """Bytes of a value that the topics of one target take. ``limit``: of a command's record, with key and headers."""

    limit: int
    command: int
    entry: int


def value_size(limit: int) -> int:
    """Bytes of a value that a topic takes whose records may have ``limit`` bytes (``max.message.bytes``)."""
    return limit - min(_FRAMING, limit // 8)


def largest_of_event(cluster: Cluster, prefix: str) -> int:
    """Bytes of an event that both of its topics take."""
    return value_size(min(limits(cluster, prefix, (OBSERVED, CURRENT)).values()))


def target_sizes(cluster: Cluster, prefix: str, family: Family) -> TargetSizes:
    """What the topics of ``family`` take: a command has to fit its lanes, and in its wrapping the inbox."""
    found = limits(cluster, prefix, family.all)
    wrapped = found[family.inbox] - min(WRAPPING, found[family.inbox] // 2)
    limit = min(wrapped, *(found[lane] for lane in family.lanes))
    return TargetSizes(limit=limit, command=value_size(limit), entry=value_size(found[family.ledger]))


def declared_sizes(family: Family) -> TargetSizes:
    """What the topics of ``family`` take where they are as declared."""
    limit = family.commands.max_message_bytes
    return TargetSizes(limit=limit, command=value_size(limit), entry=value_size(family.ledger.max_message_bytes))


DECLARED = {system: declared_sizes(family) for system, family in FAMILIES.items()}
"""By target system."""


def limits(cluster: Cluster, prefix: str, topics: Collection[Topic]) -> dict[Topic, int]:
    """``max.message.bytes`` of each topic, as it is on the cluster.

    Where a user may not read a topic's settings, or has none to read, it is taken to be as declared.
    """
    found = {}
    for topic in topics:
        name = topic.name(prefix)
        try:
            stated = cluster.settings([name]).get(name, {}).get("max.message.bytes")
        except KafkaRefused:
            stated = None
        found[topic] = topic.max_message_bytes if stated is None else int(stated)
    return found


TOO_LARGE = "record.too_large"


class TooLargeForTopic(Unwritable):
    """A record that its topic would not take, whatever its values: found before anything is written."""

    reason = TOO_LARGE


@dataclass(frozen=True, slots=True)
class TopicLimits:
    """``max.message.bytes`` of topics by their names on the cluster; of one that is not named, the largest of all."""

    by_name: Mapping[str, int]

    @classmethod
    def declared(cls, prefix: str = "") -> TopicLimits:
        """Those of topics that are as declared."""
        return cls({topic.name(prefix): topic.max_message_bytes for topic in ALL})

    @classmethod
    def on_cluster(cls, cluster: Cluster, prefix: str, topics: Collection[Topic]) -> TopicLimits:
        """Those of ``topics`` as they are; see :func:`limits`."""
        return cls({topic.name(prefix): limit for topic, limit in limits(cluster, prefix, topics).items()})

    def value(self, topic: str) -> int:
        """Bytes of a value that the topic takes with a key and headers of ours."""
        return value_size(self.by_name.get(topic, WRAPPING_BYTES))

    def check(self, record: Outgoing) -> None:
        """Raises :class:`TooLargeForTopic` for a record that its topic would not take.

        Asked before a transaction begins: in it, nothing would be left but to end.
        """
        limit, size = self.by_name.get(record.topic, WRAPPING_BYTES), record.size
        if size > limit:
            raise TooLargeForTopic(
                record.topic,
                "",
                f"a record takes {size} bytes, and the topic carries at most {limit}: shorten it where it comes "
                "from, or raise the topic's max.message.bytes",
            )
