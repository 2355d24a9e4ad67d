"""What Procore and CINX must hold, computed from the source's own state and the configuration.

It shares no code with the relay: a mapping that is judged by itself proves nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Row = Mapping[str, Any]

CLASSES = {1: "material", 2: "labor", 3: "subcontractor", 4: "equipment", 5: "other", 6: "unclassified"}
STATUSES = {0: "pending", 1: "approved", 2: "rejected"}
"""The statuses that a route carries if it names none; a draft (3) is not carried."""


COUNTED = ("approved", "pending")
"""The statuses of which sums are told."""

Said = Mapping[tuple[str, str, str, str], Decimal]
"""By account, project, side and status."""


@dataclass(frozen=True)
class Line:
    """One line of a change order at a target."""

    text: str
    amount: Decimal
    cost_code: str | None


@dataclass(frozen=True)
class Expected:
    """One record that must be there, once. ``place`` is a contract's id or a purchase order's number.

    ``package``: whether it is in a change order package; ``None`` where either is right.
    """

    origin_id: str
    system: str
    place: str
    title: str
    status: str
    lines: tuple[Line, ...]
    package: bool | None = False

    @property
    def total(self) -> Decimal:
        """The sum of its lines."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class Office:
    """One ConstructionOnline account: its change orders as the simulator holds them."""

    account: str
    living: Sequence[Row]
    deleted: Sequence[Row]
    items: Mapping[int, Sequence[Row]] = field(default_factory=dict)

    @classmethod
    def of(cls, account: str, state: Row) -> Office:
        """From the state of its simulator."""
        items: dict[int, list[Row]] = {}
        for item in state["items"]:
            items.setdefault(item["CHANGE_ORDER_ID"], []).append(item)
        return cls(account, state["change_orders"], state["deleted_change_orders"], items)


def source_says(offices: Sequence[Office]) -> Said:
    """The headers' amounts: the owner's side at the client's price, the other at cost. What is nothing is left out."""
    sums: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for office in offices:
        for order in office.living:
            if (status := STATUSES.get(order["CONDITION"])) in COUNTED:
                for side, amount in (("owner", order["CLIENT_PRICE"]), ("cost", order["COST_MONEY"])):
                    sums[office.account, str(order["PRJ_ID"]), side, status] += Decimal(amount)
    return {place: amount for place, amount in sums.items() if amount}


def routes(configuration: Path) -> list[Row]:
    """The live routes of a configuration file."""
    document = YAML(typ="safe").load(configuration)
    return [route for route in document["routes"] if route["mode"] == "live"]


def expected(offices: Sequence[Office], configuration: Path) -> dict[str, Expected]:
    """Every record that must be there, by its origin id."""
    by_source = {(route["from"]["account"], route["from"]["project"]): route for route in routes(configuration)}
    found: dict[str, Expected] = {}
    for office in offices:
        for order in office.living:
            route = by_source.get((office.account, order["PRJ_ID"]))
            if route and order["CONDITION"] in STATUSES:
                found |= {one.origin_id: one for one in _records(office, order, route)}
    return found


def deleted(offices: Sequence[Office], configuration: Path) -> set[str]:
    """Origin ids whose records, where there are any, must be void."""
    projects = {(route["from"]["account"], route["from"]["project"]): route for route in routes(configuration)}
    return {
        origin_id(office.account, order, target)
        for office in offices
        for order in office.deleted
        for target in projects.get((office.account, order["PRJ_ID"]), {}).get("targets", ())
    }


def origin_id(account: str, order: Row, target: Row) -> str:
    """The id that stands on the record at the target."""
    return f"cor:constructiononline:{account}:{order['ID']}:{target['name']}"


def _records(office: Office, order: Row, route: Row) -> Iterator[Expected]:
    for target in route["targets"]:
        lines = tuple(_lines(office, order, route, target))
        if not lines or (target["system"] == "cinx" and order["CONDITION"] != 1):
            continue
        yield Expected(
            origin_id=origin_id(office.account, order, target),
            system=target["system"],
            place=str(target["contract_id"]) if target["system"] == "procore" else target["purchase_order"],
            title=" ".join(order["NAME"].split()),
            status=STATUSES[order["CONDITION"]],
            lines=lines,
            package=_in_package(order) if target.get("package") == "per_change_order" else False,
        )


def _in_package(order: Row) -> bool | None:
    """A package is made at approval, and stays if the approval is taken back: Procore deletes none."""
    if order["CONDITION"] == 1:
        return True
    return None if order["DATE_CLOSED"] else False


def _lines(office: Office, order: Row, route: Row, target: Row) -> Iterator[Line]:
    """What the target takes: the whole as one line, or those of the items that it names."""
    codes, wanted = route["cost_codes"], target.get("match", {})
    is_prime = target.get("contract") == "prime"
    for item in office.items.get(order["ID"]) or [_as_item(order)]:
        code = None if item["COST_CODE_ID"] is None else codes.get(str(item["COST_CODE_ID"]))
        kind = CLASSES[item["CLASSIFICATION"]]
        if kind in wanted.get("classifications", [kind]) and code in wanted.get("cost_codes", [code]):
            amount = item["CLIENT_PRICE"] if is_prime else item["COST_ESTIMATE"]
            yield Line(_text(item), Decimal(amount), code)


def _as_item(order: Row) -> Row:
    """A lump sum is one item, unclassified and without a cost code."""
    return {
        "NAME": order["NAME"],
        "DESCRIPTION": "",
        "CLASSIFICATION": 6,
        "COST_CODE_ID": None,
        "COST_ESTIMATE": order["COST_MONEY"],
        "CLIENT_PRICE": order["CLIENT_PRICE"],
    }


def _text(item: Row) -> str:
    parts = [" ".join((item[name] or "").split()) for name in ("NAME", "DESCRIPTION")]
    return ": ".join(part for part in parts if part)
