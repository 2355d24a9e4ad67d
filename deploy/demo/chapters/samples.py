"""The documentation's own sample change order and item, up to the order at the vendor."""

from __future__ import annotations

from deploy.demo.scene import Scene, money

LUMP_SUM, DETAILED, ITEM = 498099, 500942, 524469


def tell(scene: Scene) -> None:
    """The lump sum is pending from the start; the other one is a draft until a person submits it."""
    _pending(scene)
    _submitted(scene)
    _approved(scene)


def origin(order: int, target: str) -> str:
    """The id of the main office's change order at a target."""
    return f"cor:constructiononline:acme:{order}:{target}"


def _pending(scene: Scene) -> None:
    say = scene.screen.step
    order = next(one for one in scene.stack.acme.state()["change_orders"] if one["ID"] == LUMP_SUM)
    say(
        "ConstructionOnline",
        f'{order["PROJECTNAME"]}: change order {order["NUMBER"]} "{order["NAME"]}" is pending, '
        f"{money(order['CLIENT_PRICE'])} to the client",
    )
    pco = scene.pco_with(origin(LUMP_SUM, "owner"), status="pending")
    scene.line_with(origin(LUMP_SUM, "owner"), "lump-sum", "2765.00")
    say("Procore", f"PCO {pco['number']} in the prime contract of Pier 9: pending, one line of {money('2765')}")


def _submitted(scene: Scene) -> None:
    say, owner = scene.screen.step, origin(DETAILED, "owner")
    scene.stack.acme.people("submit", id=DETAILED)
    say("ConstructionOnline", 'The draft "Fixtures" (one chandelier, 850.00, with markup 1,020.00) is submitted')
    pco = scene.pco_with(owner, status="pending")
    line = scene.line_with(owner, ITEM, "1020.00")
    say(
        "Procore",
        f'PCO {pco["number"]} in the same contract: pending, one line "{line["description"]}", '
        f"{money(line['amount'])}, cost code 26-500",
    )


def _approved(scene: Scene) -> None:
    say = scene.screen.step
    for order in (LUMP_SUM, DETAILED):
        scene.stack.acme.people("approve", id=order)
    say("ConstructionOnline", "The owner approves both")
    for order in (LUMP_SUM, DETAILED):
        pco = scene.pco_with(origin(order, "owner"), status="approved")
        say("Procore", f"PCO {pco['number']} is approved, in a change order package of its own")
    for order in (LUMP_SUM, DETAILED):
        poco = scene.poco(origin(order, "fixtures"))
        total = money(sum(line.amount for line in poco.lines))
        say("CINX", f"POCO {poco.number} on purchase order PO-124: {total} at cost, ordered once")
    scene.settled()
