"""What would be carried if the routes were live: chosen, mapped, and looked at with the writers' own protocol."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from operations.audit import now
from operations.environment import Environment
from operations.errors import WrongUsage
from operations.forecast.calls import Forecast
from operations.holds.standing import read_standing
from operations.plan.rows import CARRIED, Action, PlanRow, mapped_row, written_row
from operations.plan.writers import Looked, RecordReads, Writers
from operations.preflight import prove_names
from operations.replay.events import ReplayMapping
from operations.replay.newest import current_ends, select
from operations.replay.selection import Selection
from operations.survey.calls import Calls
from relay.domain.commands import CinxCommand, Operation, ProcoreCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.mapping.events import starts_here
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.routes import OwnRecords, Route, RouteMode, Routing
from relay.engine.configuration.digest import routes_digest
from relay.engine.kafka import Outgoing
from relay.engine.provision import NamesUnrecorded
from relay.engine.topics import ALL, FAMILIES, OBSERVED, OUTCOMES

_READ_OTHERWISE = frozenset({Action.NOT_READ})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a plan is to be of. Without ``routes`` it is of all routes of the file; the other conditions all hold.

    ``change_orders``: keys, or ids alone. ``records``: how many records may be read one by one.
    """

    routes: tuple[str, ...] = ()
    project: str | None = None
    change_orders: tuple[str, ...] = ()
    records: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was found. ``calls`` were made; ``forecast`` is what carrying it would take.

    ``read_up_to``: by topic and partition (``topic[3]``) the offset up to which it was read. ``digest``: of the routes.
    """

    plan_id: str
    at: datetime
    file: Path
    digest: str
    routes: tuple[str, ...]
    rows: tuple[PlanRow, ...]
    calls: int
    forecast: Forecast
    read_up_to: Mapping[str, int]


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


def make_plan(environment: Environment, wish: Wish, calls: Calls, progress: Callable[[], None] = lambda: None) -> Plan:
    """Reads topics and remotes. Raises ``WrongUsage`` for a route that is not there, ``Fatal`` for a changed name."""
    configuration = environment.configuration
    counts = environment.counts(ALL)
    with suppress(NamesUnrecorded):  # What is new in the file has nothing yet that could be mistaken.
        prove_names(environment)
    routes = chosen_routes(configuration.routing.routes, wish.routes)
    routing = as_live(routes, configuration.routing)
    ends = current_ends(environment, counts[OBSERVED])
    events = _Events(routes, wish)
    selected = select(environment, Selection(project=wish.project), ends, events.takes)
    mapping = ReplayMapping(environment, routing)
    rows: list[PlanRow] = []
    forecast = Forecast()
    commands: list[Outgoing] = []
    for replayed in mapping.events(selected.places):
        mapped, sent = _split(environment, replayed.written.outgoing)
        rows += [events.mapped(outcome) for outcome in mapped]
        commands += sent
        progress()
    reads = RecordReads(wish.records)
    standing = read_standing(environment)
    all_live = as_live(configuration.routing.routes, configuration.routing)
    with Writers(environment, configuration, all_live, standing.holds, calls, reads) as writers:
        for looked in writers.look(commands):
            row = events.written(looked)
            rows.append(row)
            if row.action in CARRIED | _READ_OTHERWISE:
                forecast.add(looked.foreseen.command, is_there=row.action is Action.CHANGED)
            progress()
        read_up_to = writers.read_up_to
    topic = environment.name(OBSERVED)
    return Plan(
        plan_id=str(uuid.uuid4()),
        at=now(),
        file=environment.settings.configuration_file(),
        digest=routes_digest(configuration),
        routes=tuple(route.label for route in routes),
        rows=tuple(sorted(rows, key=_order)),
        calls=calls.made,
        forecast=forecast,
        read_up_to={**{f"{topic}[{number}]": end for number, end in sorted(ends.items())}, **read_up_to},
    )


class _Events:
    """The newest event of each chosen change order, and the route by which it is carried."""

    def __init__(self, routes: Sequence[Route], wish: Wish) -> None:
        self._routes = routes
        self._change_orders = frozenset(wish.change_orders)
        self._newest: dict[str, ChangeOrderObserved] = {}

    def takes(self, event: ChangeOrderObserved) -> bool:
        if self._change_orders.isdisjoint((event.key, event.change_order_id)) and self._change_orders:
            return False
        if not any(carries(route, event) for route in self._routes):
            self._newest.pop(event.key, None)
            return False
        self._newest[event.key] = replace(event, raw=None)
        return True

    def mapped(self, outcome: ChangeOrderOutcome) -> PlanRow:
        event = self._newest[outcome.change_order_key]
        return mapped_row(event, self._route(event, outcome.target), outcome)

    def written(self, looked: Looked) -> PlanRow:
        command = looked.foreseen.command
        event = self._newest[command.change_order_key]
        return written_row(event, self._route(event, command.target), looked.foreseen, looked.worth)

    def _route(self, event: ChangeOrderObserved, target: str | None) -> Route:
        here = [route for route in self._routes if carries(route, event)]
        named = (route for route in here if target in {one.name for one in route.targets})
        return next(named, here[0])


def _split(environment: Environment, outgoing: Sequence[Outgoing]) -> tuple[list[ChangeOrderOutcome], list[Outgoing]]:
    """What the mapper ends itself, and the commands; looks at what we wrote are none that carry anything."""
    outcomes = [
        environment.codec.decode(record.value or b"", ChangeOrderOutcome)
        for record in outgoing
        if record.topic == environment.name(OUTCOMES)
    ]
    return outcomes, list(_carrying(environment, outgoing))


def _carrying(environment: Environment, outgoing: Sequence[Outgoing]) -> Iterator[Outgoing]:
    kinds = {"procore": ProcoreCommand, "cinx": CinxCommand}
    by_topic = {
        topic.name(environment.prefix): kinds[family.system] for family in FAMILIES.values() for topic in family.lanes
    }
    for record in outgoing:
        kind = by_topic.get(record.topic)
        if kind is not None and environment.codec.decode(record.value or b"", kind).operation is not Operation.VERIFY:
            yield record


def _order(row: PlanRow) -> tuple[bool, str, str, str]:
    """Refusals last, else by route and number."""
    return row.action is Action.REFUSED, row.route, (row.number or "").rjust(12), row.key
