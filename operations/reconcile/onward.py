"""Contracts whose records go on to other contracts: a source's change order is followed through all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from operations.reconcile.books import Place
from operations.wording import system_name
from relay.domain.routes import OwnRecords, Route, RouteMode, Routing
from relay.domain.side import side_of
from workers.views.shares import place_of

Where = tuple[str, str, str, str]
"""System, account, project and contract."""


def is_onward(routing: Routing) -> bool:
    """Whether any route carries records of ours on."""
    return any(_onward(routing))


def goes_on(place: Place, routing: Routing) -> bool:
    """Whether records of ours there are carried on by a route."""
    return any(_starts(route, place) for route in _onward(routing))


def named_place(where: Where, routing: Routing) -> Place | None:
    """The contract as a target of a route has it, with its side."""
    places = (place for route in routing.routes for place in _targets(route))
    return next((one for one in places if (one.system, one.account, one.project, one.contract) == where), None)


def fed_unseen(
    places: Collection[Place], routing: Routing, seen: Collection[tuple[str, str]]
) -> Iterator[tuple[Place, str]]:
    """Contracts to which records at ``places`` are carried on, where none of their account was ever ``seen``; and why
    these cannot be compared.
    """
    for route in _onward(routing):
        system, account = route.source.system, route.source.account
        if (system, account) in seen or not any(_starts(route, place) for place in places):
            continue
        words = (
            f"it gets change orders from our records at {system_name(system)} {account} (own_records: map), and "
            f"nothing of these had been observed by then. See that the stage poll-{system} runs (`cor status`), and "
            "reconcile again once it has read them"
        )
        yield from ((place, words) for place in _targets(route))


def _onward(routing: Routing) -> Iterable[Route]:
    routes = (route for route in routing.routes if route.own_records is OwnRecords.MAP)
    return (route for route in routes if route.mode is not RouteMode.OBSERVE)


def _starts(route: Route, place: Place) -> bool:
    source = route.source
    if (source.system, source.account) != (place.system, place.account):
        return False
    # A purchase order of CINX does not tell its project.
    return source.project is None or not place.project or source.project == place.project


def _targets(route: Route) -> list[Place]:
    places = []
    for target in route.targets:
        named = place_of(target.destination.name)
        project, contract = named["project_id"] or "", named["contract"] or ""
        side = side_of(target.destination).value
        places.append(
            Place(side=side, system=target.system, account=target.account, project=project, contract=contract)
        )
    return places
