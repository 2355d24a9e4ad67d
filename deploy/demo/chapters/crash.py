"""SIGKILL between the remote's answer and the commit: the moment in which careless software doubles its work."""

from __future__ import annotations

from deploy.demo.chapters.samples import origin
from deploy.demo.company import HOUSE
from deploy.demo.failures import DemoFailed
from deploy.demo.scene import Scene, money


def tell(scene: Scene) -> None:
    """Procore has written the change order and its answer is on the way when the writer dies."""
    say, procore = scene.screen.step, scene.stack.procore
    fault = procore.fault("hold", {"method": "PATCH", "path": "potential_change_orders/sync$"})
    items = [{"NAME": "Excavator, day", "CLASSIFICATION": 4, "RATE": "920", "RATE_QTY": 2, "COST_CODE_ID": 415}]
    name = "Unsuitable soil at the ramp"
    made = scene.stack.acme.people("create_change_order", project=HOUSE, name=name, items=items)
    owner = origin(made["ID"], "owner")
    say("ConstructionOnline", f"\"{made['NAME']}\" is entered, {money(made['CLIENT_PRICE'])}")
    held = procore.history(wait=30, phase="held", bodies=0)
    if not held or not scene.pco(owner):
        raise DemoFailed(f"expected: the writer's call for {owner} applied, its answer held\nfound: {held}")
    say("Procore", "The PCO is created; the answer has not reached the writer yet")
    pid = scene.stages.kill("procore-writer")
    say("operator", f"$ kill -9 {pid}        # procore-writer")
    procore.disarm(fault)
    procore.release()
    say("Procore", "The answer goes to nobody: Procore knows of the PCO, the relay does not")
    scene.stages.start("procore-writer")
    say("relay", "The writer is started again, finds what it intended, waits until nothing old can arrive, and looks")
    scene.line_with(owner, scene_item(scene, made["ID"]), str(made["CLIENT_PRICE"]))
    scene.settled()
    created = [one for one in procore.people("applies", origin_id=owner) if one["action"] == "created"]
    if len(created) != 1:
        raise DemoFailed(f"expected: {owner} created once\nfound: {len(created)} times")
    say("Procore", f"One PCO, {created[0]['values']['number']}, with its one line: nothing doubled, nothing lost")


def scene_item(scene: Scene, order: int) -> int:
    """The id of the change order's one item."""
    items = scene.stack.acme.state()["items"]
    return next(int(item["ID"]) for item in items if item["CHANGE_ORDER_ID"] == order)
