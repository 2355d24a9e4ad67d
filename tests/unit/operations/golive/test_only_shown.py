"""What routes have only shown, and what was written and is no longer followed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from operations.environment import Environment
from operations.golive import only_shown
from operations.golive.only_shown import WithoutRoute, compare, counted_without_route, not_carried
from operations.golive.unseen import Seen, StandsThere
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.route_names import RouteNames
from relay.domain.routes import OwnRecords, Route, RouteMode, Routing, Source
from tests.unit.domain.mapping.samples import NOW, change_order, cinx, event, item, procore, route, routing

EVENT = event(change_order(item()))
KEY, MAIN = EVENT.key, f"cor:{EVENT.key}:main"
PLACE = "315/44021"
DRY, LIVE = (route(procore(), name="tower", mode=mode) for mode in (RouteMode.DRY_RUN, RouteMode.LIVE))


def written(sequence: int = EVENT.sequence, key: str = KEY, destination: str = PLACE) -> Seen:
    return Seen(sequence, was_sent=True, stands=StandsThere(key, "procore", destination))


def found(
    routes: Routing | Route, seen: dict[str, Seen], *newest: ChangeOrderObserved
) -> tuple[dict[str, tuple[int, int]], int]:
    """By route how many were never carried and how many are not followed any more, and what no route carries."""
    file = routes if isinstance(routes, Routing) else routing(routes)
    compared = compare(newest, file, seen, NOW)
    rows = {of.route.label: (len(of.never), len(of.unfollowed)) for of in compared.routes}
    return rows, len(compared.without_route)


@pytest.mark.parametrize(
    ("one", "seen", "rows"),
    [
        (DRY, {}, {"tower": (1, 0)}),
        (LIVE, {}, {"tower": (1, 0)}),
        (DRY, {MAIN: written()}, {"tower": (0, 1)}),  # Nothing has changed since: nothing that does is carried.
        (DRY, {MAIN: written(EVENT.sequence - 1)}, {"tower": (0, 1)}),
        (LIVE, {MAIN: written()}, {}),
        (LIVE, {MAIN: written(EVENT.sequence - 1)}, {"tower": (0, 1)}),
        (DRY, {MAIN: Seen(EVENT.sequence, was_sent=True)}, {}),  # It was withdrawn there.
        (DRY, {MAIN: Seen(EVENT.sequence, was_sent=False)}, {}),
        (route(procore(), name="tower", mode=RouteMode.OBSERVE), {MAIN: written()}, {"tower": (0, 1)}),
        (route(procore(), name="tower", mode=RouteMode.OBSERVE), {}, {}),
    ],
)
def test_what_was_written_is_followed_while_its_route_is_live(
    one: Route, seen: dict[str, Seen], rows: dict[str, tuple[int, int]]
) -> None:
    assert found(one, seen, EVENT) == (rows, 0)


@pytest.mark.parametrize("newest", [(EVENT,), ()])
def test_a_pilot_is_followed_until_it_is_ended_also_where_its_change_order_was_deleted(
    newest: tuple[ChangeOrderObserved, ...],
) -> None:
    seen = {MAIN: written()}
    assert found(routing(DRY, pilots=frozenset({("tower", KEY)})), seen, *newest) == ({}, 0)
    assert found(routing(DRY), seen, *newest) == ({"tower": (0, 1)}, 0)


def test_a_deletion_is_followed_where_a_route_that_goes_there_is_live() -> None:
    seen = {MAIN: written()}
    assert found(LIVE, seen) == ({}, 0)
    assert found(DRY, seen) == ({"tower": (0, 1)}, 0)
    assert found(DRY, {MAIN: written(destination="")}) == ({"tower": (0, 1)}, 0)  # A ledger that was rebuilt.
    assert found(DRY, seen, event(change=Change.DELETED)) == ({"tower": (0, 1)}, 0)
    elsewhere = route(procore(), name="clinic", mode=RouteMode.LIVE)
    assert found(elsewhere, {MAIN: written(destination="316/1")}) == ({}, 1)


@pytest.mark.parametrize("newest", [(EVENT,), ()])
def test_what_no_route_carries_there_any_more_is_told_by_itself(newest: tuple[ChangeOrderObserved, ...]) -> None:
    seen = {MAIN: written()}
    assert found(route(cinx(), name="tower", mode=RouteMode.OBSERVE), seen, *newest) == ({}, 1)
    assert found(Routing(routes=()), seen, *newest) == ({}, 1)


def test_a_route_of_another_project_takes_nothing_over() -> None:
    other = route(procore(), name="clinic", source=Source(system="constructiononline", account="acme", project="902"))
    assert found(other, {MAIN: written()}, EVENT) == ({}, 1)


def test_what_a_route_carries_onward_keeps_the_identity_of_its_root() -> None:
    ours = event(
        change_order(item()), system="procore", change_order_id="7004", project="315", origin_id=MAIN, root=KEY
    )
    onward = route(
        cinx(),
        name="onward",
        mode=RouteMode.DRY_RUN,
        source=Source(system="procore", account="acme", project="315"),
        own_records=OwnRecords.MAP,
        since=None,
    )
    steel = f"cor:{KEY}:steel"
    seen = {steel: Seen(ours.sequence, was_sent=True, stands=StandsThere(ours.key, "cinx", "PO-123"))}
    assert found(routing(onward), seen, EVENT, ours) == ({"onward": (0, 1)}, 0)
    assert found(routing(onward), seen, EVENT) == ({"onward": (0, 1)}, 0)


def test_what_no_route_carries_is_called_by_the_route_that_had_it() -> None:
    clinic = route(procore(), name="clinic", source=Source(system="constructiononline", account="acme", project="902"))
    recorded = [("tower", "constructiononline:acme:1321036"), ("clinic", "constructiononline:acme:902")]
    gone = f"cor:{KEY[:-1]}8:main"
    seen = {MAIN: written(), gone: written(key=f"{KEY[:-1]}8")}
    elsewhere = replace(clinic, targets=(procore(destination=replace(procore().destination, contract_id=1)),))
    compared = compare([EVENT], routing(elsewhere), seen, NOW)
    names = RouteNames(routes=(elsewhere,), recorded=recorded)
    assert list(counted_without_route(compared.without_route, names)) == [
        WithoutRoute(target="tower/main", system="procore", destination=PLACE, change_orders=2)
    ]
    names = RouteNames(routes=(elsewhere,), recorded=recorded[1:])
    assert [one.target for one in counted_without_route(compared.without_route, names)] == ["main"]


def test_what_comes_while_it_is_read_is_not_called_only_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the source shows is read before it is asked whether the mapper has read all, and the writers the last."""
    asked: list[str] = []

    def note(what: str, answer: Any) -> Callable[..., Any]:
        def answered(*_: object) -> Any:
            asked.append(what)
            return answer

        return answered

    monkeypatch.setattr(only_shown, "_newest", note("source", iter(())))
    monkeypatch.setattr(only_shown, "_records", note("size", 1))
    monkeypatch.setattr(only_shown, "seen_by_writers", note("writers", {}))
    environment = cast(
        Environment,
        SimpleNamespace(
            every=lambda *_: [],
            counts=lambda topics: dict.fromkeys(topics, 1),
            configuration=SimpleNamespace(routing=Routing(routes=())),
        ),
    )
    found = not_carried(environment, frozenset(), note("mapper", False))
    assert found is not None
    assert asked == ["size", "source", "mapper", "writers"]
    asked.clear()
    assert not_carried(environment, frozenset(), note("mapper", True)) is None
    assert asked == ["size", "source", "mapper"]
