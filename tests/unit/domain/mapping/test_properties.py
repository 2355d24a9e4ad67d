from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from relay.domain.canonical_text import decimal_text
from relay.domain.change_order import ChangeOrder, Classification, Item, Status
from relay.domain.commands import CinxPayload, Operation, ProcorePayload
from relay.domain.events import Change
from relay.domain.mapping import Decision, map_event
from relay.domain.routes import Match, ProcoreTarget, Remainder, Route
from tests.unit.domain.mapping.samples import NOW, change_order, cinx, event, item, only, procore, route, routing

CENTS = st.integers(-(10**8), 10**8).map(lambda cents: Decimal(cents).scaleb(-2))
CLASSES = st.sampled_from(Classification)
ITEMS = st.lists(
    st.builds(
        lambda number, cost, kind, place, quantity: item(
            str(number), cost, classification=kind, position=place, quantity=quantity, unit_cost=Decimal(3)
        ),
        st.integers(1, 10**6),
        CENTS,
        CLASSES,
        st.none() | st.integers(0, 5),
        st.none() | CENTS,
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda one: one.item_id,
)


@st.composite
def splits(draw: st.DrawFn) -> Route:
    """A route whose targets share the classes among them; some classes may belong to nobody."""
    owners = draw(st.lists(st.integers(0, 3), min_size=len(Classification), max_size=len(Classification)))
    classes = list(Classification)
    targets = [
        procore(
            f"t{owner}",
            match=Match(classifications=tuple(c for c, o in zip(classes, owners, strict=True) if o == owner)),
        )
        for owner in range(1, 4)
    ]
    taker = draw(st.integers(0, 2))
    targets[taker] = replace(targets[taker], takes_remainder=True)
    return route(*targets, remainder=Remainder.LINE)


def amounts(decision: Decision) -> list[Decimal]:
    return [
        line.amount
        for command in decision.commands
        if isinstance(command.payload, ProcorePayload)
        for line in command.payload.lines
    ]


@given(items=ITEMS, taken=splits(), fee=CENTS)
def test_nothing_is_lost_and_nothing_doubled_over_a_split(items: list[Item], taken: Route, fee: Decimal) -> None:
    total = sum((one.cost or Decimal(0) for one in items), Decimal(0)) + fee
    decision = map_event(event(change_order(*items, cost=total)), routing(taken), NOW)
    assert not decision.refusals
    lines = Counter(
        line.item_id
        for command in decision.commands
        if isinstance(command.payload, ProcorePayload)
        for line in command.payload.lines
    )
    left = {one for command in decision.commands for one in command.unplaced}
    lines.pop("remainder", None)
    assert lines + Counter(left) == Counter(one.item_id for one in items)
    placed = sum((one.cost or Decimal(0) for one in items if one.item_id not in left), Decimal(0))
    carried_fee = fee if abs(fee) > Decimal("0.01") else 0
    assert sum(amounts(decision)) == placed + carried_fee


@given(items=ITEMS, random=st.randoms(use_true_random=False), taken=splits())
def test_the_order_of_the_items_does_not_matter(items: list[Item], random: Random, taken: Route) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)
    there = map_event(event(change_order(*items)), routing(taken), NOW)
    back = map_event(event(change_order(*shuffled)), routing(taken), NOW)
    assert there == back


ORDERS = st.builds(
    lambda items, status, title, number, text: change_order(
        *items, status=status, title=title, number=number, description=text
    ),
    st.lists(st.nothing(), max_size=0) | ITEMS,
    st.sampled_from(Status),
    st.none() | st.text(max_size=20),
    st.none() | st.text(max_size=5),
    st.none() | st.text(max_size=30),
)
TARGETS = st.lists(
    st.sampled_from([procore("a"), procore("b", match=only(Classification.LABOR)), cinx("c")]),
    unique_by=str,
)


