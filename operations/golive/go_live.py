"""A route's change orders, carried: chosen, held against what a plan has shown, and written into the backfill lane."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from operations.audit import AuditedTransaction
from operations.environment import Environment
from operations.errors import Refused
from operations.forecast.calls import Forecast
from operations.golive.left import Left, why_left
from operations.golive.mappers import prove_routes, wait_until_obeyed_by_mappers
from operations.golive.pilots import end_pilots, make_pilots, pilots_of
from operations.golive.unseen import Seen, is_unseen, seen_by_writers
from operations.pace import Pace
from operations.plan.plan import make_plan
from operations.plan.recorded import RecordedPlan, read_plan
from operations.plan.routes import as_live, carries, chosen_routes
from operations.preflight import prove_names
from operations.replay.events import Replayed, ReplayMapping
from operations.replay.newest import current_ends, select
from operations.replay.places import Place, Places
from operations.replay.selection import Selection
from operations.replay.write import Tally, write
from operations.survey.calls import Calls
from relay.domain.events import ChangeOrderObserved
from relay.domain.letters import MAPPER
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.routes import Route, RouteMode
from relay.engine.kafka import CommitFailed
from relay.engine.stages.circuit_breaker import CircuitBreaker
from relay.engine.topics import ALL, OBSERVED, OUTCOMES
from workers.mapper import NOT_THE_MAPPING_S_FAULT

BEGUN, ENDED = "go_live", "go_live.ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be carried: of the event at each place the commands of these origin ids.

    ``keys``: of the change orders, by the places of their newest events; ``found``: of all that were meant, also where
    nothing is to be carried of them now; ``there``: origin ids of which the remote may hold something. ``left``: what
    the mapper refuses, and what is not as a plan has shown it.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WentLive:
    """What a go-live has done. ``pilots`` are keys of change orders that are carried from now on."""

    go_live_id: str
    chosen: Chosen
    tally: Tally
    pilots: tuple[str, ...]


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

    With a plan it is planned again, by at most ``calls``: what is not as it was shown is left.
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
    chosen = _unseen(environment, route, only, recorded.plan_id if recorded else None)
    return chosen if recorded is None else _as_shown(environment, chosen, recorded, only, calls)


def carry(
    environment: Environment,
    chosen: Chosen,
    *,
    only: Sequence[str],
    who: str,
    why: str,
    rate: float,
    wait: float,
    advanced: Callable[[int], None],
) -> WentLive:
    """Carries what was chosen. Raises ``Refused`` where a mapper follows other routes, or does not obey in time.

    What is carried before its route is live becomes a pilot first, and is read again once every mapper obeys it: a
    revision that comes meanwhile is carried too.
    """
    prove_routes(environment)
    route = chosen.route
    pilots: tuple[str, ...] = ()
    if only and route.mode is not RouteMode.LIVE:
        left = {one.change_order_key for one in chosen.left}  # A pilot is carried whole or not at all.
        wanted = chosen.found - left
        pilots = tuple(sorted(wanted - {pilot.change_order_key for pilot in pilots_of(environment, route.label)}))
        make_pilots(environment, route.label, pilots, who=who, why=why)
        wait_until_obeyed_by_mappers(environment, wait)
        newest = _unseen(environment, route, only, chosen.plan_id)
        commands = {place: ids for place, ids in newest.commands.items() if newest.keys[place] in wanted}
        chosen = replace(newest, commands=commands, left=chosen.left)
    elif route.mode is RouteMode.LIVE and pilots_of(environment, route.label):
        end_pilots(environment, route.label, (), who=who, why=why)  # Else they would count again with the next dry_run.
    go_live_id = str(uuid.uuid4())
    if not chosen.commands:
        return WentLive(go_live_id=go_live_id, chosen=chosen, tally=Tally(), pilots=pilots)
    tally = _write(environment, chosen, go_live_id, who=who, why=why, rate=rate, advanced=advanced)
    return WentLive(go_live_id=go_live_id, chosen=chosen, tally=tally, pilots=pilots)


def _write(
    environment: Environment,
    chosen: Chosen,
    go_live_id: str,
    *,
    who: str,
    why: str,
    rate: float,
    advanced: Callable[[int], None],
) -> Tally:
    again = "what was carried already is not carried again: run the same command once more"
    about = {"route": chosen.route.label, "plan_id": chosen.plan_id, "events": len(chosen.commands)}
    mapping = ReplayMapping(
        environment,
        as_live([chosen.route], environment.configuration.routing),
        plan_id=chosen.plan_id,
        only=chosen.origin_ids,
    )
    with AuditedTransaction(environment, who, why) as transaction:
        try:
            transaction.commit([], [transaction.action(go_live_id, BEGUN, about)])
            tally = write(transaction, go_live_id, mapping.events(Places.of(chosen.commands)), Pace(rate), advanced)
            transaction.commit([], [transaction.action(go_live_id, ENDED, {"commands": tally.commands})])
        except CommitFailed as error:
            raise Refused(f"{error}; {again}") from error
        except KeyboardInterrupt:
            raise Refused(f"interrupted; {again}") from None
    return tally


# -- what is chosen


def _unseen(environment: Environment, route: Route, only: Sequence[str], plan_id: str | None) -> Chosen:
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
    topic, targets = environment.name(OUTCOMES), {target.name: route.shown(target) for target in route.targets}
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
    asked = chosen.origin_ids | {one.origin_id or one.change_order_key for one in chosen.left}
    left = {
        key: why for key, row in rows.items() if (why := why_left(recorded.rows.get(key), row, is_asked=key in asked))
    }
    kept = chosen.of(rows.keys() - left.keys())
    return replace(
        kept,
        forecast=_forecast(environment, kept),
        left=tuple(
            Left(
                change_order_key=rows[key].change_order_key,
                origin_id=rows[key].origin_id,
                number=rows[key].number,
                target=rows[key].target,
                why=why,
            )
            for key, why in left.items()
        ),
    )


def _forecast(environment: Environment, kept: Chosen) -> Forecast:
    """Of what is kept. Its commands are made once more, since none of them is kept."""
    forecast = Forecast()
    mapping = ReplayMapping(environment, as_live([kept.route], environment.configuration.routing), only=kept.origin_ids)
    for replayed in mapping.events(Places.of(kept.commands)):
        for command in replayed.written.commands:
            forecast.add(command, is_there=command.origin_id in kept.there)
    return forecast
