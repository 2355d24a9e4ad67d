from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from relay.domain.change_order import ChangeOrder, Classification, Status
from relay.domain.commands import CinxPayload, Operation, ProcorePayload, TargetCommand
from relay.domain.expression import Expression
from relay.domain.mapping import Refusal, map_event, reasons
from relay.domain.routes import Amount, Match, NoItems, Remainder, Route
from tests.unit.domain.mapping.samples import NOW, change_order, cinx, event, item, only, procore, route, routing


def mapped(shown: ChangeOrder, taken: Route) -> list[TargetCommand | Refusal]:
    decision = map_event(event(shown), routing(taken), NOW)
    return [*decision.commands, *decision.refusals]


def procore_payload(shown: ChangeOrder, taken: Route) -> ProcorePayload:
    (command,) = mapped(shown, taken)
    assert not isinstance(command, Refusal)
    assert isinstance(command.payload, ProcorePayload)
    return command.payload


def cinx_payload(shown: ChangeOrder, taken: Route) -> CinxPayload:
    (command,) = mapped(shown, taken)
    assert not isinstance(command, Refusal)
    assert isinstance(command.payload, CinxPayload)
    return command.payload


def refused(shown: ChangeOrder, taken: Route) -> str:
    (refusal,) = mapped(shown, taken)
    assert isinstance(refusal, Refusal)
    return refusal.reason


def test_a_change_order_becomes_title_number_texts_days_and_lines() -> None:
    shown = change_order(
        item("7", "20.50", description="as built", cost_code="371", quantity=Decimal(2), unit_cost=Decimal("10.25")),
        subtitle="Upgraded",
        description="First\r\nsecond\x00",
        schedule_days=3,
        due_on="2026-04-01T10:00:00",
    )
    payload = procore_payload(shown, route(procore(line_item_type="S"), cost_codes={"371": "03-300"}))
    assert (payload.title, payload.number, payload.status) == ("Living Room Light Fixtures", "2", "approved")
    assert payload.description == "Upgraded\n\nFirst\nsecond"
    assert (payload.schedule_days, payload.due_date) == (3, "2026-04-01T00:00:00Z")
    (line,) = payload.lines
    assert (line.item_id, line.description, line.amount) == ("7", "Item 7: as built", Decimal("20.50"))
    assert (line.quantity, line.unit_cost, line.cost_code) == (Decimal(2), Decimal("10.25"), "03-300")
    assert line.line_item_type == "S"


def test_the_route_s_word_for_the_status_is_sent() -> None:
    assert procore_payload(change_order(), route(statuses={"approved": "proceeding"})).status == "proceeding"


def test_a_change_order_without_title_or_number_is_named_by_its_id() -> None:
    payload = procore_payload(change_order(title=None, number="  "), route())
    assert (payload.title, payload.number) == ("Change order 498099", None)


def test_a_procore_line_says_the_cost_s_quantity_beside_the_amount_and_none_for_a_price() -> None:
    shown = change_order(item("7", 20, quantity=Decimal(3), unit_cost=Decimal("6.67"), client_price=Decimal(20)))
    (line,) = procore_payload(replace(shown, client_price=Decimal(20)), route()).lines
    assert (line.amount, line.quantity, line.unit_cost) == (Decimal(20), Decimal(3), Decimal("6.67"))
    priced = procore_payload(
        replace(shown, client_price=Decimal(20)), route(procore(amount=Amount.CLIENT_PRICE))
    ).lines[0]
    assert (priced.amount, priced.quantity, priced.unit_cost) == (Decimal(20), None, None)


