"""Topics, first offsets and names: compared with what this release declares, and brought to it."""

from __future__ import annotations

import threading

from operations.audit import AuditedTransaction, now
from operations.environment import Environment, codec_of, connection_of
from operations.errors import WrongUsage
from operations.preflight import await_registry, names_in
from relay.domain.records import NameRecord
from relay.engine import provision
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Cluster, Outgoing
from relay.engine.provision import ProvisionReport
from relay.engine.settings import read_settings
from relay.engine.topics import NAMES


def apply(partitions: int | None, *, reset_lost_offsets: bool) -> tuple[ProvisionReport, tuple[str, ...]]:
    """Creates what is missing, and writes down what names stand for; returns the new names too."""
    settings = read_settings()
    # A wrong file is refused before anything is made.
    configuration = None if settings.config is None else load_configuration(settings.config, secrets_of=())
    connection = connection_of(settings)
    connection.wait(settings.patience)
    with Cluster(connection) as cluster:
        report = provision.apply(
            cluster, settings.topic_prefix, partitions=partitions, reset_lost_offsets_too=reset_lost_offsets
        )
    if configuration is None:
        return report, ()
    await_registry(settings, threading.Event())
    accounts, targets = names_in(configuration)
    recorded = provision.record_names(
        connection, codec_of(settings), settings.topic_prefix, accounts=accounts, targets=targets, now=now()
    )
    return report, recorded


def diff(partitions: int | None) -> ProvisionReport:
    """Compares the cluster with what is declared; changes nothing."""
    settings = read_settings()
    with Cluster(connection_of(settings)) as cluster:
        return provision.diff(cluster, settings.topic_prefix, partitions=partitions)


def moved(account: str, *, who: str, why: str) -> tuple[NameRecord, str]:
    """Records that an account stands for the remote account that is configured now; returns what it stood for, too.

    Raises ``WrongUsage`` for a name that is no account of the configuration, ``Fatal`` where nothing has moved.
    """
    environment = Environment.read()
    accounts, _ = names_in(environment.configuration)
    meanings = dict(accounts)
    if account not in meanings:
        configured = ", ".join(sorted(meanings)) or "it has none"
        raise WrongUsage(f"{account} is no account of the configuration: {configured}")
    at = now()
    record, before = provision.moved(
        environment.connection, environment.codec, environment.prefix, (account, meanings[account]), at
    )
    topic = environment.name(NAMES)
    effect = Outgoing(topic, record.name.encode(), environment.codec.encode(record, topic))
    with AuditedTransaction(environment, who, why) as transaction:
        details = {"from": before, "to": record.stands_for}
        transaction.commit([effect], [transaction.action(record.name, "moved", details, at)])
    return record, before
