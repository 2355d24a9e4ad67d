"""What ``cor status`` says of routes: what they have only shown, and what was written and is no longer followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from operations.audit import now
from operations.environment import Environment
from operations.golive.unseen import Seen, StandsThere, is_unseen, seen_by_writers
from operations.plan.routes import as_live, carries
from operations.reading import latest_by_key, pass_over
from operations.renamed_targets import RenamedTarget, renamed_targets
from operations.route_names import route_names
from relay.domain import identity
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.failures import Fatal
from relay.domain.mapping import map_event
from relay.domain.mapping.commands import root_of
from relay.domain.route_names import RouteNames
from relay.domain.routes import OwnRecords, Route, RouteMode, Routing
from relay.engine.kafka import Cluster, Partition
from relay.engine.provision import recorded_names
from relay.engine.topics import CURRENT
from schemas import Unreadable

MOST_COUNTED: Final = 5_000
"""Records of ``current`` that ``cor status`` looks through; with more it would keep people waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyShown:
    """A route of which change orders were only shown, and never carried.

    ``no_longer_followed``: change orders that were written, and either the route is not live, and they are no pilots,
    or their newest revision was only shown. ``renamed`` asks whether targets were, whose change orders would all be
    written once more: nothing is carried before that is said.
    """

    route: str
    mode: RouteMode
    change_orders: int
    no_longer_followed: int
    renamed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutRoute:
    """Change orders that were written by a target, and that no route of the file carries there any more.

    ``target``: as people call it; ``destination``: a name of ``system``.
    """

    target: str
    system: str
    destination: str
    change_orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCarried:
    """What the routes of the file do not carry, and what none of them carries any more."""

    routes: tuple[OnlyShown, ...]
    without_route: tuple[WithoutRoute, ...]


def not_carried(
    environment: Environment, pilots: frozenset[tuple[str, str]], is_behind: Callable[[], bool]
) -> NotCarried | None:
    """By the file's routes, with these pilots. ``is_behind``: whether there is anything that the mapper has not read.

    ``None``: the mapper has not read everything, or there is too much to look through while somebody waits.
    """
    partitions = environment.every(CURRENT, environment.counts([CURRENT])[CURRENT])
    if _records(environment, partitions) > MOST_COUNTED:
        return None
    routing = replace(environment.configuration.routing, pilots=pilots)
    # In this order: what stood on `current` has been mapped by the second look, and is known to writers by the third.
    newest = list(_newest(environment, partitions))
    if is_behind():
        return None
    comparison = compare(newest, routing, seen_by_writers(environment), now())
    named = comparison.without_route and route_names(environment)
    renamed = _renamed(environment) if comparison.routes else []
    return NotCarried(
        routes=tuple(
            OnlyShown(
                route=of.route.label,
                mode=of.route.mode,
                change_orders=len(of.never),
                no_longer_followed=len(of.unfollowed),
                renamed=tuple(one.sentence for one in renamed if one.route == of.route.label),
            )
            for of in comparison.routes
        ),
        without_route=tuple(counted_without_route(comparison.without_route, named)) if named else (),
    )


# -- compared


@dataclass(frozen=True, slots=True)
class OfRoute:
    """Change orders of a route, by their keys: never carried, and written and no longer followed."""

    route: Route
    never: set[str] = field(default_factory=set)
    unfollowed: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftThere:
    """What stands somewhere, and no route carries it there. ``project``: of the source, where that shows it still."""

    origin_id: str
    stands: StandsThere
    project: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRoutes:
    """The routes of which there is anything to say, and what is of none of them."""

    routes: Sequence[OfRoute]
    without_route: Sequence[LeftThere]


