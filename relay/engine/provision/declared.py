"""How each topic should be, and in what an existing one differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from relay.domain.failures import Fatal
from relay.engine.kafka import TopicSpec
from relay.engine.topics import ALIKE, ALL, DAY_MS, FAMILIES, FOR_EVER, MEBIBYTE, WRAPPING_BYTES, Cleanup, Topic

PARTITIONS = "partitions"
"""How a report calls the number of partitions, which is no setting of Kafka's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One thing about a topic that is not as declared."""

    topic: str
    setting: str
    found: str
    wanted: str

    @property
    def sentence(self) -> str:
        """What it leads to, and what to do; for people, without its full stop."""
        return (
            f"{self.topic} has {self.setting} {self.found or 'nothing'} and not {self.wanted}: "
            f"{_CONSEQUENCES.get(self.setting, 'it was made or changed by somebody else')}"
        )


_CONSEQUENCES = {
    PARTITIONS: "it is left at what it is",
    "cleanup.policy": "records that the relay still needs are removed, and it stops where it sees that; set it as it "
    "should be before anything is written there",
    "max.message.bytes": "what is larger than this becomes a letter; if the cluster takes no more, say so by "
    "COR_LARGEST_MESSAGE",
    "retention.ms": "records are removed at another age than is promised to those who read them",
    "retention.bytes": "records are removed by size, whether or not they were read",
    "delete.retention.ms": "whoever reads seldom may miss that a key has ended",
    "min.insync.replicas": "what was acknowledged can be lost with a broker, or nothing is taken while one is away",
    "unclean.leader.election.enable": "what was acknowledged can be lost with a broker",
    "message.timestamp.type": "a record that says it is old is removed at once, and a writer that was away then stops",
    "compression.type": "other services may need a library that they do not have",
    "segment.bytes": "a start may have to read more than it needs",
    "segment.ms": "a start may have to read more than it needs",
    "min.cleanable.dirty.ratio": "a start may have to read more than it needs",
}
"""What another setting leads to, of a topic of ours that was made by hand."""


def declared_topics(
    prefix: str, brokers: int, partitions: int | None = None, largest_message: int = WRAPPING_BYTES
) -> dict[str, TopicSpec]:
    """Every declared topic, by its full name. ``partitions``: another number than the declared one.
    ``largest_message``: bytes (``COR_LARGEST_MESSAGE``).

    Three replicas where there are as many brokers; a write is taken when two of three have it.
    """
    replication = min(3, brokers)
    return {
        topic.name(prefix): TopicSpec(
            name=topic.name(prefix),
            partitions=_count(topic, partitions),
            replication=replication,
            settings=_settings(topic, 2 if replication >= 3 else 1, largest_message),
        )
        for topic in ALL
    }


def _count(topic: Topic, partitions: int | None) -> int:
    return topic.partitions if partitions is None or topic.partitions == 1 else partitions


def _settings(topic: Topic, in_sync: int, largest_message: int) -> dict[str, str]:
    return {
        "cleanup.policy": topic.cleanup.value,
        "max.message.bytes": str(topic.takes(largest_message)),
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
    kept = {"retention.ms": str(topic.retention_ms), "retention.bytes": "-1"}
    # A writer may call its record as old as it likes; by the broker's clock it is removed no sooner than ours.
    return kept if topic.retention_ms == FOR_EVER else {**kept, "message.timestamp.type": "LogAppendTime"}


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
