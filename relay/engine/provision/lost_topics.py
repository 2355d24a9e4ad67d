"""Topics that are not what they were: deleted, made again, or without their beginning.

A topic that is made again has its name and another id, and nothing of what was in it. Of an inbox or a ledger that
means that nobody knows any more what was written: whoever went on would write it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from relay.domain.failures import Fatal
from relay.engine.kafka import Cluster, Partition
from relay.engine.topics import ALL, FAMILIES, POLL_STATE, Topic

KEPT_WHOLE = (*(store for family in FAMILIES.values() for store in family.stores), POLL_STATE)
"""Topics that are read from their first offset on: nothing may be removed from their beginning."""

_STORES = frozenset(store for family in FAMILIES.values() for store in family.stores)
_SEE = 'see "When something is lost" in docs/operating.md'


@dataclass(frozen=True, slots=True, kw_only=True)
class LostTopic:
    """A topic that is not what it was. ``replaced``: it has another id, or is not there; ``sentence`` says it all."""

    topic: Topic
    replaced: bool
    sentence: str


class TopicsLost(Fatal):
    """Topics are not what they were."""

    def __init__(self, lost: Collection[LostTopic]) -> None:
        super().__init__("; ".join(topic.sentence for topic in lost))


def lost_topics(cluster: Cluster, prefix: str, recorded: Mapping[str, str]) -> tuple[LostTopic, ...]:
    """What is lost of the topics, in the order in which they are declared.

    ``recorded``: the ids that topics should have, by their names without the prefix; one that it does not name is
    only looked at where it has to be whole. Changes nothing.
    """
    ids = cluster.topic_ids([topic.name(prefix) for topic in ALL])
    replaced = {
        topic: _replaced(topic, prefix, recorded[topic.base], ids.get(topic.name(prefix)))
        for topic in ALL
        if topic.base in recorded and ids.get(topic.name(prefix)) != recorded[topic.base]
    }
    present = [topic for topic in KEPT_WHOLE if topic.name(prefix) in ids and topic not in replaced]
    cut = {topic: _cut(topic, partition, first) for topic, partition, first in _beginnings(cluster, prefix, present)}
    return tuple(lost for topic in ALL if (lost := replaced.get(topic) or cut.get(topic)) is not None)


def _replaced(topic: Topic, prefix: str, recorded: str, found: str | None) -> LostTopic:
    name = topic.name(prefix)
    what = (
        f"{name} is not there any more (its id was {recorded})"
        if found is None
        else f"{name} was deleted and made again: its id is {found}, and was {recorded}"
    )
    accept = f"`cor topics apply --accept-new-topic {name} --why ...`"
    if topic in _STORES:
        then = f"then `cor ledger rebuild` folds what can be known of it ({accept} goes on without)"
    else:
        then = f"then {accept} takes {'a new one' if found is None else 'it'}"
    sentence = f"{what}. {_consequence(topic)}; {then} ({_SEE})"
    return LostTopic(topic=topic, replaced=True, sentence=sentence)


def _cut(topic: Topic, partition: Partition, first: int) -> LostTopic:
    sentence = (
        f"{partition.topic}[{partition.number}] begins at offset {first}: somebody has removed records from its "
        f"beginning, or let it be deleted from by age. {_consequence(topic)} ({_SEE})"
    )
    return LostTopic(topic=topic, replaced=False, sentence=sentence)


def _consequence(topic: Topic) -> str:
    if topic in _STORES:
        return "What it held of writes to the remote is gone, and going on would write again: stop the writer first"
    return "What it held is gone: find out who removes topics, and take away their right to"


def _beginnings(cluster: Cluster, prefix: str, topics: Collection[Topic]) -> Iterator[tuple[Topic, Partition, int]]:
    """The first partition of each topic that does not begin at offset 0."""
    by_name = {topic.name(prefix): topic for topic in topics}
    counts = cluster.partition_counts(list(by_name)) if by_name else {}
    every = [Partition(name, number) for name, count in counts.items() for number in range(count)]
    beginnings = cluster.beginning_offsets(every) if every else {}
    for partition, first in sorted(beginnings.items(), reverse=True):
        if first > 0:
            yield by_name[partition.topic], partition, first
