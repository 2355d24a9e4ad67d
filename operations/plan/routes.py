"""The routes of a plan: those that are asked for, as if they were live, and what they carry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from operations.errors import WrongUsage
from relay.domain.events import ChangeOrderObserved
from relay.domain.mapping.events import starts_here
from relay.domain.routes import OwnRecords, Route, RouteMode, Routing


def chosen_routes(routes: Sequence[Route], named: Collection[str]) -> tuple[Route, ...]:
    """The routes of these labels, or all. Raises ``WrongUsage`` for a label that none has, or several."""
    if not named:
        return tuple(routes)
    by_label: dict[str, list[Route]] = {}
    for route in routes:
        by_label.setdefault(route.label, []).append(route)
    for name in named:
        found = len(by_label.get(name, ()))
        if found == 0:
            raise WrongUsage(f"there is no route {name!r}; there are: {', '.join(by_label) or 'none'}")
        if found > 1:
            raise WrongUsage(f"{found} routes are called {name!r}, by where they start: give each a name of its own")
    return tuple(route for route in routes if route.label in named)


def as_live(routes: Sequence[Route], routing: Routing) -> Routing:
    """These routes alone, as if they were live."""
    return Routing(routes=tuple(replace(route, mode=RouteMode.LIVE) for route in routes), unrouted=routing.unrouted)


def carries(route: Route, event: ChangeOrderObserved) -> bool:
    """Whether the route carries such an event: our own records only where it says so."""
    return starts_here(route, event) and (event.origin_id is None or route.own_records is OwnRecords.MAP)
