"""``cor reconcile`` beside what the simulators hold, contract by contract, added up without the relay's code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from deploy.demo.expectation import routes
from deploy.demo.failures import DemoFailed
from deploy.demo.holdings import of_cinx, of_procore
from deploy.demo.scene import Scene

Sums = Mapping[tuple[str, str], Decimal]
"""By place and status."""

_COUNTED = ("approved", "pending")
_NOTHING = Decimal(0)


def held_by_place(scene: Scene) -> Sums:
    """What both targets hold, whoever entered it."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in [*of_procore(scene.stack.procore.state()), *of_cinx(scene.stack.cinx.state())]:
        if one.status in _COUNTED:
            sums[one.place, one.status] += sum((line.amount for line in one.lines), _NOTHING)
    return sums


def reconciled(scene: Scene) -> Iterator[tuple[str, int, Decimal]]:
    """Each project of a live route with how many contracts it has, and what is unreconciled.

    Raises :class:`DemoFailed` where that is not 0.00, or a contract holds something else than the report says.
    """
    held = held_by_place(scene)
    for project in dict.fromkeys(str(route["from"]["project"]) for route in routes(scene.workplace.configuration)):
        report = scene.operator.reads("reconcile", project)
        contracts = [contract for side in report["sides"] for contract in side["contracts"] if contract["contract"]]
        for contract in contracts:
            _compare(project, contract, held)
        yield report["project"], len(contracts), sum(map(_unreconciled, report["sides"]), _NOTHING)


def _compare(project: str, contract: Mapping[str, Any], held: Sums) -> None:
    for status in _COUNTED:
        said, wanted = Decimal(contract["held"][status]), held.get((contract["contract"], status), _NOTHING)
        if said != wanted:
            raise DemoFailed(
                f"cor reconcile {project}, {contract['contract']}, {status}\nexpected: {wanted}\nfound: {said}"
            )


def _unreconciled(side: Mapping[str, Any]) -> Decimal:
    """Of both statuses, without signs."""
    gross = sum((Decimal(amount) for amount in side["gross_unreconciled"].values()), _NOTHING)
    if gross or side["unreconciled"] is None:
        raise DemoFailed(
            f"cor reconcile, {side['side']} side\nexpected: 0.00 unreconciled\nfound: {side['unreconciled']}"
        )
    return gross
