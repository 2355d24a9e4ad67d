"""The names of routes: those of today's file, and those that `cor topics apply` has written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from operations.environment import Environment
from operations.names import recorded_names
from relay.domain.failures import Fatal
from relay.domain.route_names import RouteNames
from relay.domain.routes import Route
from relay.engine.configuration import Configuration, ConfigurationError, load_configuration
from relay.engine.configuration.pins import placeholders
from relay.engine.kafka import KafkaFailure

_ROUTE = "route:"


def route_names(environment: Environment) -> RouteNames:
    """What can be known of them; what cannot be read is called by the targets' own names."""
    return RouteNames(routes=_of_today(environment), recorded=_recorded(environment))


def called_today(environment: Environment) -> Callable[[str], str]:
    """What a target of this name is called by today's file, for what is read without Kafka: the file is read now, and
    what a project is pinned to makes no name.
    """
    file = environment.settings.config
    routes = _known(lambda: load_configuration(Path(file), secrets_of=(), pins=placeholders({}, {}))) if file else ()
    return RouteNames(routes=routes).of_target


def _of_today(environment: Environment) -> Sequence[Route]:
    return () if environment.settings.config is None else _known(lambda: environment.configuration)


def _known(read: Callable[[], Configuration]) -> Sequence[Route]:
    try:
        return read().routing.routes
    except (ConfigurationError, KafkaFailure, Fatal, OSError):
        return ()  # What is read says enough; what is wrong with the file, `cor check` says.


def _recorded(environment: Environment) -> list[tuple[str, str]]:
    try:
        records = recorded_names(environment)
    except (KafkaFailure, Fatal):
        return []  # Whoever depends on names says what is wrong with them.
    routes = sorted((one for one in records if one.name.startswith(_ROUTE)), key=lambda one: one.recorded_at)
    return [(one.name.removeprefix(_ROUTE), one.stands_for) for one in routes]
