"""The change order log's sums beside what the simulators hold, which is read and added up without the relay's code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from deploy.demo.expectation import COUNTED, routes
from deploy.demo.holdings import Held, of_cinx, of_procore
from deploy.demo.scene import Scene

Sums = Mapping[tuple[str, str], Decimal]
"""By side and status."""


def held(scene: Scene) -> Sums:
    """What both targets hold of the relay's, by side: the prime contracts are the owner's."""
    prime = {
        str(target["contract_id"])
        for route in routes(scene.workplace.configuration)
        for target in route["targets"]
        if target.get("contract") == "prime"
    }
    everything = [*of_procore(scene.stack.procore.state()), *of_cinx(scene.stack.cinx.state())]
    return _added((one, "owner" if one.place in prime else "cost") for one in everything if one.origin_id)


def _added(sided: Iterable[tuple[Held, str]]) -> Sums:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one, side in sided:
        if one.status in COUNTED:
            sums[side, one.status] += sum((line.amount for line in one.lines), Decimal(0))
    return dict(sums)


def told(scene: Scene) -> Sums | str:
    """What ``cor log`` says of the same; or in which row the source's share and what is there differ."""
    rows: list[dict[str, Any]] = scene.operator.reads("log")["rows"]
    for row in rows:
        if row["written_at"] and row["status_source"] in COUNTED and Decimal(row["difference"] or 1):
            return f"{row['change_order_key']} at {row['destination']} differs by {row['difference']}"
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        for status in COUNTED:
            sums[row["side"], status] += Decimal(row[f"{status}_there"] or 0)
    return {place: amount for place, amount in sums.items() if amount}


def agreed(scene: Scene) -> Sums:
    """Waits until the log has everything. Raises ``DemoFailed`` where it then says something else."""
    wanted = {place: amount for place, amount in held(scene).items() if amount}
    return scene.until(
        lambda: wanted if told(scene) == wanted else None,
        expected=f"cor log says by side and status {wanted}",
        found=lambda: told(scene),
    )
