"""Contracts that get change orders from records of ours, which books of a source do not follow."""

from __future__ import annotations

from collections.abc import Collection

from operations.reconcile.books import Place
from operations.wording import system_name
from relay.domain.routes import OwnRecords, Route, RouteMode, Routing
from workers.views.shares import place_of, side_of


def fed_by_our_records(places: Collection[Place], routing: Routing) -> dict[Place, str]:
    """By contract why it cannot be compared: a route carries our records at one of ``places`` to it."""
    found: dict[Place, str] = {}
    waiting = set(places)
    onward = [route for route in routing.routes if route.own_records is OwnRecords.MAP]
    while waiting:
        fed = {
            place: f"it gets change orders from our records at {system_name(route.source.system)} "
            f"{route.source.account} (own_records: map), and those are not compared"
            for route in onward
            if route.mode is not RouteMode.OBSERVE and any(_starts(route, place) for place in waiting)
            for place in _targets(route)
        }
        waiting = fed.keys() - found.keys() - waiting
        found |= fed
    return found


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
        side = side_of(target).value
        places.append(
            Place(side=side, system=target.system, account=target.account, project=project, contract=contract)
        )
    return places