@given(shown=ORDERS, targets=TARGETS, change=st.sampled_from(Change))
def test_every_event_ends_in_something_and_always_in_the_same(
    shown: ChangeOrder, targets: list[ProcoreTarget], change: Change
) -> None:
    seen, routes = event(shown, change=change), routing(route(*targets) if targets else replace(route(), targets=()))
    decision = map_event(seen, routes, NOW)
    assert decision.commands or decision.skips or decision.refusals
    assert decision == map_event(seen, routes, NOW)
    assert len(decision.commands) + len(decision.refusals) == len(targets)
    for command in decision.commands:
        assert (command.payload is None) == (command.operation is not Operation.APPLY)


@given(first=ORDERS, second=ORDERS, later=st.integers(1, 10**6))
def test_identity_is_the_same_for_every_revision(first: ChangeOrder, second: ChangeOrder, later: int) -> None:
    routes = routing(route(procore(), cinx()))
    before = map_event(event(first), routes, NOW)
    after = map_event(event(second, sequence=1700000000 + later, event_id="f"), routes, NOW + timedelta(seconds=later))

    def names(decision: Decision) -> set[str | None]:
        return {one.origin_id for one in decision.commands} | {one.origin_id for one in decision.refusals}

    assert names(before) == names(after)
    assert not {one.command_id for one in before.commands} & {one.command_id for one in after.commands}


@given(shown=ORDERS, notes=st.text(max_size=5), raw=st.text(max_size=3), days=st.text(max_size=3))
def test_the_payload_hash_knows_only_what_is_sent(shown: ChangeOrder, notes: str, raw: str, days: str) -> None:
    routes = routing(route(procore(), cinx()))
    other = replace(shown, notes=notes, status_raw=raw, project_name=days, reference=raw, markup=Decimal(9))
    hashes = [one.payload_hash for one in map_event(event(shown), routes, NOW).commands]
    again = map_event(event(other, sequence=5, event_id="f", observed_at=NOW + timedelta(days=1)), routes, NOW)
    assert hashes == [one.payload_hash for one in again.commands]


@given(items=ITEMS)
def test_every_cinx_line_makes_its_item_s_cost_to_the_cent(items: list[Item]) -> None:
    (command,) = map_event(event(change_order(*items)), routing(route(cinx())), NOW).commands
    assert isinstance(command.payload, CinxPayload)
    costs = {one.item_id: one.cost for one in items}
    for line in command.payload.lines:
        cost = costs[line.item_id]
        assert cost is not None
        assert abs(line.quantity * line.unit_price - cost) <= Decimal("0.005")


@given(
    quantity=st.decimals(-(10**5), 10**5, places=4).filter(bool),
    unit_cost=st.decimals(-(10**5), 10**5, places=4),
    rounding=st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_HALF_DOWN]),
)
def test_a_quantity_survives_an_amount_that_was_rounded_to_the_cent(
    quantity: Decimal, unit_cost: Decimal, rounding: str
) -> None:
    cost = (quantity * unit_cost).quantize(Decimal("0.01"), rounding)
    shown = change_order(item("7", cost, quantity=quantity, unit_cost=unit_cost))
    (command,) = map_event(event(shown), routing(route(cinx())), NOW).commands
    assert isinstance(command.payload, CinxPayload)
    (line,) = command.payload.lines
    assert (line.quantity, line.unit_price, line.description) == (quantity, unit_cost, "Item 7")


@given(quantity=st.decimals(-(10**4), 10**4, places=4), unit_cost=st.decimals(-(10**4), 10**4, places=4), cost=CENTS)
def test_no_quantity_is_lost_in_silence(quantity: Decimal, unit_cost: Decimal, cost: Decimal) -> None:
    shown = change_order(item("7", cost, quantity=quantity, unit_cost=unit_cost))
    (command,) = map_event(event(shown), routing(route(cinx())), NOW).commands
    assert isinstance(command.payload, CinxPayload)
    (line,) = command.payload.lines
    assert (
        line.quantity == quantity or quantity in (0, 1) or f"(quantity: {decimal_text(quantity)})" in line.description
    )
