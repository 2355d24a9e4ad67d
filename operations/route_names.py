"""The names of routes: those of today's file, and those that `cor topics apply` has written down."""

from __future__ import annotations

from collections.abc import Sequence

from operations.environment import Environment
from operations.names import recorded_names
from relay.domain.failures import Fatal
from relay.domain.route_names import RouteNames
from relay.domain.routes import Route
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.kafka import KafkaFailure

_ROUTE = "route:"


def route_names(environment: Environment) -> RouteNames:
    """What can be known of them; what cannot be read is called by the targets' own names."""
    return RouteNames(routes=_of_today(environment), recorded=_recorded(environment))


def _of_today(environment: Environment) -> Sequence[Route]:
    if environment.settings.config is None:
        return ()
    try:
        return environment.configuration.routing.routes
    except (ConfigurationError, OSError):
        return ()  # The topics say enough; what is wrong with the file, `cor check` says.


def _recorded(environment: Environment) -> list[tuple[str, str]]:
    try:
        records = recorded_names(environment)
    except (KafkaFailure, Fatal):
        return []  # Whoever depends on names says what is wrong with them.
    routes = sorted((one for one in records if one.name.startswith(_ROUTE)), key=lambda one: one.recorded_at)
    return [(one.name.removeprefix(_ROUTE), one.stands_for) for one in routes]
