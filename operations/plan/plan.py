"""What would be carried if the routes were live: chosen, mapped, and looked at with the writers' own protocol."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from operations.audit import now
from operations.environment import Environment
from operations.forecast.calls import Forecast
from operations.holds.standing import read_standing
from operations.plan.routes import as_live, carries, chosen_routes
from operations.plan.rows import CARRIED, Action, PlanRow, mapped_row, written_row
from operations.plan.writers import Looked, RecordReads, Writers
from operations.preflight import prove_names
from operations.renamed_targets import TargetsRenamed
from operations.replay.events import ReplayMapping
from operations.replay.newest import current_ends, select
from operations.replay.selection import Selection
from operations.stated_codes import COST_CODE, LINE_ITEM_TYPE, StatedCodes
from operations.survey.calls import Calls
from relay.domain.commands import COMMAND_TYPES, Operation, TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.routes import Route
from relay.engine.configuration.digest import routes_digest
from relay.engine.configuration.document import read_document
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
    ``renamed``: asks whether targets were, whose change orders are all new here and would be written once more.
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
    renamed: tuple[str, ...]


def make_plan(environment: Environment, wish: Wish, calls: Calls, progress: Callable[[], None] = lambda: None) -> Plan:
    """Reads topics and remotes. Raises ``WrongUsage`` for a route that is not there, ``Fatal`` for a changed name."""
    configuration = environment.configuration
    counts = environment.counts(ALL)
    renamed = _renamed(environment)
    routes = chosen_routes(configuration.routing.routes, wish.routes)
    routing = as_live(routes, configuration.routing)
    ends = current_ends(environment, counts[OBSERVED])
    events = _Events(routes, wish, _Stated(environment))
    selected = select(environment, Selection(project=wish.project), ends, events.takes)
    mapping = ReplayMapping(environment, routing)
    rows: list[PlanRow] = []
    forecast = Forecast()

    def commands() -> Iterator[Outgoing]:
        for replayed in mapping.events(selected.places):
            mapped, sent = _split(environment, replayed.written.outgoing)
            rows.extend(map(events.mapped, mapped))
            yield from sent
            progress()

    reads = RecordReads(wish.records)
    standing = read_standing(environment)
    all_live = as_live(configuration.routing.routes, configuration.routing)
    with Writers(environment, configuration, all_live, standing.holds, calls, reads) as writers:
        for looked in writers.look(commands()):
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
        renamed=renamed,
    )


def _renamed(environment: Environment) -> tuple[str, ...]:
    try:
        prove_names(environment)
    except TargetsRenamed as renamed:
        return renamed.sentences
    except NamesUnrecorded:
        pass  # What is new in the file has nothing yet that could be mistaken.
    return ()


class _Stated:
    """Where the code or type stands for which a row is refused."""

    def __init__(self, environment: Environment) -> None:
        self._routes = environment.configuration.routing.routes
        self._file = environment.settings.configuration_file()

    @cached_property
    def _codes(self) -> StatedCodes:
        return StatedCodes(read_document(self._file))

    def place_of(self, route: Route, command: TargetCommand, row: PlanRow) -> str | None:
        """File, line and key; ``None``: it is refused for something else, or not at all."""
        said = row.sentence or ""
        if row.action is not Action.REFUSED or command.payload is None:
            return None
        for line in command.payload.lines:
            stated = ((COST_CODE, line.cost_code), (LINE_ITEM_TYPE, getattr(line, "line_item_type", None)))
            for what, text in stated:
                if text and repr(text) in said and what in (row.reason or ""):
                    return self._codes.place_of(self._routes.index(route), what, text)
        return None


class _Events:
    """The newest event of each chosen change order, and the route by which it is carried."""

    def __init__(self, routes: Sequence[Route], wish: Wish, stated: _Stated) -> None:
        self._routes = routes
        self._stated = stated
        self._change_orders = frozenset(wish.change_orders)
        self._newest: dict[str, ChangeOrderObserved] = {}

    def takes(self, event: ChangeOrderObserved) -> bool:
        if self._change_orders.isdisjoint((event.key, event.change_order_id)) and self._change_orders:
            return False
        if not any(carries(route, event) for route in self._routes):
            self._newest.pop(event.key, None)
            return False
        # What no row tells would take most of the memory.
        shown = replace(event.change_order, items=(), subtitle=None, description=None, notes=None)
        self._newest[event.key] = replace(event, raw=None, change_order=shown)
        return True

    def mapped(self, outcome: ChangeOrderOutcome) -> PlanRow:
        event = self._newest[outcome.change_order_key]
        return mapped_row(event, self._route(event, outcome.target), outcome)

    def written(self, looked: Looked) -> PlanRow:
        command = looked.foreseen.command
        event = self._newest[command.change_order_key]
        route = self._route(event, command.target)
        row = written_row(event, route, looked.foreseen, looked.worth)
        return replace(row, stated_at=self._stated.place_of(route, command, row))

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
    by_topic = {
        topic.name(environment.prefix): COMMAND_TYPES[family.system]
        for family in FAMILIES.values()
        for topic in family.lanes
    }
    for record in outgoing:
        kind = by_topic.get(record.topic)
        if kind is not None and environment.codec.decode(record.value or b"", kind).operation is not Operation.VERIFY:
            yield record


def _order(row: PlanRow) -> tuple[bool, str, str, str]:
    """Refusals last, else by route and number."""
    return row.action is Action.REFUSED, row.route, (row.number or "").rjust(12), row.key
