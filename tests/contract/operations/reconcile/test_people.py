"""What people do at Procore is named one by one, and adds up to the difference to the cent, by side and status."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from operations.reconcile.amounts import Amounts
from operations.reconcile.causes import Cause
from operations.reconcile.statement import Reconciliation, SideStatement
from relay.domain.outcomes import OutcomeKind
from tests.contract.operations.reconcile.truth import held_by_side
from tests.contract.operations.reconcile.world import World


def side_of(report: Reconciliation, name: str) -> SideStatement:
    return next(side for side in report.sides if side.side == name)


def causes(report: Reconciliation, name: str) -> list[tuple[Cause, str | None, Amounts]]:
    return [(item.cause, item.number or item.remote_number, item.effect) for item in side_of(report, name).items]


def amounts(approved: object = 0, pending: object = 0) -> Amounts:
    return Amounts(approved=Decimal(str(approved)), pending=Decimal(str(pending)))


def pco(world: World, number: int, target: str = "owner") -> Any:
    origin = f"cor:constructiononline:acme:{number}:{target}"
    return next(one for one in world.procore.state()["potential_change_orders"] if one["origin_id"] == origin)


def lines(world: World, record: Any) -> list[Any]:
    return [one for one in world.procore.state()["line_items"] if one["pco_id"] == record["id"]]


def rewrite(world: World, record: Any, line: Any, amount: str) -> None:
    """As people do it: what is approved is opened for it, and approved again."""
    world.procore.people("set_status", kind="pco", id=record["id"], status="pending")
    world.procore.people("edit_line", line=line["id"], set={"amount": amount})
    world.procore.people("set_status", kind="pco", id=record["id"], status=record["status"])


def carried(world: World) -> None:
    for event in world.poll():
        world.carry(event)


def test_what_is_carried_reconciles_and_ties_to_the_contract(world: World) -> None:
    world.order(1, [("100.10", False), ("50", True)])
    world.order(2, [("70", True)], condition=0)
    world.order(3, [("9", True)], condition=3)
    carried(world)
    report = world.reconcile()
    owner = side_of(report, "owner")
    assert owner.source == owner.held == amounts("150.10", 70)
    assert side_of(report, "cost").held == amounts(50, 70)
    assert causes(report, "cost") == [(Cause.NO_RULE, "CO-1", amounts("-100.10"))]
    assert report.is_reconciled
    assert {contract.tie for side in report.sides for contract in side.contracts if contract.place.is_contract} == {0}
    assert [(one.status, one.change_orders, one.amount) for one in owner.not_counted] == [("draft", 1, Decimal(9))]


def test_three_things_that_people_did_are_named_and_add_up(world: World) -> None:
    for number in (1, 2, 3):
        world.order(number, [("100", True), ("40", False)], condition=1 if number < 3 else 0)
    carried(world)
    edited, gone = pco(world, 1), pco(world, 3)
    line = next(one for one in lines(world, edited) if Decimal(one["amount"]) == 100)
    rewrite(world, edited, line, "200.00")
    world.procore.people("delete", kind="pco", id=gone["id"])
    world.procore.people(
        "create_pco", contract=44023, title="By hand", status="approved", lines=[{"description": "x", "amount": "7.35"}]
    )
    report = world.reconcile()
    found = causes(report, "owner")
    assert [(cause, effect) for cause, _, effect in found] == [
        (Cause.ENTERED, amounts("7.35")),
        (Cause.EDITED, amounts(100)),
        (Cause.DELETED, amounts(0, -140)),
    ]
    owner = side_of(report, "owner")
    assert "100.00 → 200.00" in owner.items[1].sentence
    held = held_by_side(world.procore.state())
    assert owner.held == amounts(held["owner", "approved"], held.get(("owner", "pending"), 0))
    assert owner.held - owner.source == amounts("107.35", -140)
    assert owner.unreconciled == amounts()
    assert report.is_reconciled
    assert side_of(report, "cost").items[0].cause is Cause.NO_RULE


def test_errors_that_make_up_for_each_other_are_two(world: World) -> None:
    for number in (1, 2):
        world.order(number, [("1000", False)])
    carried(world)
    for number, amount in ((1, "1500.00"), (2, "500.00")):
        (line,) = lines(world, pco(world, number))
        rewrite(world, pco(world, number), line, amount)
    owner = side_of(world.reconcile(), "owner")
    assert owner.source == owner.held
    assert [item.effect for item in owner.items] == [amounts(500), amounts(-500)]
    assert owner.gross_items == amounts(1000)


def test_a_status_that_somebody_changed_moves_the_money(world: World) -> None:
    world.order(1, [("60", False)])
    carried(world)
    world.procore.people("set_status", kind="pco", id=pco(world, 1)["id"], status="pending")
    owner = side_of(world.reconcile(), "owner")
    assert [(item.cause, item.effect) for item in owner.items] == [(Cause.EDITED, amounts(-60, 60))]
    assert "status: approved → pending" in owner.items[0].sentence


def test_what_cannot_be_read_is_not_zero(world: World) -> None:
    world.order(1, [("60", False)])
    carried(world)
    world.procore.people("block_project", project=315)
    report = world.reconcile()
    assert not report.is_reconciled
    assert side_of(report, "owner").unreconciled is None
    assert [read.system for read in report.reads if read.at is None] == ["procore"]


def test_calls_that_are_spent_leave_what_is_not_read_unknown(world: World) -> None:
    world.order(1, [("60", False)])
    carried(world)
    report = world.reconcile(most=3)
    assert not report.is_reconciled
    assert side_of(report, "owner").unreconciled is None


def test_a_source_that_cannot_be_read_is_told(world: World) -> None:
    world.order(1, [("60", False)])
    carried(world)
    world.source.fault("status", {"path": "/api/ChangeOrders"}, status=401)
    report = world.reconcile()
    assert [read.system for read in report.reads if read.at is None] == ["constructiononline"]
    assert not report.is_reconciled


def test_what_is_mapped_and_not_told_is_in_transit(world: World) -> None:
    world.order(9, [("5", False)])
    (event,) = world.poll()
    assert world.commands(event)
    report = world.reconcile()
    assert [(item.cause, item.number) for item in side_of(report, "owner").items] == [(Cause.IN_TRANSIT, "CO-9")]
    assert report.is_reconciled


def test_what_was_deleted_there_before_it_was_withdrawn_is_gone_also_once_more_is_on_its_way(world: World) -> None:
    world.order(1, [("60", False)], condition=0)
    carried(world)
    world.procore.people("delete", kind="pco", id=pco(world, 1)["id"])
    world.source.people("return_to_draft", id=1)
    carried(world)
    assert causes(world.reconcile(), "owner") == []
    world.source.people("change_item", id=world.source.state()["items"][0]["ID"], set={"RATE": "61"})
    (event,) = world.poll()
    for command in world.commands(event):
        world.tell(command, OutcomeKind.HELD, reason="on_hold", sentence="A person holds it.")
    report = world.reconcile()
    assert causes(report, "owner") == []
    assert report.is_reconciled
