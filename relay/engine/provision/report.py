"""The two commands: say what differs, and make what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from relay.engine.kafka import Cluster, Partition, TopicSpec
from relay.engine.provision.declared import Drift, declared_topics, drifts, refuse_other_counts
from relay.engine.provision.groups import (
    GroupOffsets,
    LostOffset,
    group_offsets,
    reset_lost_offsets,
    set_first_offsets,
)
from relay.engine.topics import WRAPPING_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionReport:
    """What :func:`diff` found, or :func:`apply` found before it acted.

    ``missing``: topics that are not there. ``drift``: what is not as declared. ``unset``: groups
    with the partitions in which they have no offset. ``lost``: offsets that are no longer there.
    """

    missing: tuple[str, ...]
    drift: tuple[Drift, ...]
    unset: tuple[tuple[str, tuple[Partition, ...]], ...]
    lost: tuple[LostOffset, ...]

    @property
    def clean(self) -> bool:
        """Nothing differs."""
        return not (self.missing or self.drift or self.unset or self.lost)


def diff(
    cluster: Cluster, prefix: str, *, partitions: int | None = None, largest_message: int = WRAPPING_BYTES
) -> ProvisionReport:
    """What :func:`apply` would find; changes nothing. Raises ``Fatal`` where it would refuse."""
    wanted = declared_topics(prefix, cluster.brokers(), partitions, largest_message)
    counts = cluster.partition_counts(list(wanted))
    refuse_other_counts(prefix, wanted, counts)
    return _report(cluster, wanted, counts, group_offsets(cluster, prefix, counts))


def apply(
    cluster: Cluster,
    prefix: str,
    *,
    partitions: int | None = None,
    reset_lost_offsets_too: bool = False,
    largest_message: int = WRAPPING_BYTES,
) -> ProvisionReport:
    """Creates topics that are missing and sets offsets that are missing; reports what else differs.

    ``partitions``: for topics that are made now, another number than the declared 12. ``largest_message``: bytes of
    the largest message that the cluster takes, from which the topics' limits follow. With
    ``reset_lost_offsets_too`` groups whose offset retention has passed go on with what is left;
    what they missed has to be replayed. Running it again changes nothing. Raises ``Fatal`` where
    the number of partitions of a family would have to change.
    """
    wanted = declared_topics(prefix, cluster.brokers(), partitions, largest_message)
    before = cluster.partition_counts(list(wanted))
    refuse_other_counts(prefix, wanted, before)
    cluster.create(wish for name, wish in wanted.items() if name not in before)
    found = group_offsets(cluster, prefix, cluster.partition_counts(list(wanted)))
    set_first_offsets(cluster, found)
    if reset_lost_offsets_too:
        reset_lost_offsets(cluster, found)
    return _report(cluster, wanted, before, found)


def _report(
    cluster: Cluster, wanted: dict[str, TopicSpec], counts: dict[str, int], found: GroupOffsets
) -> ProvisionReport:
    return ProvisionReport(
        missing=tuple(sorted(set(wanted) - set(counts))),
        drift=drifts(wanted, counts, cluster.settings(list(counts)) if counts else {}),
        unset=tuple((group, tuple(sorted(offsets))) for group, offsets in sorted(found.unset.items())),
        lost=found.lost,
    )
