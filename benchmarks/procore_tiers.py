"""Requests that Procore sees for one change order alone, by the tiers of its contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks import procore_calls
from benchmarks.ends import Ends
from benchmarks.ground import Ground
from deploy.sandbox.process import Simulated, simulated
from relay.domain.commands import ProcoreCommand, ProcoreRules


def measure(fresh: Callable[[], Ground], orders: int) -> dict[str, Any]:
    """``orders`` approved change orders with two lines and a package of their own, one after the other.

    One before them learns the contract; logins are not counted.
    """
    return {f"tiers_{tiers}": _requests(fresh(), tiers, orders) for tiers in (1, 2, 3)}


def _requests(here: Ground, tiers: int, orders: int) -> dict[str, Any]:
    with simulated("procore") as procore:
        procore_calls.company(procore, 1)
        procore.people("set_tiers", project=procore_calls.PROJECT, side="commitment", tiers=tiers)
        here.configure(procore_calls.configuration(procore, procore_calls.NO_LIMIT, 1, tiers))
        here.cor("topics", "apply", "--unproven", "--partitions", str(here.partitions))
        ends = Ends(here)
        with here.running(["procore-writer"]):
            first = _carried(here, procore, ends, _command(1, tiers))
            later = [_carried(here, procore, ends, _command(number, tiers)) for number in range(2, orders + 2)]
    return {"first_of_its_contract": first, "each_later": sum(later) / len(later)}


def _carried(here: Ground, procore: Simulated, ends: Ends, command: ProcoreCommand) -> int:
    procore.forget()
    procore_calls.submit(here, [command])
    ends.wait([command.command_id])
    return sum("oauth" not in row["path"] for row in procore.history())


def _command(number: int, tiers: int) -> ProcoreCommand:
    command = procore_calls.command(number, 1, 2, 1)
    if command.payload is None:
        raise ValueError("a withdrawal")
    return procore_calls.keyed(
        replace(
            command,
            destination=replace(command.destination, tiers=tiers),
            payload=replace(command.payload, status="approved"),
            rules=ProcoreRules(existing="create", package="per_change_order"),
        )
    )
