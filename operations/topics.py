"""Topics, first offsets and names, brought to what this release declares."""

from __future__ import annotations

import threading

from operations.audit import now
from operations.environment import codec_of, connection_of
from operations.preflight import await_registry, names_in
from relay.engine import provision
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Cluster
from relay.engine.provision import ProvisionReport
from relay.engine.settings import Settings


def apply(
    settings: Settings, partitions: int | None, *, reset_lost_offsets: bool
) -> tuple[ProvisionReport, tuple[str, ...]]:
    """Creates what is missing, and writes down what names stand for; returns the new names too."""
    # A wrong file is told before anything is made.
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
    written = provision.record_names(
        connection, codec_of(settings), settings.topic_prefix, accounts=accounts, targets=targets, now=now()
    )
    return report, written
