"""What Procore and CINX hold, read back from the simulators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from deploy.demo.expectation import Line

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Held:
    """One record that is there. ``number`` is what people call it."""

    origin_id: str | None
    system: str
    place: str
    number: str
    title: str
    status: str
    lines: tuple[Line, ...]
    package: bool = False


def of_procore(state: Row) -> Iterator[Held]:
    """The potential change orders with their lines and packages."""
    codes = {row["id"]: row["full_code"] for row in state["cost_codes"]}
    lines: dict[int, list[Line]] = defaultdict(list)
    for row in state["line_items"]:
        code = codes.get(row["cost_code_id"])
        lines[row["pco_id"]].append(Line(row["description"], Decimal(row["amount"]), code))
    for row in state["potential_change_orders"]:
        if row["deleted_at"] is None:
            yield Held(
                origin_id=row["origin_id"],
                system="procore",
                place=str(row["contract_id"]),
                number=row["number"],
                title=row["title"],
                status=row["status"],
                lines=tuple(lines[row["id"]]),
                package=row["package_id"] is not None,
            )


def of_cinx(state: Row) -> Iterator[Held]:
    """The purchase order change orders that were imported, with their lines."""
    for row in state["pocos"]:
        references = {one["type"]: one["value"] for one in row["external_references"]}
        yield Held(
            origin_id=references.get("change-order-relay"),
            system="cinx",
            place=row["purchase_order"]["number"],
            number=row["number"],
            title=row["detail"]["description"] or "",
            status="approved",
            lines=tuple(_ordered(item) for item in row["items"]),
        )


def _ordered(item: Row) -> Line:
    amount = (Decimal(item["quantity"]) * Decimal(item["unit_price"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return Line(item["description"], amount, item["job_cost"]["material_cost_code"])


def packages(state: Row) -> int:
    """How many change order packages Procore holds."""
    return sum(row["deleted_at"] is None for row in state["change_order_packages"])
