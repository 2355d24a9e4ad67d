"""What is to be carried of a route: what no writer has been asked for yet, held against what a plan has shown."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from operations.environment import Environment
from operations.errors import Refused
from operations.forecast.calls import Forecast
from operations.golive.left import NOT_IN_THE_PLAN, ONLY_A_PART, Left, why_left, why_outside
from operations.golive.mappers import prove_routes
from operations.golive.unseen import Seen, is_unseen, seen_by_writers
from operations.plan.plan import make_plan
from operations.plan.recorded import RecordedPlan, read_plan
from operations.plan.routes import as_live, carries, chosen_routes
from operations.preflight import prove_names
from operations.replay.events import Replayed, ReplayMapping
from operations.replay.newest import current_ends, select
from operations.replay.places import Place, Places
from operations.replay.selection import Selection
from operations.survey.calls import Calls
from relay.domain import identity
from relay.domain.events import ChangeOrderObserved
from relay.domain.letters import MAPPER
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.routes import Route, RouteMode
from relay.engine.stages.circuit_breaker import CircuitBreaker
from relay.engine.topics import ALL, OBSERVED, OUTCOMES
from workers.mapper import NOT_THE_MAPPING_S_FAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be carried: of the event at each place the commands of these origin ids.

    ``keys``: of the change orders, by the places of their newest events; ``found``: of all that were meant, also where
    nothing is to be carried of them now, and of what becomes pilots those alone that are carried; ``there``: origin ids
    of which the remote may hold something. ``left``: what the mapper refuses, what is not as a plan has shown it, and
    what would be but a part of a pilot.
    """

    route: Route
    commands: Mapping[Place, frozenset[str]]
    keys: Mapping[Place, str]
    found: frozenset[str]
    there: frozenset[str]
    left: tuple[Left, ...]
    forecast: Forecast
    plan_id: str | None

    @property
    def origin_ids(self) -> frozenset[str]:
        """Those whose commands are carried."""
        return frozenset().union(*self.commands.values())

    def of(self, origin_ids: Container[str]) -> Chosen:
        """What of it concerns these origin ids."""
        kept = {
            place: frozenset(one for one in commands if one in origin_ids) for place, commands in self.commands.items()
        }
        return replace(self, commands={place: commands for place, commands in kept.items() if commands})

    def left_out(self, why: Mapping[str, str]) -> Iterator[Left]:
        """Its commands of these origin ids as what is left, for these reasons."""
        numbers = {one.change_order_key: one.number for one in self.left if one.number}
        targets = _shown_targets(self.route)
        for place, commands in self.commands.items():
            for origin_id in sorted(commands & why.keys()):
                named = identity.root_of(origin_id)
                yield Left(
                    change_order_key=self.keys[place],
                    origin_id=origin_id,
                    number=numbers.get(self.keys[place]),
                    target=targets.get(named[1]) if named else None,
                    why=why[origin_id],
                )


def choose(
    environment: Environment,
    label: str,
    *,
    plan: str | None,
    only: Sequence[str],
    calls: Calls,
    dry_run: bool = False,
) -> Chosen:
    """What would be carried of a route. Raises ``Refused`` where it is not live and nothing is named by ``only``.

    It also raises ``Refused``, unless ``dry_run``, where a mapper follows other routes: what it maps by them behind the
    end that is read here would be carried by nobody.

    With a plan it is planned again, by at most ``calls``: what is not as it was shown is left. A change order that
    would become a pilot is chosen whole or not at all.
    """
    environment.counts(ALL)
    prove_names(environment)
    (route,) = chosen_routes(environment.configuration.routing.routes, [label])
    recorded = None if plan is None else _planned(environment, plan, label)
    if route.mode is not RouteMode.LIVE and not only:
        raise Refused(
            f"route {label} says mode: {route.mode.value}: set it to live in the file, or name with --only what is to "
            "be carried before the others"
        )
    if not dry_run:
        prove_routes(environment)
    chosen = unseen_of(environment, route, only, recorded.plan_id if recorded else None)
    kept = chosen if recorded is None else _as_shown(environment, chosen, recorded, only, calls)
    if route.mode is not RouteMode.LIVE:
        kept = _as_pilots(kept, recorded)
    return kept if kept.commands == chosen.commands else replace(kept, forecast=_forecast(environment, kept))


