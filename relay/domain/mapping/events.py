"""From an event and the routes to what is to be done: the whole of mapping, without any I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from relay.domain import identity
from relay.domain.commands import Lane, TargetCommand
from relay.domain.events import Change, ChangeOrderObserved, EventReference
from relay.domain.mapping import reasons, sentences
from relay.domain.mapping.commands import Occasion, in_milliseconds, root_of
from relay.domain.mapping.decision import Decision, Refusal, Skip
from relay.domain.mapping.own_records import verify
from relay.domain.mapping.targets import for_target
from relay.domain.routes import OwnRecords, Route, RouteMode, Routing, Unrouted
from relay.domain.sources.native_fields import moment_of

Piece = TargetCommand | Skip | Refusal


def map_event(
    event: ChangeOrderObserved,
    routing: Routing,
    now: datetime,
    *,
    reference: EventReference | None = None,
    letter_id: str | None = None,
    lane: Lane | None = None,
) -> Decision:
    """What becomes of ``event``: commands, or skips and refusals with their reasons.

    ``now`` becomes ``mapped_at``, by which a later mapping of the same event is the newer one.
    ``lane`` overrules the rule that only snapshots are backfill (a replay is, too). The same arguments
    give the same decision.
    """
    occasion = Occasion(mapped_at=in_milliseconds(now), reference=reference, letter_id=letter_id)
    pieces = list(_pieces(event, routing, occasion))
    usual = Lane.BACKFILL if event.change is Change.SNAPSHOT else Lane.LIVE
    return Decision(
        lane=lane or usual,
        commands=tuple(piece for piece in pieces if not isinstance(piece, Skip | Refusal)),
        skips=tuple(piece for piece in pieces if isinstance(piece, Skip)),
        refusals=tuple(piece for piece in pieces if isinstance(piece, Refusal)),
        shown={
            target.name: route.shown(target)
            for route in routing.routes
            if starts_here(route, event)
            for target in route.targets
        },
    )


def why_none_is_asked(event: ChangeOrderObserved, routing: Routing) -> list[Skip | Refusal]:
    """Of an event of a source's own, why no target of a route is asked; empty: targets say what they take."""
    routes = [_piloted(route, event, routing) for route in routing.routes if starts_here(route, event)]
    if not routes:
        return [_unrouted(event, routing)]
    if _doubled_targets(routes):
        return []
    return [skip for route in routes if (skip := _stopped_before(event, route)) is not None]


def _pieces(event: ChangeOrderObserved, routing: Routing, occasion: Occasion) -> Sequence[Piece]:
    routes = [_piloted(route, event, routing) for route in routing.routes if starts_here(route, event)]
    if event.origin_id is None:
        return _carried(event, routes, occasion) if routes else [_unrouted(event, routing)]
    onward = [route for route in routes if route.own_records is OwnRecords.MAP]
    return [verify(event, routing, occasion), *_carried(event, onward, occasion)]


def starts_here(route: Route, event: ChangeOrderObserved) -> bool:
    source = route.source
    if (source.system, source.account) != (event.system, event.account):
        return False
    return source.project is None or source.project == event.project


def _piloted(route: Route, event: ChangeOrderObserved, routing: Routing) -> Route:
    """The route as it is for this change order: live where a person wants it carried before the others."""
    is_pilot = (route.label, event.key) in routing.pilots
    return replace(route, mode=RouteMode.LIVE) if is_pilot else route


def _carried(event: ChangeOrderObserved, routes: Sequence[Route], occasion: Occasion) -> list[Piece]:
    doubled = _doubled_targets(routes)
    if doubled:
        return [_ambiguous(event, name, routes) for name in doubled]
    return [piece for route in routes for piece in _by_route(event, route, occasion)]


def _doubled_targets(routes: Sequence[Route]) -> list[str]:
    names = Counter(target.name for route in routes for target in route.targets)
    return sorted(name for name, times in names.items() if times > 1)


def _by_route(event: ChangeOrderObserved, route: Route, occasion: Occasion) -> list[Piece]:
    stopped = _stopped_before(event, route)
    if stopped is not None:
        return [stopped]
    return [for_target(event, route, target, occasion) for target in route.targets]


def _stopped_before(event: ChangeOrderObserved, route: Route) -> Skip | None:
    """Why no target of the route is asked."""
    if route.mode is RouteMode.OBSERVE:
        return Skip(reason=reasons.ROUTE_OBSERVES, sentence=sentences.OBSERVED_ONLY)
    if _is_too_old(event, route):
        return Skip(reason=reasons.BEFORE_SINCE, sentence=sentences.before_since(event, route))
    if not route.targets:
        return Skip(reason=reasons.ROUTE_HAS_NO_TARGETS, sentence=sentences.NO_TARGETS)
    return None


def _is_too_old(event: ChangeOrderObserved, route: Route) -> bool:
    """An unreadable date of creation does not prove that the change order is old."""
    created = moment_of(event.change_order.created_on)
    return not route.history and route.since is not None and created is not None and created.date() < route.since


def _unrouted(event: ChangeOrderObserved, routing: Routing) -> Skip | Refusal:
    if event.system not in {route.source.system for route in routing.routes}:
        return Skip(reason=reasons.SYSTEM_NOT_ROUTED, sentence=sentences.system_not_routed(event))
    if event.change is Change.DELETED:
        return Skip(reason=reasons.DELETED, sentence=sentences.deleted_unrouted(event))
    if routing.unrouted.get(f"{event.system}:{event.account}", Unrouted.LETTER) is Unrouted.SKIP:
        return Skip(reason=reasons.ROUTE_MISSING, sentence=sentences.skipped_unrouted(event))
    return Refusal(reason=reasons.ROUTE_MISSING, sentence=sentences.route_missing(event))


def _ambiguous(event: ChangeOrderObserved, name: str, routes: Sequence[Route]) -> Refusal:
    shown = [route.shown(target) for route in routes for target in route.targets if target.name == name]
    return Refusal(
        reason=reasons.ROUTE_AMBIGUOUS,
        sentence=sentences.ambiguous(event, name, shown),
        target=name,
        origin_id=identity.origin_id(root_of(event), name),
    )
