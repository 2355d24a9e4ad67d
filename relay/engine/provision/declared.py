"""How each topic should be, and in what an existing one differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from relay.domain.failures import Fatal
from relay.engine.kafka import TopicSpec
from relay.engine.topics import ALIKE, ALL, DAY_MS, FAMILIES, MEBIBYTE, Cleanup, Topic

PARTITIONS = "partitions"
"""How a report calls the number of partitions, which is no setting of Kafka's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One thing about a topic that is not as declared."""

    topic: str
    setting: str
    found: str
    wanted: str


def declared_topics(prefix: str, brokers: int, partitions: int | None = None) -> dict[str, TopicSpec]:
    """Every declared topic, by its full name. ``partitions``: another number than the declared one.

    Three replicas where there are as many brokers; a write is taken when two of three have it.
    """
    replication = min(3, brokers)
    return {
        topic.name(prefix): TopicSpec(
            name=topic.name(prefix),
            partitions=_count(topic, partitions),
            replication=replication,
            settings=_settings(topic, 2 if replication >= 3 else 1),
        )
        for topic in ALL
    }


def _count(topic: Topic, partitions: int | None) -> int:
    return topic.partitions if partitions is None or topic.partitions == 1 else partitions


def _settings(topic: Topic, in_sync: int) -> dict[str, str]:
    return {
        "cleanup.policy": topic.cleanup.value,
        "max.message.bytes": str(topic.max_message_bytes),
        "min.insync.replicas": str(in_sync),
        "unclean.leader.election.enable": "false",
        "compression.type": "gzip" if topic.for_others else "producer",
        **(_compacted(topic) if topic.cleanup is Cleanup.COMPACT else _kept(topic)),
    }


def _compacted(topic: Topic) -> dict[str, str]:
    # A restore reads whole partitions, so they are kept short: segments are closed, and with that
    # can be compacted, daily. Tombstones stay long enough for a cache file that is a week old.
    return {
        "segment.bytes": str(128 * MEBIBYTE),
        "segment.ms": str(DAY_MS),
        "min.cleanable.dirty.ratio": "0.2",
        "delete.retention.ms": str(topic.tombstones_ms),
    }


def _kept(topic: Topic) -> dict[str, str]:
    return {"retention.ms": str(topic.retention_ms), "retention.bytes": "-1"}


def refuse_other_counts(prefix: str, wanted: Mapping[str, TopicSpec], counts: Mapping[str, int]) -> None:
    """Raises ``Fatal`` where existing topics have numbers of partitions that nothing may change.

    A family's number decides which partition holds a tenant: with another one, its inbox and its
    ledger would not be found, and everything would be written to the remote again.
    """
    for family in FAMILIES.values():
        _refuse_family(family.system, [topic.name(prefix) for topic in family.all], wanted, counts)
    for topics in ALIKE:
        _refuse_unequal([topic.name(prefix) for topic in topics], counts)


def _refuse_family(
    system: str, names: Iterable[str], wanted: Mapping[str, TopicSpec], counts: Mapping[str, int]
) -> None:
    for name in names:
        if name in counts and counts[name] != wanted[name].partitions:
            raise Fatal(
                f"{name} has {counts[name]} partitions, not {wanted[name].partitions}: the number of partitions of the "
                f"{system} topics is fixed for life, because it decides where a tenant's ledger is. Keep "
                f"{counts[name]} with `--partitions {counts[name]}`, or start anew under another COR_TOPIC_PREFIX"
            )


def _refuse_unequal(names: Iterable[str], counts: Mapping[str, int]) -> None:
    existing = {name: counts[name] for name in names if name in counts}
    if len(set(existing.values())) > 1:
        listed = ", ".join(f"{name}: {count}" for name, count in existing.items())
        raise Fatal(f"these topics must have equal numbers of partitions, and they have not ({listed})")


def drifts(
    wanted: Mapping[str, TopicSpec], counts: Mapping[str, int], settings: Mapping[str, Mapping[str, str]]
) -> tuple[Drift, ...]:
    """In what the existing topics differ from the declared ones."""
    differences = []
    for name, count in sorted(counts.items()):
        wish = wanted[name]
        if count != wish.partitions:
            differences.append(Drift(topic=name, setting=PARTITIONS, found=str(count), wanted=str(wish.partitions)))
        differences += [
            Drift(topic=name, setting=setting, found=settings[name].get(setting, ""), wanted=value)
            for setting, value in wish.settings.items()
            if settings[name].get(setting) != value
        ]
    return tuple(differences)
