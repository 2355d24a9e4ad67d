"""Change orders as people make and edit them at a ConstructionOnline that is not there: its own JSON. Pure.

Properties and codes: ConstructionOnline developers, "Change Orders Overview".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from relay.domain.sources import native_json

PENDING, APPROVED, REJECTED = 0, 1, 2
"""``CONDITION`` of a change order."""

PROJECTS = (
    (410001, "Harbor Offices, Building C"),
    (410002, "Küstenstraße 12"),
    (410003, "Elm Street School, Gym"),
    (410004, "Riverside Clinic – Phase 2"),
)
_WORKS = (
    ("Rebar upgrade", "Heavier reinforcement after the structural review.", 1, "TON"),
    ("Additional concrete", "Footings deeper than drawn.", 1, "CY"),
    ("Küchenfenster versetzen", "The owner wants the window 40 cm further left.", 2, "HR"),
    ("Temporary power", "The utility's connection comes four weeks late.", 3, "LS"),
    ("Crane days", "Steel arrives in two deliveries instead of one.", 4, "DAY"),
    ("Fire-rated doors", "The inspector asks for 90 minutes on stair B.", 1, "EA"),
    ("Rock excavation", "Rock at 2.1 m instead of 4 m.", 3, "M3"),
    ("Lighting controls", "Daylight dimming in all class rooms 灯.", 2, "HR"),
)
_CENT = Decimal("0.01")


def pick(random: Random, options: tuple[Any, ...] | list[Any]) -> Any:
    """One of ``options``. Built on ``random()`` alone, whose sequence Python promises to keep."""
    return options[int(random.random() * len(options))]


@dataclass(slots=True, kw_only=True)
class NativeOrder:
    """One change order at the source; amounts follow from its lines ``(work, quantity, unit cost)``."""

    number: int
    project: int
    project_name: str
    title: str
    details: str
    created: datetime
    markup_percent: Decimal
    lines: list[tuple[int, Decimal, Decimal]] = field(default_factory=list)
    condition: int = PENDING
    modified: datetime | None = None
    closed: datetime | None = None

    def raw(self) -> bytes:
        """The order with its items, as an event carries them."""
        items = [self._item(row, *line) for row, line in enumerate(self.lines)]
        total = {
            name: sum((item[name] for item in items), Decimal(0)) for name in ("MARKUP", "SALES_TAX", "CLIENT_PRICE")
        }
        header = {
            "ID": self.number,
            "NAME": self.title,
            "PRJ_ID": self.project,
            "PROJECTNAME": self.project_name,
            "NUMBER": str(self.number % 1000),
            "DETAILS": self.details,
            "CONDITION": self.condition,
            "COST_MONEY": sum((item["COST_ESTIMATE"] for item in items), Decimal(0)),
            "COST_TIME": len(items),
            "DATE_CREATED": _local(self.created),
            "DATE_CLOSED": _local(self.closed),
            "DATE_MODIFIED": _local(self.modified or self.created),
            **total,
        }
        return native_json.compose(spelt(header).encode(), [spelt(item).encode() for item in items])

    def _item(self, row: int, work: int, quantity: Decimal, unit_cost: Decimal) -> dict[str, Any]:
        name, _, classification, unit = _WORKS[work]
        cost = quantity * unit_cost
        markup = (cost * self.markup_percent / 100).quantize(_CENT, ROUND_HALF_UP)
        return {
            "ID": self.number * 10 + row,
            "CHANGE_ORDER_ID": self.number,
            "NAME": name,
            "ROW_NUMBER": row,
            "CLASSIFICATION": classification,
            "COST_ESTIMATE": cost,
            "RATE": unit_cost,
            "RATE_QTY": quantity,
            "COST_CODE_ID": 370 + work,
            "MARKUP": markup,
            "SALES_TAX": Decimal("0.00"),
            "CLIENT_PRICE": cost + markup,
            "UNIT_NAME": unit,
        }


def new_order(random: Random, index: int, at: datetime) -> NativeOrder:
    """The ``index``-th change order of the account, with one to three lines."""
    project, project_name = PROJECTS[index % len(PROJECTS)]
    first = int(random.random() * len(_WORKS))
    title, details, _, _ = _WORKS[first]
    order = NativeOrder(
        number=600001 + index,
        project=project,
        project_name=project_name,
        title=title if index % 3 else f"{title}, grid {chr(65 + index % 9)}",
        details=details,
        created=at,
        markup_percent=pick(random, [Decimal(10), Decimal("12.5"), Decimal(15)]),
    )
    count = 1 + int(random.random() * 3)
    order.lines = [_line(random, (first + place) % len(_WORKS)) for place in range(count)]
    if has_broken_cent(index):
        order.lines[0] = (first, Decimal("10.25"), Decimal("88.01"))
    return order


def has_broken_cent(index: int) -> bool:
    """Whether the amount of the order's first line has four places until it is edited: no contract takes that."""
    return index % 12 == 1


def edit(random: Random, order: NativeOrder, at: datetime) -> None:
    """Another quantity and price of the first line, as after a talk with the subcontractor."""
    work, _, _ = order.lines[0]
    order.lines[0] = _line(random, work)
    order.modified = at


def decide(order: NativeOrder, condition: int, at: datetime) -> None:
    """Approves, rejects, or takes a decision back; then the day of closing stays, as at the source."""
    order.condition = condition
    order.modified = at
    if condition != PENDING:
        order.closed = at


def spelt(value: object) -> str:
    """JSON with decimals as they are, which no float has touched."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {spelt(member)}" for name, member in value.items()) + "}"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _line(random: Random, work: int) -> tuple[int, Decimal, Decimal]:
    """Quarters of a unit, at a price of which a quarter is whole cents."""
    quantity = Decimal(25 * (1 + int(random.random() * 120))) / 100
    unit_cost = Decimal(1000 + 4 * int(random.random() * 37_500)) / 100
    return work, quantity, unit_cost


def _local(at: datetime | None) -> str | None:
    """A local time without zone, as the source has it."""
    return None if at is None else at.replace(tzinfo=None).isoformat(timespec="milliseconds")