def compare(
    newest: Iterable[ChangeOrderObserved], routing: Routing, seen: Mapping[str, Seen], at: datetime
) -> ComparedRoutes:
    """What the routes make of the ``newest`` event of each change order, beside what writers have ``seen``."""
    found = [OfRoute(route) for route in routing.routes]
    known_here, projects = set[str](), dict[str, str | None]()
    for event in newest:
        if event.change is Change.DELETED:
            continue
        projects[event.key] = event.project
        for of in found:
            if carries(of.route, event):
                known_here |= _of_event(of, event, routing, seen, at)
    without = []
    for origin_id, known in seen.items():
        stands = known.stands
        if stands is None or origin_id in known_here:
            continue
        # What the source shows is carried by none but those that its event has met.
        goes_there = [] if stands.change_order_key in projects else _going_there(found, origin_id, stands)
        if not goes_there:
            project = projects.get(stands.change_order_key)
            without.append(LeftThere(origin_id=origin_id, stands=stands, project=project))
        elif not any(_follows(of.route, stands.change_order_key, routing) for of in goes_there):
            goes_there[0].unfollowed.add(stands.change_order_key)
    return ComparedRoutes(routes=[of for of in found if of.never or of.unfollowed], without_route=without)


def _of_event(
    of: OfRoute, event: ChangeOrderObserved, routing: Routing, seen: Mapping[str, Seen], at: datetime
) -> set[str]:
    """Adds what the route makes of the event; returns the origin ids of its targets."""
    origin_ids = {identity.origin_id(root_of(event), target.name) for target in of.route.targets}
    if not _follows(of.route, event.key, routing) and any(
        origin_id in seen and seen[origin_id].stands is not None for origin_id in origin_ids
    ):
        of.unfollowed.add(event.key)
    if of.route.mode is not RouteMode.OBSERVE:
        for command in map_event(event, as_live([of.route], routing), at).commands:
            if is_unseen(command, seen):
                known = seen.get(command.origin_id)
                (of.unfollowed if known is not None and known.was_sent else of.never).add(event.key)
    return origin_ids


def _follows(route: Route, change_order_key: str, routing: Routing) -> bool:
    """Whether what changes is carried. A deletion is, too: as a withdrawal, or by a letter that asks about it."""
    return route.mode is RouteMode.LIVE or (route.label, change_order_key) in routing.pilots


def _going_there(routes: Sequence[OfRoute], origin_id: str, stands: StandsThere) -> list[OfRoute]:
    """Those by which it may have been written, of a change order that the source does not show any more."""
    root, name = identity.root_of(origin_id) or ("", "")
    return [
        of
        for of in routes
        if of.route.own_records is OwnRecords.MAP
        or root.startswith(f"{of.route.source.system}:{of.route.source.account}:")
        if any(
            (target.name, target.system) == (name, stands.system)
            and stands.destination in {"", target.destination.name}
            for target in of.route.targets
        )
    ]


def counted_without_route(found: Iterable[LeftThere], names: RouteNames) -> Iterator[WithoutRoute]:
    """Counted by target and destination."""
    today = {route.label for route in names.routes}
    former = RouteNames(recorded=[one for one in names.recorded if one[0] not in today])
    keys: dict[tuple[str, str, str], set[str]] = {}
    for one in found:
        root, name = identity.root_of(one.origin_id) or ("", one.origin_id)
        # By a name alone, where the project is not known, a route of today would be taken for it.
        known = names if one.project is not None else former
        target = known.shown(":".join(root.split(":")[:2]), one.project, name)
        place = (target, one.stands.system, one.stands.destination)
        keys.setdefault(place, set()).add(one.stands.change_order_key)
    for (target, system, destination), of_place in sorted(keys.items()):
        yield WithoutRoute(target=target, system=system, destination=destination, change_orders=len(of_place))


# -- read


def _newest(environment: Environment, partitions: Sequence[Partition]) -> Iterator[ChangeOrderObserved]:
    for record in latest_by_key(environment.connection, partitions, pass_over=pass_over).values():
        try:
            yield environment.codec.decode(record.value or b"", ChangeOrderObserved)
        except Unreadable:
            continue


def _renamed(environment: Environment) -> list[RenamedTarget]:
    """The targets that seem to be; none where names cannot be read, which whoever carries something is told."""
    try:
        recorded = recorded_names(environment.connection, environment.codec, environment.prefix)
    except Fatal:
        return []
    return renamed_targets(environment, environment.configuration, recorded)


def _records(environment: Environment, partitions: Sequence[Partition]) -> int:
    with Cluster(environment.connection) as cluster:
        ends, beginnings = cluster.end_offsets(partitions), cluster.beginning_offsets(partitions)
    return sum(ends[partition] - beginnings[partition] for partition in partitions)
