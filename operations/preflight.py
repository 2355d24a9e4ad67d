"""What has to hold before a stage consumes anything."""

from __future__ import annotations

import threading
import time

import structlog

from operations.environment import Environment, counts_of, registry_of
from operations.renamed_targets import TargetsRenamed, renamed_targets
from relay.domain.route_names import start_of, target_of
from relay.engine import provision
from relay.engine.configuration import Configuration
from relay.engine.kafka import Connection, TopicsMissing
from relay.engine.settings import Settings
from relay.engine.telemetry import events
from relay.engine.topics import ALL
from schemas import Codec, RegistryUnreachable

Pairs = list[tuple[str, str]]

_log = structlog.get_logger(__name__)
_PAUSE = 1.0
"""Seconds between two questions."""


def names_in(configuration: Configuration) -> tuple[Pairs, Pairs]:
    """Accounts and targets with what they stand for."""
    accounts = [(key, account.stands_for()) for key, account in configuration.accounts().items()]
    targets = [
        (target_of(route, target), f"{target.system}:{target.account}")
        for route in configuration.routing.routes
        for target in route.targets
    ]
    return accounts, targets


def routes_in(configuration: Configuration) -> Pairs:
    """Routes that have a name, with where they start."""
    return [(route.name, start_of(route)) for route in configuration.routing.routes if route.name is not None]


def await_registry(settings: Settings, stop: threading.Event) -> None:
    """Returns when the schema registry answers, or none is configured; tries for ``COR_PATIENCE`` seconds.

    Raises what the last attempt met: ``RegistryUnreachable`` or its ``RegistryRefused``.
    """
    registry = registry_of(settings)
    until = time.monotonic() + settings.patience
    while registry is not None:
        try:
            registry.check()
        except RegistryUnreachable as failure:
            if time.monotonic() >= until or stop.wait(_PAUSE):
                words = f"{failure} (tried for {settings.patience:.0f} s)"
                raise type(failure)(words, status=failure.status) from failure
            _log.warning(events.REGISTRY_NOT_READY, message=str(failure))
        else:
            return


def await_provisioning(
    settings: Settings, connection: Connection, codec: Codec, configuration: Configuration, stop: threading.Event
) -> None:
    """Returns when topics are there and names are recorded; tries for ``COR_PATIENCE`` seconds.

    In a first installation, and with a release that brings topics, stages start beside what provisions them. Raises
    ``TopicsMissing`` or ``NamesUnrecorded`` where it did not come in time, and at once ``Fatal`` where a name means
    something else.
    """
    until, told = time.monotonic() + settings.patience, ""
    while True:
        try:
            prove_start(connection, codec, settings.topic_prefix, configuration)
        except (TopicsMissing, provision.NamesUnrecorded) as missing:
            if time.monotonic() >= until or stop.wait(_PAUSE):
                raise type(missing)(f"{missing} (waited {settings.patience:.0f} s for it)") from missing
            if str(missing) != told:
                told = str(missing)
                _log.warning(events.PROVISIONING_AWAITED, message=told)
        else:
            return


def prove_start(connection: Connection, codec: Codec, prefix: str, configuration: Configuration) -> None:
    """Raises ``Fatal`` where a topic is missing, or a name is not recorded or means something else."""
    counts_of(connection, prefix, ALL)
    accounts, targets = names_in(configuration)
    provision.check_names(connection, codec, prefix, accounts=accounts, targets=targets)


def prove_names(environment: Environment) -> None:
    """Raises ``Fatal`` as :func:`prove_start` does, before a command writes what stages read.

    Raises ``Fatal`` where names cannot be read, also without a configuration: a command that went on without the
    schema registry that they were written with would take every record for rubbish. ``TargetsRenamed`` where what
    a new target writes to was written to by another name.
    """
    configuration = None if environment.settings.config is None else environment.configuration
    accounts, targets = ([], []) if configuration is None else names_in(configuration)
    where = environment.connection, environment.codec, environment.prefix
    try:
        provision.check_names(*where, accounts=accounts, targets=targets)
    except provision.NamesUnrecorded as unrecorded:
        renamed = configuration and renamed_targets(environment, configuration, provision.recorded_names(*where))
        if not renamed:
            raise
        raise TargetsRenamed(renamed) from unrecorded
