"""``cor topics apply`` and ``cor topics diff``."""

from __future__ import annotations

from datetime import UTC, datetime

from relay.engine import provision
from relay.engine.configuration import Configuration, load_configuration
from relay.engine.kafka import Cluster
from relay.engine.provision import Report
from relay.engine.settings import Settings
from relay.ops.assembly import codec_of, connection_of

Pairs = list[tuple[str, str]]


def diff(settings: Settings, partitions: int | None) -> Report:
    """What ``apply`` would change."""
    with Cluster(connection_of(settings)) as cluster:
        return provision.diff(cluster, settings.topic_prefix, partitions=partitions)


def apply(settings: Settings, partitions: int | None, *, reset_lost_offsets: bool) -> tuple[Report, tuple[str, ...]]:
    """Creates what is missing, and writes down what names stand for; returns the new names too."""
    connection = connection_of(settings)
    with Cluster(connection) as cluster:
        report = provision.apply(
            cluster, settings.topic_prefix, partitions=partitions, reset_lost_offsets_too=reset_lost_offsets
        )
    if settings.config is None:
        return report, ()
    accounts, targets = names_in(load_configuration(settings.config))
    now = datetime.now(UTC)
    written = provision.record_names(
        connection, codec_of(settings), settings.topic_prefix, accounts=accounts, targets=targets, now=now
    )
    return report, written


def names_in(configuration: Configuration) -> tuple[Pairs, Pairs]:
    """Accounts and targets with what they stand for."""
    accounts = [(key, account.stands_for()) for key, account in configuration.accounts().items()]
    targets = []
    for route in configuration.routing.routes:
        source = route.source
        start = f"{source.system}:{source.account}:{source.project or '*'}"
        targets += [(f"{start}:{one.name}", f"{one.system}:{one.account}") for one in route.targets]
    return accounts, targets
