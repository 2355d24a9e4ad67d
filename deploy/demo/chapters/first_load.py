"""The first load of a company that has worked for years."""

from __future__ import annotations

from collections import Counter

from deploy.demo import holdings
from deploy.demo.expectation import Expected, Office, expected
from deploy.demo.scene import Scene, money

_MAIN_OFFICE = 2
"""PCOs of the chapter before."""

PATIENCE = 120.0
"""Seconds for the whole load."""


def tell(scene: Scene) -> None:
    """The configuration grows while everything runs."""
    say = scene.screen.step
    office = Office.of("harbor", scene.stack.harbor.state())
    say("ConstructionOnline", _about(office))
    began, calls = scene.screen.seconds, _calls(scene)
    scene.configure(offices={"acme", "harbor"}, projects={"1321036"})
    scene.operator.types("topics", "apply")
    say("operator", "The configuration file has the second office and its routes; the running stages take it over")
    wanted = [one for one in expected([office], scene.workplace.configuration).values() if one.lines]
    _arrived(scene, wanted)
    places = scene.settled()
    seconds, spent = scene.screen.seconds - began, _calls(scene) - calls
    mine = {one.place for one in wanted}
    lines = sum(place.lines for place in places.values() if place.name in mine)
    total = sum(place.total for place in places.values() if place.name in mine and place.system == "procore")
    pcos = sum(one.system == "procore" for one in wanted)
    say("Procore", f"{pcos} PCOs with their lines in 6 contracts, {money(total)} in all")
    say("CINX", f"{len(wanted) - pcos} POCOs on two purchase orders")
    say("relay", f"{lines} lines in {seconds:.0f} s with {spent} requests; drafts are not carried")


def _about(office: Office) -> str:
    items = [len(office.items.get(order["ID"], ())) for order in office.living]
    negative = sum(order["CLIENT_PRICE"] < 0 for order in office.living)
    numbers = [order["NUMBER"].strip() for order in office.living]
    used = Counter((order["PRJ_ID"], order["NUMBER"].strip()) for order in office.living if order["NUMBER"].strip())
    return (
        f"The second office has {len(items)} change orders in 6 projects: {items.count(0)} lump sums, "
        f"{sum(items)} items (up to {max(items)} in one), {negative} credits, {numbers.count('')} without a number, "
        f"{sum(count > 1 for count in used.values())} numbers used more than once in a project"
    )


def _arrived(scene: Scene, wanted: list[Expected]) -> None:
    """All that the office calls for is in Procore; what is asked is only how many there are."""
    full = _MAIN_OFFICE + sum(one.system == "procore" for one in wanted)
    scene.until(
        lambda: _pcos(scene) >= full, expected=f"{full} PCOs in Procore", found=lambda: _pcos(scene), patience=PATIENCE
    )
    ordered = sum(one.system == "cinx" for one in wanted)
    scene.until(
        lambda: _orders(scene) >= ordered,
        expected=f"{ordered} POCOs in CINX",
        found=lambda: _orders(scene),
        patience=PATIENCE,
    )


def _pcos(scene: Scene) -> int:
    return int(scene.stack.procore.people("counts")["potential_change_orders"])


def _orders(scene: Scene) -> int:
    """POCOs of the second office."""
    names = [one.origin_id or "" for one in holdings.of_cinx(scene.stack.cinx.state())]
    return sum(":harbor:" in name for name in names)


def _calls(scene: Scene) -> int:
    simulators = (scene.stack.harbor, scene.stack.procore, scene.stack.cinx)
    return sum(len(one.history(bodies=0)) for one in simulators)
