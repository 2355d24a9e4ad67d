"""What the relay writes while a live report reads is in transit: nobody is said to have changed it."""

from __future__ import annotations

from decimal import Decimal

from operations.reconcile.amounts import Amounts
from operations.reconcile.causes import Cause
from tests.contract.operations.reconcile.test_people import amounts, causes, lines, pco, rewrite
from tests.contract.operations.reconcile.world import World


def test_what_is_written_behind_the_listing_is_in_transit(world: World) -> None:
    """The first record was edited, and is read by itself; meanwhile the second, used as it was listed, is written."""
    for number in (1, 2):
        world.order(number, [("60", False)], condition=0)
    for event in world.poll():
        world.carry(event)
    edited = pco(world, 1)
    (line,) = lines(world, edited)
    rewrite(world, edited, line, "70.00")
    raised = next(one for one in world.source.state()["items"] if one["CHANGE_ORDER_ID"] == 2)
    world.source.people("change_item", id=raised["ID"], set={"RATE": "90"})
    (revision,) = world.poll()
    written: list[str] = []

    def write(call: str) -> None:
        if f"/{edited['id']}" in call and not written:
            written.append(call)
            world.carry(revision)

    report = world.reconcile(before=write)
    assert written
    assert set(causes(report, "owner")) == {
        (Cause.EDITED, "CO-1", amounts(0, 10)),
        (Cause.IN_TRANSIT, "CO-2", Amounts(pending=Decimal(-30))),
    }
    assert report.is_reconciled
