"""Months drawn from seeds with the real stages: every cent of the difference has a cause, and it is what was done.

``COR_MONTH_SEEDS`` (numbers with commas between them) chooses other months than those of every day.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from relay.domain.change_order import Status
from relay.domain.outcomes import OutcomeKind
from relay.engine.topics import LETTERS
from tests.contract.operations.reconcile.truth import CONDITIONS, PENDING
from tests.integration.reconcile.conftest import Company, Desk
from tests.integration.reconcile.random_company import ORDERS, PRIME, RandomCompany, origin_of

pytestmark = [pytest.mark.storm, pytest.mark.timeout(1_800)]

SEEDS = [int(seed) for seed in os.environ.get("COR_MONTH_SEEDS", "0").split(",")]

Sums = dict[str, Decimal]
"""Approved and pending."""
Name = tuple[str, str]
"""A contract, and the key of a change order there."""
ON_THEIR_WAY = {"in transit at cut-off", "waiting", "sent, not confirmed"}
NOTHING = {"approved": Decimal(0), "pending": Decimal(0)}
TARGETS = {str(PRIME): "owner", "PO-123": "steel", "PO-124": "fixtures"}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_cent_of_a_month_has_a_true_cause(seed: int, company: Company, desk: Desk) -> None:
    month = RandomCompany(company, desk, seed)
    month.live()
    company.carry("views")
    story = f"seed {seed}: {' '.join(month.said)}; killed at {month.kills}"
    judge(month, reconciled(desk, story), story)
    for hold in sorted(month.held):
        desk.cor("release", month.held.pop(hold), "--why", "month end", "--wait", "0")
    company.carry()
    company.carry()
    report = reconciled(desk, story)
    judge(month, report, story)
    carried_on(company, report, story)
    assert not missing(month), story


def missing(month: RandomCompany) -> list[str]:
    """What did not come about, of that without which a month proves nothing."""
    cinx, outcomes, events = month.company.cinx.state(), month.company.outcomes(), month.company.events()
    applied = {one.origin_id for one in outcomes if one.kind is OutcomeKind.APPLIED}
    pending = {one.key for one in events if one.change_order.status is Status.PENDING}
    lived = {
        "a POCO of ours": any(origin_of(poco) for poco in cinx["pocos"] + cinx["deleted_pocos"]),
        "an approval": any(one.key in pending and one.change_order.status is Status.APPROVED for one in events),
        "a withdrawal": any(one.kind is OutcomeKind.WITHDRAWN and one.origin_id in applied for one in outcomes),
        "a hold": any(one.kind is OutcomeKind.HELD and one.reason == "on_hold" for one in outcomes),
        "a letter": any(one.value is not None for one in month.company.records(LETTERS)),
        "a hand edit at Procore": "edit_there" in month.said,
        "a hand edit at CINX": "edit_order" in month.said,
    }
    return [name for name, came in lived.items() if not came]


def reconciled(desk: Desk, story: str) -> Any:
    ended = desk.reconcile()
    if ended.code:
        pytest.fail(f"{story}\n{ended.out}\n{ended.err}")  # All of it: an assertion cuts it short.
    return ended.json


def judge(month: RandomCompany, report: Any, story: str) -> None:
    """Sums are those of the systems' own books, and so is each change order's; each cause is one that was there."""
    books = Books(month.company)
    for side in report["sides"]:
        names = (str(PRIME),) if side["side"] == "owner" else ORDERS
        for bucket in ("approved", "pending"):
            assert Decimal(side["source"][bucket]) == books.source(side["side"])[bucket], story
            held = sum((one[bucket] for (contract, _), one in books.held.items() if contract in names), Decimal(0))
            assert Decimal(side["held"][bucket]) == held, (story, side["side"], bucket)
    found = effects(report)
    for (contract, key), causes in found.items():
        says, there = books.says(contract, key), books.held.get((contract, books.mark(contract, key)), {})
        about = (story, contract, key, causes)
        for bucket in ("approved", "pending"):
            total = sum((effect[bucket] for effect in causes.values()), Decimal(0))
            assert total == there.get(bucket, 0) - says[bucket], about
        for cause, effect in causes.items():
            assert is_true(month, books, contract, key, cause), (cause, *about)
            if cause == "not ordered before approval":
                # What goes on from a record is pending as that is, and what has moved since has not been read yet.
                seen = causes.get("carried on from a record", NOTHING)["pending"] + says["pending"]
                seen += causes.get("in transit at cut-off", NOTHING)["pending"]
                assert effect["pending"] == -seen, about
    for (contract, mark), there in books.held.items():
        if mark.startswith("cor:") and not any(books.mark(*name) == mark for name in found if name[0] == contract):
            says = books.says(contract, books.key_of(contract, mark))
            assert all(there[bucket] == says[bucket] for bucket in there), (story, contract, mark)


def is_true(month: RandomCompany, books: Books, contract: str, key: str, cause: str) -> bool:
    """Whether the month has done what the cause says."""
    root = books.roots.get(key, key)
    number = int(root.rpartition(":")[2]) if root.startswith("constructiononline:") else 0
    touched = bool({books.mark(contract, key), books.mark(str(PRIME), root), key, root} & month.touched)
    changed = number in month.taken_back
    moved = touched or changed or number in month.spoiled
    told = {
        "carried on from a record": contract == "PO-124",
        "on hold": number in month.held,
        "edited there by people": touched,
        "deleted there": touched,
        "open item": moved,
        "closed without sending": bool({key, root} & month.closed),
        "sent, not confirmed": moved or bool(month.kills),
        "left there by rule": touched or changed,
        "not ordered before approval": contract in ORDERS,
    }
    return told.get(cause, cause in ON_THEIR_WAY)


def carried_on(company: Company, report: Any, story: str) -> None:
    """Once all was read, what goes on from each record at Procore is what Procore holds of it."""
    state, sums = company.procore.state(), defaultdict[str, Decimal](Decimal)
    totals: dict[int, Decimal] = defaultdict(Decimal)
    for line in state["line_items"]:
        totals[line["pco_id"]] += Decimal(line["amount"])
    for pco in state["potential_change_orders"]:
        if pco["deleted_at"] is None and (pco["status"] == "approved" or pco["status"] in PENDING):
            sums[f"procore:acme:{pco['id']}"] = totals[pco["id"]]
    told = {
        item["change_order_key"]: Decimal(item["approved"]) + Decimal(item["pending"])
        for contract, item in items(report)
        if item["cause"] == "carried on from a record"
    }
    assert told == {key: amount for key, amount in sums.items() if amount}, story


class Books:
    """What the three systems hold, by arithmetic of its own. ``held`` by contract and mark, or number, of a record;
    ``roots``: by the key of a record at Procore the change order that it comes from.
    """

    def __init__(self, company: Company) -> None:
        self._source, procore, cinx = (one.state() for one in (company.source, company.procore, company.cinx))
        self.held: dict[Name, Sums] = {}
        self.roots: dict[str, str] = {}
        totals: dict[int, Decimal] = defaultdict(Decimal)
        for line in procore["line_items"]:
            totals[line["pco_id"]] += Decimal(line["amount"])
        for pco in procore["potential_change_orders"]:
            if pco["contract_id"] != PRIME:
                continue
            key, mark = f"procore:acme:{pco['id']}", pco["origin_id"]
            if mark:
                self.roots[key] = mark.removeprefix("cor:").rpartition(":")[0]
            if pco["deleted_at"] is None:
                bucket = "approved" if pco["status"] == "approved" else "pending" if pco["status"] in PENDING else ""
                self._add(str(PRIME), mark or key, bucket, totals[pco["id"]])
        for poco in cinx["pocos"]:
            amounts = (Decimal(str(one["quantity"])) * Decimal(str(one["unit_price"])) for one in poco["items"])
            total = sum((amount.quantize(Decimal("0.01")) for amount in amounts), Decimal(0))
            shown = poco["detail"]
            counts = shown["workflow_status"] != "DECLINED" and shown["procurement_status"] != "CANCELLED"
            mark = origin_of(poco) or poco["cinx_guid"]
            self._add(poco["purchase_order"]["number"], mark, "approved" if counts else "", total)

    def _add(self, contract: str, mark: str, bucket: str, amount: Decimal) -> None:
        sums = self.held.setdefault((contract, mark), {"approved": Decimal(0), "pending": Decimal(0)})
        if bucket:
            sums[bucket] += amount

    def source(self, side: str) -> Sums:
        sums = {"approved": Decimal(0), "pending": Decimal(0)}
        for order in self._source["change_orders"]:
            self._count(sums, order, side)
        return sums

    def says(self, contract: str, key: str) -> Sums:
        """Nothing at the order that records go on to: their money is the source's where they stand."""
        sums = {"approved": Decimal(0), "pending": Decimal(0)}
        for order in self._source["change_orders"]:
            if contract != "PO-124" and key == f"constructiononline:acme:{order['ID']}":
                self._count(sums, order, "owner" if contract == str(PRIME) else "cost")
        return sums

    def _count(self, sums: Sums, order: Any, side: str) -> None:
        status = CONDITIONS.get(order["CONDITION"])
        if status:
            sums[status] += Decimal(order["CLIENT_PRICE" if side == "owner" else "COST_MONEY"])

    def mark(self, contract: str, key: str) -> str:
        """Of the record of a change order at a contract."""
        return f"cor:{self.roots.get(key, key)}:{TARGETS[contract]}"

    def key_of(self, contract: str, mark: str) -> str:
        """Of the change order whose record carries a mark."""
        return mark.removeprefix("cor:").rpartition(":")[0]


def effects(report: Any) -> dict[Name, dict[str, Sums]]:
    """By contract and change order, and by cause; what people entered is checked by the sums of a contract alone."""
    found: dict[Name, dict[str, Sums]] = {}
    for contract, item in items(report):
        if contract and item["cause"] != "entered there by people" and item["change_order_key"]:
            sums = found.setdefault((contract, item["change_order_key"]), {}).setdefault(
                item["cause"], {"approved": Decimal(0), "pending": Decimal(0)}
            )
            for bucket in sums:
                sums[bucket] += Decimal(item[bucket])
    return found


def items(report: Any) -> Iterator[tuple[str, Any]]:
    """Each with its contract."""
    for side in report["sides"]:
        for contract in side["contracts"]:
            for item in contract["items"]:
                yield contract["contract"], item
