"""What can be foreseen ends in a letter before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from relay.domain.commands import CinxCommand, CinxPayload, CinxRules, Mode
from relay.domain.ledger import HoldKind
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind
from tests.contract.workers.cinx_submitter.world import World, command, line, payload


def refused(world: World, one: CinxCommand) -> str:
    """The reason of the letter that ``one`` ends in, after proof that nothing was sent."""
    (end,) = world.run(one)
    assert end.kind is OutcomeKind.REJECTED, end
    letter = world.letter()
    assert (letter.kind, letter.reason, letter.origin_id) == (LetterKind.REJECTED, end.reason, one.origin_id)
    assert letter.sentence.endswith(".")
    assert len(letter.sentence) > 60
    assert world.company.sent("POST") + world.company.sent("PUT") == 0
    assert world.company.made() == []
    return letter.reason


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("PO-999", "cinx.po_not_found"),
        ("PO-12", "cinx.po_not_found"),
        ("po-123", "cinx.po_not_found"),
        ("PO-300", "cinx.po_not_submitted"),
        ("PO-400", "cinx.po_closed"),
        ("PO-401", "cinx.po_cancelled"),
    ],
)
def test_a_purchase_order_that_takes_no_change_order(world: World, order: str, reason: str) -> None:
    assert refused(world, command(order=order)) == reason


def test_several_purchase_orders_of_one_number(world: World) -> None:
    world.company.people("set_po", po="PO-124", set={"number": "PO-123"})
    assert refused(world, command()) == "cinx.po_ambiguous"


def test_a_purchase_order_that_the_vendor_declined(world: World) -> None:
    world.company.people("set_po", po="PO-123", set={"workflow_status": "DECLINED"})
    assert refused(world, command()) == "cinx.po_declined"


def without_lines() -> CinxPayload:
    return CinxPayload(description="Nothing is left", lines=())


BAD: list[tuple[str, Callable[[], CinxPayload]]] = [
    ("cinx.no_items", without_lines),
    ("cinx.cost_code_unknown", lambda: payload(line("1", "5", cost_code="99-999"))),
    ("cinx.currency_mismatch", lambda: payload(line("1", "5", currency="CAD"))),
    ("cinx.currency_mismatch", lambda: payload(currency="EUR")),
    ("cinx.text_too_long", lambda: payload(fields={"delivery.state": "Washington"})),
    ("cinx.quantity_invalid", lambda: payload(line("1", "5", "0"))),
    ("cinx.description_missing", lambda: payload(description=" ")),
    ("cinx.description_missing", lambda: payload(line("1", "5", description=""))),
    ("cinx.field_unknown", lambda: payload(fields={"delivery.planet": "Earth"})),
    ("cinx.field_reserved", lambda: payload(fields={"items.quantity": "3"})),
    ("cinx.field_reserved", lambda: payload(fields={"charges.type": "FREIGHT"})),
    ("cinx.field_invalid", lambda: payload(fields={"items.taxes.tax_rate": "a lot"})),
    ("cinx.field_invalid", lambda: payload(fields={"dates.need_by": "next week"})),
    ("cinx.field_invalid", lambda: payload(fields={"allow_substitutes": "perhaps"})),
    ("cinx.option_unknown", lambda: payload(fields={"delivery.ship_via": "PIGEON"})),
    ("cinx.phase_unknown", lambda: payload(fields={"job_cost_defaults.phase_name": "Ninth Floor"})),
    ("cinx.tax_group_unknown", lambda: payload(fields={"taxes.tax_group_name": "TAX-99"})),
]


@pytest.mark.parametrize(
    ("reason", "content"), BAD, ids=[f"{number}-{reason}" for number, (reason, _) in enumerate(BAD)]
)
def test_a_change_order_that_cannot_be_ordered(world: World, reason: str, content: Callable[[], CinxPayload]) -> None:
    assert refused(world, command(content=content())) == reason


def test_two_cost_codes_of_one_name(world: World) -> None:
    world.company.people("add_row", list="material-cost-codes", row={"name": "03-300"})
    assert refused(world, command()) == "cinx.cost_code_ambiguous"


def test_a_cost_code_that_is_added_later_is_found_when_the_letter_is_sent_again(world: World) -> None:
    content = payload(line("1", "5", cost_code="09-900"))
    assert refused(world, command(content=content)) == "cinx.cost_code_unknown"
    world.company.people("add_row", list="material-cost-codes", row={"name": "09-900"})
    world.pass_time(61)
    (end,) = world.run(command(content=content, mapped=1))
    assert end.kind is OutcomeKind.APPLIED
    assert world.letters() == []


def test_a_purchase_order_in_several_currencies(world: World) -> None:
    items = [
        {"description": "Rebar", "quantity": 1, "unit_price": 5, "currency": currency} for currency in ("USD", "CAD")
    ]
    world.company.people("create_po", number="PO-777", items=items)
    assert refused(world, command(order="PO-777")) == "cinx.currency_ambiguous"


def with_template(world: World, **changes: Any) -> None:
    world.company.people("set_template", name="poco", row=changes)


def test_a_required_field_that_nothing_fills_is_named(world: World) -> None:
    row = world.company.company.templates.rows["poco"]
    wanted = {"field": "delivery.attention", "nullable": False, "data_type": "string", "enforce": True}
    with_template(world, required_post=[*row["required_post"], wanted])
    assert refused(world, command()) == "cinx.required_field_missing"
    assert "delivery.attention" in world.letter().sentence
    (end,) = world.run(command(content=payload(fields={"delivery.attention": "Site office"}), mapped=1))
    assert end.kind is OutcomeKind.APPLIED


def test_a_template_without_a_place_for_the_purchase_order_is_not_guessed_around(world: World) -> None:
    row = dict(world.company.company.templates.rows["poco"])
    skeleton = {name: value for name, value in row["template"].items() if name != "purchase_order"}
    required = [one for one in row["required_post"] if not one["field"].startswith("purchase_order")]
    with_template(world, template=skeleton, required_post=required)
    assert refused(world, command()) == "cinx.template_unusable"


@pytest.mark.parametrize("status", [404, 500, 410])
def test_an_account_without_the_import_waits_and_goes_on_by_itself(world: World, status: int) -> None:
    world.company.people("template_gone", name="poco", status=status)
    one = command()
    world.submit(one)
    world.settle(300)
    (hold,) = world.state.holds.all()
    assert (hold.scope, hold.kind) == ("cinx:acme", HoldKind.TENANT_BLOCKED)
    assert "not available for this account" in hold.sentence
    assert (world.letters(), world.outcomes(one)) == ([], [])
    world.company.people("template_gone", name="poco", status=None)
    world.settle()
    assert world.end(one).kind is OutcomeKind.APPLIED


def test_an_expired_subscription_holds_the_tenant_and_ends_no_change_order(world: World) -> None:
    world.company.settings(subscription_expired="2026-01-01")
    one = command()
    world.submit(one)
    world.settle(300)
    (hold,) = world.state.holds.all()
    assert hold.kind is HoldKind.TENANT_BLOCKED
    world.company.settings(subscription_expired="")
    world.settle()
    assert world.end(one).kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1


RULES = [
    CinxRules(lines=rule, quantity=quantity)
    for rule in ("by_description", "by_cost_code")
    for quantity in ("absolute", "delta")
]


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: f"{rules.lines}-{rules.quantity}")
def test_a_line_that_matches_no_line_of_the_purchase_order(world: World, rules: CinxRules) -> None:
    content = payload(line("1", "5", cost_code="26-500", description="Chandelier"))
    assert refused(world, command(content=content, rules=rules)) == "cinx.line_unmatched"


def test_a_line_that_matches_several_lines(world: World) -> None:
    content = payload(line("1", "850", cost_code="26-500"))
    rules = CinxRules(lines="by_cost_code")
    assert refused(world, command(order="PO-124", content=content, rules=rules)) == "cinx.line_ambiguous"


def test_another_price_would_reprice_what_was_ordered_before(world: World) -> None:
    content = payload(line("1", "20", "5", description="#5 rebar, 20 ft"))
    assert (
        refused(world, command(content=content, rules=CinxRules(lines="by_description"))) == "cinx.line_price_differs"
    )


def test_more_is_taken_away_than_was_ordered(world: World) -> None:
    content = payload(line("1", "18.4", "-41", description="#5 rebar, 20 ft"))
    assert (
        refused(world, command(content=content, rules=CinxRules(lines="by_description"))) == "cinx.quantity_below_zero"
    )


@pytest.mark.parametrize(("quantity", "sent"), [("absolute", Decimal(50)), ("delta", Decimal(10))])
@pytest.mark.parametrize("rule", ["by_description", "by_cost_code", "by_item"])
def test_a_matched_line_is_sent_as_the_rule_says(world: World, rule: str, quantity: str, sent: Decimal) -> None:
    world.company.company.po_numbered("PO-123")["items"][1]["org_item_id"] = "i-5"
    content = payload(line("i-5", "18.4", "10", description="#5 rebar, 20 ft"))
    (end,) = world.run(command(content=content, rules=CinxRules(lines=rule, quantity=quantity)))
    assert end.kind is OutcomeKind.APPLIED
    (poco,) = world.company.made()
    (item,) = poco["items"]
    assert (item["quantity"], item["purchase_order"]["quantities"]["ordered"]) == (sent, 40)


def test_two_changes_of_one_line_become_one_new_total(world: World) -> None:
    lines = [
        line(item, "18.4", quantity, description="#5 rebar, 20 ft") for item, quantity in (("1", "10"), ("2", "-3"))
    ]
    world.run(command(content=payload(*lines), rules=CinxRules(lines="by_description")))
    (poco,) = world.company.made()
    assert [item["quantity"] for item in poco["items"]] == [Decimal(47)]


def test_a_new_total_never_undoes_another_pocos_change_of_the_line(world: World) -> None:
    rules = CinxRules(lines="by_description")
    content = payload(line("1", "18.4", "10", description="#5 rebar, 20 ft"))
    world.run(command("1", content, rules=rules))
    (end,) = world.run(command("2", payload(*content.lines, description="Another"), rules=rules))
    assert end.reason == "cinx.po_line_contested"
    world.company.company.po_numbered("PO-123")["items"][1]["quantities"]["ordered"] = 50
    world.pass_time(31)
    (end,) = world.run(command("2", payload(*content.lines, description="Another"), rules=rules, mapped=1))
    assert end.kind is OutcomeKind.APPLIED
    assert [poco["items"][0]["quantity"] for poco in world.company.made()] == [Decimal(50), Decimal(60)]


def test_a_line_of_which_cinx_does_not_say_how_much_is_ordered(world: World) -> None:
    world.company.company.po_numbered("PO-123")["items"][1]["quantities"]["ordered"] = None
    content = payload(line("1", "18.4", "10", description="#5 rebar, 20 ft"))
    assert refused(world, command(content=content, rules=CinxRules(lines="by_description"))) == "cinx.ordered_unknown"


def test_a_command_without_a_payload(world: World) -> None:
    assert refused(world, replace(command(), payload=None)) == "cinx.payload_missing"


def test_a_dry_run_tells_what_would_be_sent_and_asks_cinx_nothing(world: World) -> None:
    world.settle()
    before = len(world.company.requests)
    (end,) = world.run(command(mode=Mode.DRY_RUN))
    assert (end.kind, end.reason) == (OutcomeKind.SKIPPED, "route.dry_run")
    assert "Footing over-excavation" in (end.preview or "")
    assert len(world.company.requests) == before


def nameless_poco(world: World, monkeypatch: pytest.MonkeyPatch, *, submissions: int = 0) -> None:
    """After so many submissions the list of PO-123 has a POCO without a guid."""
    (order,) = world.client().purchase_orders("PO-123")
    handle = world.company.handle_request

    def spoilt(request: httpx.Request) -> httpx.Response:
        answer = handle(request)
        if world.company.sent("POST") < submissions or not request.url.path.endswith(f"/po/{order.guid}/pocos"):
            return answer
        body = json.loads(answer.content)
        return httpx.Response(200, json={**body, "rows": [*body["rows"], {"name": "broken", "number": "-99"}]})

    monkeypatch.setattr(world.company, "handle_request", spoilt)


def test_a_poco_without_a_guid_stops_its_purchase_order_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    nameless_poco(world, monkeypatch)
    elsewhere = command("3", order="PO-124")
    assert refused(world, command()) == "cinx.poco_unreadable"
    (end,) = world.run(elsewhere)
    assert end.kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1


def test_beside_a_poco_without_a_guid_a_submission_is_not_judged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    nameless_poco(world, monkeypatch, submissions=1)
    (end,) = world.run(command())
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.in_doubt")
    assert len(world.company.made()) == 1
