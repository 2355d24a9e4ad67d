"""Writers that are killed at a point drawn from a seed: what they left has its cause, and is nobody's edit."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.contract.operations.reconcile.truth import CONDITIONS
from tests.integration.reconcile.conftest import Company, Desk, side_of

pytestmark = [pytest.mark.storm, pytest.mark.timeout(900)]

POINTS = ("after_intend", "after_call", "before_record_commit", "after_record", "before_settle_commit")
ON_THEIR_WAY = {"in transit at cut-off", "waiting", "sent, not confirmed", "not ordered before approval"}
PENDING = {"pending", "pricing", "proceeding"}


@pytest.mark.parametrize("seed", range(3))
def test_what_a_killed_writer_left_has_its_cause(seed: int, company: Company, desk: Desk) -> None:
    chance = Random(seed)
    for number in range(1, 7):
        company.order(number, chance.choice((0, 1)), [str(Decimal(chance.randint(1, 99_999)) / 100) for _ in range(3)])
    company.carry("poll-constructiononline", "mapper")
    died = [
        company.killed(stage, f"writer.{chance.choice(POINTS)}:{chance.randint(1, 4)}")
        for stage in ("procore-writer", "cinx-submitter")
    ]
    assert any(died), "nothing was killed"
    company.carry("views")
    judged(company, desk, ON_THEIR_WAY)
    for pco in company.procore.state()["potential_change_orders"]:
        if pco["origin_id"]:
            company.procore.people("set_status", kind="pco", id=pco["id"], status="rejected")
    judged(company, desk, ON_THEIR_WAY | {"edited there by people"})


def judged(company: Company, desk: Desk, causes: set[str]) -> Any:
    """The report, with sums as the simulators' own books have them, no difference left, and these causes alone."""
    ended = desk.reconcile()
    assert ended.code == 0, ended.out
    source, there = claimed(company.source.state()), held(company)
    for side in ("owner", "cost"):
        found = side_of(ended.json, side)
        for bucket in ("approved", "pending"):
            assert Decimal(found["source"][bucket]) == source[side, bucket]
            assert Decimal(found["held"][bucket]) == there[side, bucket]
        told = {item["cause"] for contract in found["contracts"] for item in contract["items"]}
        assert told <= causes
    return ended.json


def claimed(state: Any) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for order in state["change_orders"]:
        sums["owner", CONDITIONS[order["CONDITION"]]] += Decimal(order["CLIENT_PRICE"])
        sums["cost", CONDITIONS[order["CONDITION"]]] += Decimal(order["COST_MONEY"])
    return sums


def held(company: Company) -> dict[tuple[str, str], Decimal]:
    """The prime contract at Procore, and the purchase order at CINX, where what was imported is ordered."""
    state, sums = company.procore.state(), defaultdict[tuple[str, str], Decimal](Decimal)
    totals: dict[int, Decimal] = defaultdict(Decimal)
    for line in state["line_items"]:
        totals[line["pco_id"]] += Decimal(line["amount"])
    for pco in state["potential_change_orders"]:
        if pco["contract_id"] == 44023 and pco["deleted_at"] is None:
            bucket = "approved" if pco["status"] == "approved" else "pending" if pco["status"] in PENDING else "none"
            sums["owner", bucket] += totals[pco["id"]]
    for poco in company.cinx.state()["pocos"]:
        if poco["purchase_order"]["number"] == "PO-123":
            for item in poco["items"]:
                amount = Decimal(item["quantity"]) * Decimal(item["unit_price"])
                sums["cost", "approved"] += amount.quantize(Decimal("0.01"))
    return sums
