"""Dead letters: what a person is told, what they do about it, and that it arrives."""

from __future__ import annotations

from typing import Any

from deploy.demo.chapters.samples import origin
from deploy.demo.company import GUEST_HOUSE, HOUSE
from deploy.demo.scene import Scene, money


def tell(scene: Scene) -> None:
    """One has no route, one is refused by Procore; both causes are mended, both letters sent again."""
    guest = _without_a_route(scene)
    allowance = _refused_by_procore(scene)
    _mended(scene)
    scene.operator.types("letters", "redrive", "--all", "--why", "both causes are mended")
    for order in (guest, allowance):
        pco = scene.pco_with(origin(order["ID"], "owner"), status="pending")
        scene.line_with(origin(order["ID"], "owner"), "lump-sum", str(order["CLIENT_PRICE"]))
        total = money(order["CLIENT_PRICE"])
        scene.screen.step("Procore", f'PCO {pco["number"]} "{pco["title"]}", {total}, has arrived')
    scene.settled()
    scene.until(lambda: not _open(scene), expected="no open letter", found=lambda: _open(scene))
    scene.screen.step("relay", "No letter is open any more")


def _without_a_route(scene: Scene) -> dict[str, Any]:
    scene.stack.acme.people("create_project", id=GUEST_HOUSE, name="Guest house")
    made: dict[str, Any] = scene.stack.acme.people(
        "create_change_order", project=GUEST_HOUSE, name="Heated floor in the bath", set={"PRICE": "3850"}
    )
    scene.screen.step("ConstructionOnline", '"Heated floor in the bath", in the new project "Guest house", is pending')
    _letter(scene, "--project", str(GUEST_HOUSE))  # Of all that has no route in a project there is one.
    return made


def _refused_by_procore(scene: Scene) -> dict[str, Any]:
    scene.stack.procore.settings(line_cost_code_required=True)
    scene.screen.step("Procore", "The company now wants a cost code on every line")
    made: dict[str, Any] = scene.stack.acme.people(
        "create_change_order", project=HOUSE, name="Allowance for door hardware", set={"PRICE": "1500"}
    )
    scene.screen.step("ConstructionOnline", '"Allowance for door hardware" is entered: a lump sum has no cost code')
    _letter(scene, "--change-order", str(made["ID"]))
    return made


def _open(scene: Scene, *words: str) -> list[dict[str, Any]]:
    """The open letters, all or those that the options choose."""
    found: list[dict[str, Any]] = scene.operator.reads("letters", "list", *words)
    return found


def _letter(scene: Scene, *words: str) -> None:
    """Waits for the letter that the options choose, and reads it out."""
    found = scene.until(lambda: _open(scene, *words), expected=f"an open letter, {' '.join(words)}")
    scene.screen.step("relay", f"Dead letter {found[0]['reason']}: {found[0]['sentence']}")


def _mended(scene: Scene) -> None:
    scene.configure(offices={"acme", "harbor"})
    scene.screen.step("operator", "The guest house gets a route in the configuration file")
    scene.operator.types("topics", "apply")
    scene.stack.procore.settings(line_cost_code_required=False)
    scene.screen.step("Procore", "The company makes the cost code optional again")