@pytest.mark.parametrize(
    ("quantity", "unit_cost", "sent"),
    [
        ("4", "5", ("4", "5", "Item 7")),
        ("-4", "-5", ("-4", "-5", "Item 7")),
        ("6", "3.333", ("6", "3.333", "Item 7")),
        ("1.5", "13.33", ("1.5", "13.33", "Item 7")),
        ("3", "6.67", ("1", "20", "Item 7 (quantity: 3)")),
        ("2.5", "7", ("1", "20", "Item 7 (quantity: 2.5)")),
        ("1", "5", ("1", "20", "Item 7")),
        ("0", "5", ("1", "20", "Item 7")),
    ],
)
def test_a_cinx_line_makes_its_amount_to_the_cent_or_names_its_quantity(
    quantity: str, unit_cost: str, sent: tuple[str, str, str]
) -> None:
    shown = change_order(item("7", 20, quantity=Decimal(quantity), unit_cost=Decimal(unit_cost)))
    line = cinx_payload(shown, route(cinx())).lines[0]
    assert (line.quantity, line.unit_price, line.description) == (Decimal(sent[0]), Decimal(sent[1]), sent[2])


def test_prime_targets_carry_the_client_price_and_others_the_cost() -> None:
    shown = change_order(item("7", 850, client_price=Decimal(1020)), client_price=Decimal(1020))
    owner = procore("owner", amount=Amount.CLIENT_PRICE)
    first, second = mapped(shown, route(owner, cinx()))
    assert not isinstance(first, Refusal)
    assert not isinstance(second, Refusal)
    assert isinstance(first.payload, ProcorePayload)
    assert isinstance(second.payload, CinxPayload)
    assert first.payload.lines[0].amount == Decimal(1020)
    assert second.payload.lines[0].unit_price == Decimal(850)


def test_a_lump_sum_is_one_line_and_a_class_filter_takes_it_only_by_its_name() -> None:
    line = procore_payload(change_order(), route()).lines[0]
    assert (line.item_id, line.description, line.amount) == ("lump-sum", "Living Room Light Fixtures", Decimal(2380))
    (withdrawn,) = mapped(change_order(), route(procore(match=only(Classification.MATERIAL))))
    assert not isinstance(withdrawn, Refusal)
    assert (withdrawn.operation, withdrawn.reason) == (Operation.WITHDRAW, reasons.NO_ITEMS)
    assert withdrawn.unplaced == ("lump-sum",)
    assert procore_payload(change_order(), route(procore(match=only(Classification.UNCLASSIFIED)))).lines


def test_nothing_to_order_is_a_persons_business_where_the_route_says_so() -> None:
    target = cinx("steel", match=only(Classification.MATERIAL), no_items=NoItems.LETTER)
    (ordered,) = mapped(change_order(), route(target))
    assert not isinstance(ordered, Refusal)
    assert isinstance(ordered.payload, CinxPayload)
    assert (ordered.operation, ordered.payload.lines, ordered.unplaced) == (Operation.APPLY, (), ("lump-sum",))
    (waiting,) = mapped(change_order(status=Status.PENDING), route(target))
    assert not isinstance(waiting, Refusal)
    assert (waiting.operation, waiting.reason) == (Operation.WITHDRAW, reasons.STATUS_NOT_CARRIED)


def test_items_that_no_target_takes_are_named_in_every_command() -> None:
    shown = change_order(
        item("1", 5, classification=Classification.MATERIAL), item("2", 6, classification=Classification.LABOR)
    )
    (command,) = mapped(shown, route(procore(match=only(Classification.MATERIAL))))
    assert not isinstance(command, Refusal)
    assert command.unplaced == ("2",)


@pytest.mark.parametrize(
    ("match", "takes"),
    [
        (Match(cost_codes=("371",)), True),
        (Match(cost_codes=("37",)), False),
        (Match(cost_codes=(Expression("^03-"),)), True),
        (Match(fields={"name": (Expression("fix"),)}), True),
        (Match(fields={"name": (Expression("^fix"),), "unit": ("ea",)}), False),
        (Match(cost_codes=("371",), classifications=(Classification.LABOR,)), False),
    ],
)
def test_all_conditions_of_a_match_must_hold(match: Match, takes: bool) -> None:  # noqa: FBT001  # a table
    shown = change_order(item("1", 5, name="Light fixture", cost_code="371"))
    (command,) = mapped(shown, route(procore(match=match), cost_codes={"371": "03-300"}))
    assert not isinstance(command, Refusal)
    assert (command.operation is Operation.APPLY) is takes


