"""The forecast of calls and hours, held against what the simulated systems count."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from deploy.sandbox.process import Simulated, simulated
from operations.forecast.calls import Forecast
from operations.forecast.duration import seconds_of
from relay.clients.rate import ProcoreRate
from relay.clients.rate.shares import of_writer
from relay.domain.commands import CinxCommand, ContractKind, Lane, ProcoreCommand, ProcoreRules
from relay.domain.outcomes import OutcomeKind
from relay.engine.configuration import ProcoreAccount
from tests.contract.operations.protocol import ProcoreOwner
from tests.contract.operations.virtual_procore import VirtualProcore, account_of
from tests.contract.workers.cinx_submitter import world as cinx
from tests.contract.workers.procore_writer.harness import PRIME, WORK_ORDER, command, line, payload
from tests.contract.workers.procore_writer.state import Remote
from tests.unit.clients.rate.simulation import HOUR, Run, Server, ServerWindow

CHANGE_ORDERS = 20
BOUND = 0.25
LIMIT = 600


@pytest.fixture(scope="module")
def procore() -> Iterator[Simulated]:
    with simulated("procore") as sandbox:
        yield sandbox


def order(number: int, destination: Any, package: str, status: str) -> ProcoreCommand:
    lines = (line("1", "100", cost_code="03-300"), line("2", "50"))
    content = payload(*lines, title=f"Change {number}", number=f"C-{number}", status=status)
    rules = ProcoreRules(package=package, approved_change="reopen")
    return command(str(number), content, destination=destination, rules=rules)


def is_near(forecast: int, counted: int) -> bool:
    return abs(forecast - counted) <= BOUND * counted


@pytest.mark.parametrize("kind", [WORK_ORDER, PRIME], ids=["work order", "prime"])
@pytest.mark.parametrize("status", ["pending", "approved"])
@pytest.mark.parametrize("package", ["none", "per_change_order"])
@pytest.mark.parametrize("tiers", [1, 2, 3])
def test_the_calls_of_a_contract(procore: Simulated, tiers: int, package: str, status: str, kind: Any) -> None:
    procore.reset()
    procore.settings(hourly_limit=1_000_000, spike_limit=1_000_000)
    side = "prime" if kind.contract is ContractKind.PRIME else "commitment"
    procore.people("set_tiers", project=315, side=side, tiers=tiers)
    commands = [order(number, replace(kind, tiers=tiers), package, status) for number in range(CHANGE_ORDERS)]
    forecast = Forecast()
    for one in commands:
        forecast.add(one)
    owner = ProcoreOwner(procore.url)
    assert [end.kind for end in owner.carry(*commands)] == [OutcomeKind.APPLIED] * CHANGE_ORDERS
    owner.close()
    assert is_near(forecast.calls()["procore:acme"], Remote(procore).requests())


@pytest.mark.parametrize("seconds", [0, 1, 5], ids=lambda seconds: f"jobs of {seconds} s")
def test_the_calls_of_a_purchase_order(seconds: int) -> None:
    world, forecast = cinx.World(), Forecast()
    world.company.settings(job_seconds=seconds)
    commands: list[CinxCommand] = []
    for number in range(CHANGE_ORDERS):
        content = cinx.payload(description=f"Change {number}")
        commands.append(cinx.command(str(number), content))
        forecast.add(commands[-1])
    world.run(*commands)
    world.close()
    assert is_near(forecast.calls()["cinx:acme"], len(world.company.requests))


@pytest.mark.parametrize("calls", [100, 1_000, 5_000])
def test_the_hours_of_many_calls(calls: int) -> None:
    """On a clock of its own: a company of 600 an hour, and a writer that always has something to send."""
    account = ProcoreAccount.model_construct(
        company_id=1, client_id_file=Path("a"), client_secret_file=Path("b"), requests_per_hour=LIMIT
    )
    server = Server(ServerWindow(25, 10.0), ServerWindow(LIMIT, HOUR))
    governor = ProcoreRate(of_writer(account.limits.poller_share), account.limits.expected)
    random = Random(7)
    run = Run(server, governor, (random.uniform(0.05, 0.3) for _ in itertools.count()))
    run.workers([Lane.BACKFILL] * 4)
    end = 0.0
    while run.sent[Lane.BACKFILL] < calls:
        end += 10.0
        run.until(end)
    forecast = seconds_of({"procore:acme": calls}, {"procore:acme": account})["procore:acme"]
    assert abs(forecast - end) <= BOUND * end, (forecast / HOUR, end / HOUR)


def carried_in_virtual_time(count: int, tiers: int, package: str) -> None:
    """By the writer itself, with its governor, at a company of 600 an hour whose clock goes with ours."""
    account = account_of(LIMIT)
    writer, forecast = VirtualProcore(account), Forecast()
    writer.company.service.operate("set_tiers", {"project": 315, "side": "commitment", "tiers": tiers})
    statuses = ("approved", "approved", "pending")
    commands = [
        order(number, replace(WORK_ORDER, tiers=tiers), package, statuses[number % 3]) for number in range(count)
    ]
    for one in commands:
        forecast.add(one)
    ends = writer.carry(*commands)
    writer.close()
    assert [end.kind for end in ends] == [OutcomeKind.APPLIED] * count
    assert is_near(forecast.calls()["procore:acme"], len(writer.company.paths))
    foretold = seconds_of(forecast.calls(), {"procore:acme": account})["procore:acme"]
    assert abs(foretold - writer.time.seconds) <= BOUND * writer.time.seconds, (
        foretold / HOUR,
        writer.time.seconds / HOUR,
    )


def test_the_hours_of_many_change_orders() -> None:
    carried_in_virtual_time(150, 1, "none")


@pytest.mark.storm
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("tiers", "package"), [(1, "none"), (2, "per_change_order"), (3, "per_change_order")])
def test_the_hours_of_a_thousand_change_orders(tiers: int, package: str) -> None:
    carried_in_virtual_time(1_000, tiers, package)
