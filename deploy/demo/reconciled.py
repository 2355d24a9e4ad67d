"""``cor reconcile`` beside what the simulators say and hold, added up without the relay's code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from deploy.demo.expectation import COUNTED, Said, routes, source_says
from deploy.demo.failures import DemoFailed
from deploy.demo.holdings import of_cinx, of_procore
from deploy.demo.scene import Scene

Sums = Mapping[tuple[str, str], Decimal]
"""By place and status."""

_NOTHING = Decimal(0)


def held_by_place(scene: Scene) -> Sums:
    """What both targets hold, whoever entered it."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in [*of_procore(scene.stack.procore.state()), *of_cinx(scene.stack.cinx.state())]:
        if one.status in COUNTED:
            sums[one.place, one.status] += sum((line.amount for line in one.lines), _NOTHING)
    return sums


def reconciled(scene: Scene) -> Iterator[tuple[str, int, Decimal]]:
    """Each project of a live route with how many contracts it has, and what is unreconciled.

    Raises :class:`DemoFailed` where that is not 0.00, where a contract holds something else than the report says, or a
    side's source says something else.
    """
    held, said = held_by_place(scene), source_says(scene.offices())
    starts = (route["from"] for route in routes(scene.workplace.configuration))
    for account, project in dict.fromkeys((start["account"], str(start["project"])) for start in starts):
        report = scene.operator.reads("reconcile", project)
        _compare_source(account, project, report, said)
        contracts = [contract for side in report["sides"] for contract in side["contracts"] if contract["contract"]]
        for contract in contracts:
            _compare(project, contract, held)
        yield report["project"], len(contracts), sum(map(_unreconciled, report["sides"]), _NOTHING)


def _compare_source(account: str, project: str, report: Mapping[str, Any], said: Said) -> None:
    for side in ("owner", "cost"):
        sources = [one["source"] for one in report["sides"] if one["side"] == side]
        for status in COUNTED:
            found = sum((Decimal(source[status]) for source in sources), _NOTHING)
            wanted = said.get((account, project, side, status), _NOTHING)
            if found != wanted:
                raise DemoFailed(
                    f"cor reconcile {project}, source, {side} side, {status}\nexpected: {wanted}\nfound: {found}"
                )


def _compare(project: str, contract: Mapping[str, Any], held: Sums) -> None:
    for status in COUNTED:
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
