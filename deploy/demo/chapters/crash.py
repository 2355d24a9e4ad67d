"""SIGKILL between the remote's answer and the commit: the moment in which careless software doubles its work."""

from __future__ import annotations

from deploy.demo.chapters.samples import origin
from deploy.demo.company import HOUSE
from deploy.demo.failures import DemoFailed
from deploy.demo.scene import Scene, money
from deploy.sandbox.process import Control


def tell(scene: Scene) -> None:
    """Both writers die when the remote has acted and its answer is on the way."""
    order = _writer(scene)
    _submitter(scene, order)


def _writer(scene: Scene) -> int:
    """Returns the id of the change order."""
    say, procore = scene.screen.step, scene.stack.procore
    fault = procore.fault("hold", {"method": "PATCH", "path": "potential_change_orders/sync$"})
    items = [{"NAME": "Geotextile, roll", "CLASSIFICATION": 1, "RATE": "920", "RATE_QTY": 2, "COST_CODE_ID": 415}]
    name = "Unsuitable soil at the ramp"
    made = scene.stack.acme.people("create_change_order", project=HOUSE, name=name, items=items)
    owner = origin(made["ID"], "owner")
    say("ConstructionOnline", f'"{name}" is entered, {money(made["CLIENT_PRICE"])}')
    _killed(scene, procore, "procore-writer", fault)
    if not scene.pco(owner):
        raise DemoFailed(f"expected: {owner} created before the writer was killed\nfound: nothing")
    say("Procore", "The PCO is there; its answer goes to nobody, so the relay does not know of it")
    scene.stages.start("procore-writer")
    say("relay", "Started again, it finds what it intended, waits until nothing old can arrive any more, and looks")
    scene.line_with(owner, _item(scene, made["ID"]), str(made["CLIENT_PRICE"]))
    scene.settled()
    created = [one for one in procore.people("applies", origin_id=owner) if one["action"] == "created"]
    if len(created) != 1:
        raise DemoFailed(f"expected: {owner} created once\nfound: {len(created)} times")
    say("Procore", f"One PCO, {created[0]['values']['number']}, with its one line: nothing doubled, nothing lost")
    return int(made["ID"])


def _submitter(scene: Scene, order: int) -> None:
    """An order too many costs money, and CINX has no way of telling a repeated one."""
    say, cinx, fixtures = scene.screen.step, scene.stack.cinx, origin(order, "fixtures")
    fault = cinx.fault("hold", {"method": "POST", "path": "json-poco-import"})
    scene.stack.acme.people("approve", id=order)
    say("ConstructionOnline", "It is approved, and its material is to be ordered")
    _killed(scene, cinx, "cinx-submitter", fault)
    say("CINX", "The order is accepted; whether it was is what nobody can tell the relay now")
    scene.stages.start("cinx-submitter")
    poco = scene.poco(fixtures)
    scene.until(lambda: _is_ordered(scene, order), expected=f"an outcome applied of {fixtures}")
    scene.settled()
    posted = cinx.history(method="POST", path="json-poco-import", body=fixtures, bodies=0)
    if len(posted) != 1 or len(scene.pocos(fixtures)) != 1:
        raise DemoFailed(f"expected: one submission, one POCO\nfound: {len(posted)}, {len(scene.pocos(fixtures))}")
    say("CINX", f"POCO {poco.number} is found by its reference and taken for ours: one submission, one order")


def _is_ordered(scene: Scene, order: int) -> bool:
    """Whether the relay knows that the order went out."""
    outcomes = scene.operator.reads("trace", str(order))["outcomes"]
    return any((one["system"], one["kind"]) == ("cinx", "applied") for one in outcomes)


def _killed(scene: Scene, remote: Control, stage: str, fault: int) -> None:
    """Waits until the remote has acted and holds its answer; then kills the stage, and lets the answer go."""
    if not remote.history(wait=30, phase="held", bodies=0):
        raise DemoFailed(f"expected: a call of {stage} whose answer is held\nfound: {remote.faults()}")
    pid = scene.stages.kill(stage)
    scene.screen.step("operator", f"$ kill -9 {pid}        # {stage}, between the remote's answer and its own commit")
    remote.disarm(fault)
    remote.release()


def _item(scene: Scene, order: int) -> int:
    """The id of the change order's one item."""
    items = scene.stack.acme.state()["items"]
    return next(int(item["ID"]) for item in items if item["CHANGE_ORDER_ID"] == order)