@pytest.mark.parametrize(
    ("stated", "written"),
    [
        ("D\u00e9molition", "De\u0301molition"),
        ("Rebar", " REBAR\u00a0"),
        ("03-100", "03-100\u200b"),
        ("fit", "\ufb01t"),
    ],
)
def test_a_value_of_a_match_is_compared_as_people_read_it(stated: str, written: str) -> None:
    shown = change_order(item("1", name=written, cost_code=written))
    for match in (Match(fields={"name": (stated,)}), Match(cost_codes=(stated,))):
        (command,) = mapped(shown, route(cinx("a", match=match)))
        assert isinstance(command, TargetCommand)
        assert command.operation is Operation.APPLY


def test_zero_amounts_are_lines() -> None:
    assert procore_payload(change_order(item("1", 0)), route()).lines[0].amount == 0


def test_a_difference_of_a_cent_is_none_and_more_is_a_letter() -> None:
    assert procore_payload(change_order(item("1", 5), cost=Decimal("5.01")), route()).lines
    assert refused(change_order(item("1", 5), cost=Decimal("5.02")), route()) == "procore.remainder"
    assert refused(change_order(item("1", 5), cost=Decimal(4)), route(cinx())) == "cinx.remainder"


def test_one_target_may_take_the_difference_as_a_line_of_its_own() -> None:
    shown = change_order(
        item("1", 5, classification=Classification.MATERIAL),
        item("2", 6, classification=Classification.LABOR, position=9),
        cost=Decimal(10),
    )
    material = procore("a", match=only(Classification.MATERIAL))
    labor = procore("b", match=only(Classification.LABOR), takes_remainder=True)
    first, second = mapped(shown, route(material, labor, remainder=Remainder.LINE))
    assert not isinstance(first, Refusal)
    assert not isinstance(second, Refusal)
    assert isinstance(first.payload, ProcorePayload)
    assert isinstance(second.payload, ProcorePayload)
    assert [line.amount for line in first.payload.lines] == [Decimal(5)]
    assert [(line.item_id, line.amount, line.position) for line in second.payload.lines] == [
        ("2", Decimal(6), 9),
        ("remainder", Decimal(-1), 10),
    ]


def test_a_difference_in_the_cost_does_not_stop_what_carries_the_client_price() -> None:
    shown = change_order(item("1", 5), cost=Decimal(9))
    command, refusal = mapped(shown, route(procore("owner", amount=Amount.CLIENT_PRICE), cinx()))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "cinx.remainder"
    assert not isinstance(command, Refusal)


def test_an_amount_that_could_not_be_read_is_a_letter_that_quotes_the_source() -> None:
    shown = change_order(item("1", None), cost=Decimal(5))
    decision = map_event(event(shown, defects=("items[1].COST_ESTIMATE: x is no number",)), routing(), NOW)
    (refusal,) = decision.refusals
    assert refusal.reason == "procore.amount_missing"
    assert "COST_ESTIMATE" in refusal.sentence
    assert refusal.origin_id == "cor:constructiononline:acme:498099:main"


def test_what_procore_would_change_in_silence_is_a_letter() -> None:
    assert refused(change_order(item("1", "5.005")), route()) == "procore.amount_precision"
    assert refused(change_order(due_on="soon"), route()) == "procore.due_date_unreadable"


def test_items_that_cannot_be_told_apart_are_a_letter() -> None:
    assert refused(change_order(item("1", 5), item("1", 5)), route()) == "procore.item_unreadable"
    assert refused(change_order(item("?", 5)), route(cinx())) == "cinx.item_unreadable"
