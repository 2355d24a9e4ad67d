"""Change orders that are carried although their route is not live yet, in this and all later revisions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from operations.audit import AuditedTransaction, now
from operations.environment import Environment
from operations.errors import Refused
from operations.holds.standing import read_standing
from relay.domain.control import Control, Pilot
from relay.domain.routes import RouteMode, Routing
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.control.topic_state import Standing
from relay.engine.kafka import Outgoing
from relay.engine.topics import CONTROL


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePilots:
    """The change orders that stand as pilots of a label, by their keys.

    ``has_route``: a route of the file has the label, and this is its ``mode``; ``None``: the file is not at hand.
    """

    route: str
    change_orders: tuple[str, ...]
    has_route: bool | None
    mode: RouteMode | None


def pilots_by_route(standing: Standing, modes: Mapping[str, RouteMode] | None) -> tuple[RoutePilots, ...]:
    """All that stand, by the label of their route. ``modes``: of the file's routes, by label."""
    keys: dict[str, list[str]] = {}
    for route, key in sorted(standing.pilots()):
        keys.setdefault(route, []).append(key)
    return tuple(
        RoutePilots(
            route=route,
            change_orders=tuple(found),
            has_route=None if modes is None else route in modes,
            mode=None if modes is None else modes.get(route),
        )
        for route, found in keys.items()
    )


def modes_at_hand(environment: Environment) -> dict[str, RouteMode] | None:
    """Of the file's routes by label; ``None`` where it is not at hand."""
    if environment.settings.config is None:
        return None
    try:
        return {route.label: route.mode for route in environment.configuration.routing.routes}
    except ConfigurationError:
        return None


def stray_pilots(environment: Environment) -> tuple[RoutePilots, ...]:
    """Those of labels that no route of the file has: nothing is carried for them any more."""
    modes = {route.label: route.mode for route in environment.configuration.routing.routes}
    return tuple(one for one in pilots_by_route(read_standing(environment), modes) if not one.has_route)


def routing_in_force(environment: Environment) -> Routing:
    """The routes of the file, with the pilots that stand on the control topic."""
    return replace(environment.configuration.routing, pilots=read_standing(environment).pilots())


def pilots_of(environment: Environment, route: str) -> list[Pilot]:
    """The pilots of a route, by its label, the oldest first."""
    values = read_standing(environment).values.values()
    found = [value.pilot for value in values if value.pilot is not None and value.pilot.route == route]
    return sorted(found, key=lambda pilot: pilot.since)


def make_pilots(environment: Environment, route: str, keys: Sequence[str], *, who: str, why: str) -> None:
    """Writes a pilot for each change order, in one transaction with the audit entries."""
    pilots = [
        Pilot(pilot_id=str(uuid.uuid4()), route=route, change_order_key=key, person=who, since=now()) for key in keys
    ]
    if pilots:
        _commit(environment, pilots, "pilot.begin", who, why, ends=False)


def end_pilots(environment: Environment, route: str, keys: Iterable[str], *, who: str, why: str) -> list[Pilot]:
    """Ends the pilots of these change orders, keys or ids alone; without any, all of the route. Raises ``Refused``."""
    standing, wanted = pilots_of(environment, route), list(keys)
    chosen = [pilot for pilot in standing if not wanted or _is_named(pilot, wanted)]
    missing = [name for name in wanted if not any(_is_named(pilot, [name]) for pilot in standing)]
    if missing or not chosen:
        raise Refused(f"route {route} has no pilot {', '.join(missing)}".rstrip() + ": `cor status` lists those it has")
    _commit(environment, chosen, "pilot.end", who, why, ends=True)
    return chosen


def end_all_pilots(environment: Environment, route: str, *, who: str, why: str) -> None:
    """Ends the pilots of a route, if it has any."""
    standing = pilots_of(environment, route)
    if standing:
        _commit(environment, standing, "pilot.end", who, why, ends=True)


def _is_named(pilot: Pilot, names: Sequence[str]) -> bool:
    return pilot.change_order_key in names or pilot.change_order_key.split(":", 2)[-1] in names


def _commit(environment: Environment, pilots: Sequence[Pilot], action: str, who: str, why: str, *, ends: bool) -> None:
    topic = environment.name(CONTROL)
    controls = [Control(pilot=pilot) for pilot in pilots]
    outgoing = [
        Outgoing(topic, control.key.encode(), None if ends else environment.codec.encode(control, topic), 0)
        for control in controls
    ]
    with AuditedTransaction(environment, who, why) as transaction:
        entries = [
            transaction.action(pilot.change_order_key, action, {"pilot_id": pilot.pilot_id, "route": pilot.route})
            for pilot in pilots
        ]
        transaction.commit(outgoing, entries)
