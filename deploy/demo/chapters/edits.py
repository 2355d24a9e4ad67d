"""What happens to change orders after they were sent."""

from __future__ import annotations

from typing import Any

from deploy.demo.chapters.samples import LUMP_SUM, origin
from deploy.demo.company import HOUSE
from deploy.demo.failures import DemoFailed
from deploy.demo.scene import Scene, money


def tell(scene: Scene) -> None:
    """Edits of header and items, an approval, bookkeeping, a reversion, a deletion."""
    kitchen = _detailed(scene)
    _edited(scene, kitchen)
    _kept_books(scene, kitchen)
    _reverted(scene)
    _deleted(scene)
    scene.settled()


def _detailed(scene: Scene) -> dict[str, Any]:
    say = scene.screen.step
    items = [
        {"NAME": "Electrician, journeyman", "CLASSIFICATION": 2, "RATE": "85", "RATE_QTY": 8, "COST_CODE_ID": 371},
        {"NAME": "Pendant lamp", "CLASSIFICATION": 1, "RATE": "240.5", "RATE_QTY": 3, "COST_CODE_ID": 371},
        {"NAME": "Permit fee", "CLASSIFICATION": 5, "RATE": "310", "COST_CODE_ID": 500},
    ]
    made: dict[str, Any] = scene.stack.acme.people(
        "create_change_order", project=HOUSE, name="Kitchen: island moved by 2 ft", items=items
    )
    say("ConstructionOnline", f'"{made["NAME"]}" is entered with three items, {money(made["CLIENT_PRICE"])}')
    owner, electrical = (scene.pco_with(origin(made["ID"], one), status="pending") for one in ("owner", "electrical"))
    say("Procore", f"PCO {owner['number']} in the prime contract, three lines at the client's price")
    say("Procore", f"PCO {electrical['number']} in the work order, the electrician's line at cost")
    return made


def _edited(scene: Scene, kitchen: dict[str, Any]) -> None:
    """One item of each kind of change; the writer sends only what differs."""
    say, acme, order = scene.screen.step, scene.stack.acme, kitchen["ID"]
    owner = origin(order, "owner")
    _, lamp, permit = _items(scene, order)
    acme.people("edit_change_order", id=order, set={"NAME": "Kitchen: island moved by 3 ft", "COST_TIME": 4})
    acme.people("change_item", id=lamp, set={"RATE_QTY": 4})
    patch = {"NAME": "Drywall patch", "CLASSIFICATION": 5, "RATE": "195", "COST_CODE_ID": 500}
    added = acme.people("add_item", change_order=order, set=patch)
    acme.people("remove_item", id=permit)
    say("ConstructionOnline", "A new title and four days more, a fourth lamp, a drywall patch, no permit fee any more")
    scene.pco_with(owner, title="Kitchen: island moved by 3 ft", schedule_impact_amount=4)
    scene.line_with(owner, lamp, "962.00")
    scene.line_with(owner, added["ID"], "195.00")
    scene.line_gone(owner, permit)
    say("Procore", "The PCO has the new title, one line changed, one added, one deleted; the others stay as they are")
    acme.people("approve", id=order)
    say("ConstructionOnline", "It is approved")
    for target in ("owner", "electrical"):
        scene.pco_with(origin(order, target), status="approved")
    poco = scene.poco(origin(order, "fixtures"))
    say("CINX", f"POCO {poco.number}: {poco.lines[0].text}, {money(poco.lines[0].amount)}; the PCOs are approved")


def _items(scene: Scene, order: int) -> list[int]:
    rows = [item for item in scene.stack.acme.state()["items"] if item["CHANGE_ORDER_ID"] == order]
    return [item["ID"] for item in sorted(rows, key=lambda item: item["ROW_NUMBER"])]


def _kept_books(scene: Scene, kitchen: dict[str, Any]) -> None:
    """Bookkeeping moves DATE_MODIFIED, and nothing that anybody has to build or pay differently."""
    say, acme = scene.screen.step, scene.stack.acme
    before, writes = _events(scene), scene.writes()
    acme.people("edit_accounting", id=LUMP_SUM, set={"ACTUAL": "1190", "INVOICED_AMOUNTS": "2765"})
    # When the second poll begins, what the first one saw has been published.
    acme.history(wait=30, since=acme.history(bodies=0)[-1]["n"], path="ChangeOrders$", count=2, bodies=0)
    say("ConstructionOnline", "The bookkeeper enters what was invoiced and paid for the light fixtures")
    after = _events(scene)
    if (after, scene.writes()) != (before, writes):
        raise DemoFailed(
            f"bookkeeping must cause no event and no write\nexpected: {before} events, {writes} writes\n"
            f"found: {after} events, {scene.writes()} writes"
        )
    say("relay", "Seen, and no event published: no field that matters has changed")


def _events(scene: Scene) -> int:
    """How many events there are of the lump sum."""
    return len(scene.operator.reads("trace", str(LUMP_SUM))["events"])


def _reverted(scene: Scene) -> None:
    """The submitter is away while the approval comes and goes: nothing is ordered."""
    say, acme = scene.screen.step, scene.stack.acme
    items = [{"NAME": "Skylight, fixed", "CLASSIFICATION": 1, "RATE": "1180", "COST_CODE_ID": 420}]
    order = acme.people("create_change_order", project=HOUSE, name="Skylight over the stairs", items=items)["ID"]
    scene.pco_with(origin(order, "owner"), status="pending")
    scene.stages.stop("cinx-submitter")
    acme.people("approve", id=order)
    scene.pco_with(origin(order, "owner"), status="approved")
    say("ConstructionOnline", '"Skylight over the stairs" is approved by mistake while the CINX stage is being updated')
    acme.people("revert", id=order)
    scene.pco_with(origin(order, "owner"), status="pending")
    say("ConstructionOnline", "The approval is taken back; in Procore the PCO is pending again")
    scene.stages.start("cinx-submitter")
    scene.idle()
    found = scene.pocos(origin(order, "fixtures"))
    if found:
        raise DemoFailed(f"expected: no POCO for the skylight\nfound: {[one.number for one in found]}")
    say("CINX", "The stage is back: the reversion overtook the order, nothing was ordered")


def _deleted(scene: Scene) -> None:
    """No list names a deleted change order: the next sweep misses it."""
    say, acme = scene.screen.step, scene.stack.acme
    body = {"CONDITION": 0, "PRICE": "4200"}
    order = acme.people("create_change_order", project=HOUSE, name="Cedar fence", set=body)["ID"]
    pco = scene.pco_with(origin(order, "owner"), status="pending")
    acme.people("delete_change_order", id=order)
    say("ConstructionOnline", f'"Cedar fence" (PCO {pco["number"]} in Procore) is deleted')
    scene.pco_with(origin(order, "owner"), status="void")
    say("Procore", f"PCO {pco['number']} is void, as the route says for deletions")