def unseen_of(environment: Environment, route: Route, only: Sequence[str], plan_id: str | None) -> Chosen:
    """What no writer has been asked for yet, through the mapper's circuit breaker. Raises ``CircuitOpen``."""
    routing = as_live([route], environment.configuration.routing)
    names, found = frozenset(only), dict[str, str]()

    def takes(event: ChangeOrderObserved) -> bool:
        if names and names.isdisjoint((event.key, event.change_order_id)):
            return False
        if carries(route, event):
            found[event.change_order_id] = found[event.key] = event.key
            return True
        for name in (event.change_order_id, event.key):  # Its newest revision counts, and is none of the route's.
            if found.get(name) == event.key:
                del found[name]
        return False

    ends = current_ends(environment, environment.counts([OBSERVED])[OBSERVED])
    places = select(environment, Selection(), ends, takes).places
    missing = [name for name in only if name not in found]
    if missing:
        raise Refused(
            f"route {route.label} carries no observed change order {', '.join(missing)}: --only takes ids of the "
            "source system, which `cor trace NUMBER` tells"
        )
    seen, breaker = seen_by_writers(environment), CircuitBreaker(MAPPER)
    forecast, kept, keys = Forecast(), dict[Place, frozenset[str]](), dict[Place, str]()
    left: list[Left] = []
    there = set[str]()
    for replayed in ReplayMapping(environment, routing).events(places):
        reason = replayed.written.letter_reason
        breaker.note(None if reason in NOT_THE_MAPPING_S_FAULT else reason)
        left += _refused(environment, route, replayed, seen)
        unseen = [command for command in replayed.written.commands if is_unseen(command, seen)]
        if unseen:
            keys[replayed.place] = unseen[0].change_order_key
            kept[replayed.place] = frozenset(command.origin_id for command in unseen)
        there |= {
            command.origin_id for command in unseen if command.origin_id in seen and seen[command.origin_id].was_sent
        }
        for command in unseen:
            forecast.add(command, is_there=command.origin_id in there)
    return Chosen(
        route=route,
        commands=kept,
        keys=keys,
        found=frozenset(found.values()),
        there=frozenset(there),
        left=tuple(left),
        forecast=forecast,
        plan_id=plan_id,
    )


def _refused(environment: Environment, route: Route, replayed: Replayed, seen: Mapping[str, Seen]) -> Iterator[Left]:
    """What the mapper refuses of an event, unless a writer was asked for that revision by an earlier mapping."""
    if OutcomeKind.REJECTED not in replayed.written.outcomes:
        return
    topic, targets = environment.name(OUTCOMES), _shown_targets(route)
    for record in replayed.written.outgoing:
        if record.topic != topic:
            continue
        outcome = environment.codec.decode(record.value or b"", ChangeOrderOutcome)
        known = seen.get(outcome.origin_id or "")
        if outcome.kind is OutcomeKind.REJECTED and (known is None or known.sequence < outcome.sequence):
            yield Left(
                change_order_key=outcome.change_order_key,
                origin_id=outcome.origin_id,
                number=None,
                target=targets.get(outcome.target or ""),
                why=f"it is refused ({outcome.reason}): {outcome.sentence}",
            )


def _shown_targets(route: Route) -> dict[str, str]:
    return {target.name: route.shown(target) for target in route.targets}


# -- what a plan has shown


def _planned(environment: Environment, named: str, label: str) -> RecordedPlan:
    recorded = read_plan(environment, named)
    if label not in recorded.routes:
        raise Refused(f"plan {recorded.plan_id} is not of route {label}, but of {', '.join(recorded.routes)}")
    return recorded


def _as_shown(
    environment: Environment, chosen: Chosen, recorded: RecordedPlan, only: Sequence[str], calls: Calls
) -> Chosen:
    """Of what is unseen what is still as the plan has shown it."""
    wish = replace(recorded.wish, routes=(chosen.route.label,))
    if only:
        wish = replace(wish, change_orders=tuple(only))
    rows = {row.key: row for row in make_plan(environment, wish, calls).rows}
    asked = chosen.origin_ids | {one.key for one in chosen.left}
    why = {
        key: said for key, row in rows.items() if (said := why_left(recorded.rows.get(key), row, is_asked=key in asked))
    }
    left = [
        Left(
            change_order_key=rows[key].change_order_key,
            origin_id=rows[key].origin_id,
            number=rows[key].number,
            target=rows[key].target,
            why=said,
        )
        for key, said in why.items()
    ]
    outside = {key: why_outside(recorded.rows.get(key)) for key in asked - rows.keys()}
    left += [replace(one, why=outside[one.key]) for one in chosen.left if one.key in outside]
    left += chosen.left_out(outside)
    return replace(chosen.of(rows.keys() - why.keys()), left=tuple(left))


def _forecast(environment: Environment, kept: Chosen) -> Forecast:
    """Of what is kept. Its commands are made once more, since none of them is kept."""
    forecast = Forecast()
    mapping = ReplayMapping(environment, as_live([kept.route], environment.configuration.routing), only=kept.origin_ids)
    for replayed in mapping.events(Places.of(kept.commands)):
        for command in replayed.written.commands:
            forecast.add(command, is_there=command.origin_id in kept.there)
    return forecast


# -- what becomes a pilot


def _as_pilots(chosen: Chosen, recorded: RecordedPlan | None) -> Chosen:
    """The change orders of which nothing is left: each is carried whole or not at all."""
    left = list(chosen.left)
    if recorded is not None:  # Also where nothing is to be carried now: its later revisions would be.
        unshown = chosen.found - {row.change_order_key for row in recorded.rows.values()}
        left += [
            Left(change_order_key=key, origin_id=None, number=None, target=None, why=NOT_IN_THE_PLAN)
            for key in sorted(unshown - {one.change_order_key for one in left})
        ]
    not_whole = {one.change_order_key for one in left}
    parts = {
        origin_id: ONLY_A_PART
        for place, commands in chosen.commands.items()
        if chosen.keys[place] in not_whole
        for origin_id in commands
    }
    kept = chosen.of(chosen.origin_ids - parts.keys())
    return replace(kept, found=chosen.found - not_whole, left=(*left, *chosen.left_out(parts)))
