"""A believable company, the same for the same seed.

The change orders cover what a reader of the API meets: lump sums and detailed ones, all statuses,
negative and zero amounts, empty and repeated numbers, text outside ASCII, all markup and tax
methods, a few with some hundred items, and optionally fees that part the totals from the items.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from . import dates
from .account import Account
from .arithmetic import cents as rounded
from .people import amount, create_change_order, create_project, whole
from .properties import APPROVED, DRAFT, PENDING, REJECTED, Record

Body = Mapping[str, Any]

STREETS: Final = (
    "E Lake Blvd",
    "Piedmont Ave",
    "Sørlandet Court",
    "Rue de l'Église",
    "Oak Hill Rd",
)
SUBJECTS: Final = (
    "Living Room Light Fixtures",
    "Footing over-excavation",
    "Rebar upgrade, grid C-F",
    "Añadir drenaje perimetral",
    "Küchenfenster versetzen",
    "Relocate RTU-3 curb",
    "天窗 skylight flashing",
    "Delete millwork at lobby",
    'Owner\'s "alternate 2" flooring',
    "Rock removal ≥ 2 yd³",
)
PRODUCTS: Final = (
    "Chandelier",
    "#5 rebar, 20 ft",
    "Electrician, journeyman",
    "Ready-mix 4000 psi",
    "Skid steer, day",
    "Floor drain 4″",
    "Ziegel, rot",
    "Permit fee",
)
COST_CODES: Final = (371, 372, 380, 415, 420, 500)
CONDITIONS: Final = (PENDING, PENDING, APPROVED, APPROVED, APPROVED, REJECTED, DRAFT)
SPREAD: Final = timedelta(days=180)
"""The change orders were made over this time before now."""


def load_company(account: Account, body: Body) -> dict[str, int]:
    """``seed``, ``change_orders`` (300), ``projects`` (6) or ``project_ids``, ``fees``, ``max_items`` (300).

    Adds to what is there. Every fiftieth change order has between a third of ``max_items`` and all
    of them. Returns how many projects, change orders and items were added.
    """
    random = Random(whole(body, "seed", 1))
    count, most = whole(body, "change_orders", 300), whole(body, "max_items", 300)
    before = len(account.items)
    ids = body.get("project_ids") or [None] * max(1, whole(body, "projects", 6))
    projects = [account.projects.get(number) or add_project(account, random, number) for number in ids]
    for index in range(count):
        project = random.choice(projects)
        size = draw_size(random, most, large=index % 50 == 49)
        add_change_order(account, random, project, size, bool(body.get("fees", False)))
    return {
        "projects": len(projects),
        "change_orders": count,
        "items": len(account.items) - before,
    }


def add_project(account: Account, random: Random, number: int | None) -> Record:
    """A project named after its address, as in the sample; the id is given out if none is stated."""
    name = f"{random.randrange(100, 9999)} {random.choice(STREETS)}"
    values = {"ADDRESS": name, "CITY": "Atlanta", "STATE": "Georgia", "ZIP": "30002"}
    return create_project(account, {"id": number, "name": name, "set": values})


def draw_size(random: Random, most: int, large: bool) -> int:
    """How many items a change order has; none makes it a lump sum."""
    if large:
        return random.randint(most // 3, most)
    return min(most, random.choice((0, 0, 0, 1, 1, 2, 3, 4, 6, 9, 14)))


def add_change_order(account: Account, random: Random, project: Record, size: int, fees: bool) -> Record:
    """One change order in its final status, with dates in the past."""
    body: dict[str, Any] = {
        "project": project["ID"],
        "name": random.choice(SUBJECTS),
        "set": header(random, lump_sum=size == 0),
        "items": [item(random) for _ in range(size)],
    }
    if fees and size and random.random() < 0.2:
        body["fee"] = cents(random, 5_000, 50_000)
    order = create_change_order(account, body)
    backdate(account, random, order)
    return order


def header(random: Random, lump_sum: bool) -> Record:
    """What was entered on the change order itself; only a lump sum has amounts of its own."""
    values: Record = {
        "CONDITION": random.choice(CONDITIONS),
        "DETAILS": random.choice(("", "Asked for by the owner.\nSee RFI 14.", "Größe geändert → neu")),
        "MARKUP_TYPE": random.choice((0, 1, 2)),
        "TAX_METHOD": random.choice((1, 2, 3, 3)),
        "TAX_PERCENT": random.choice((Decimal(0), Decimal(0), Decimal("8.25"))),
        "COST_TIME": random.choice((0, 0, 1, 3, 10, -2)),
        "SUBTITLE": random.choice(("", "Upgrade", "Credit to the owner")),
        "GCCO": random.choice(("", "", f"GC-{random.randrange(1, 40)}")),
        "RELUSERIDS": random.choice((None, "985779,Theo Brown")),
    }
    if lump_sum:
        values["PRICE"] = draw_price(random)
        values["QTY"] = random.choice((Decimal(1), Decimal(1), Decimal(3), Decimal("2.5")))
        percent = random.choice((0, 10, 15, 20))
        values["MARKUP"] = rounded(abs(values["PRICE"]) * values["QTY"] * percent / 100)
    if random.random() < 0.15:
        values["NUMBER"] = random.choice(("", "1", "CO-7", " 12 "))
    return values


def item(random: Random) -> Record:
    """What was entered on an item."""
    return {
        "NAME": random.choice(PRODUCTS),
        "DESCRIPTION": random.choice(("", "as per drawing S-201", "línea 2\n2nd line")),
        "CLASSIFICATION": random.randint(1, 6),
        "RATE": draw_price(random) / 10,
        "RATE_QTY": random.choice((Decimal(1), Decimal(4), Decimal("12.5"), Decimal("0.333"))),
        "LINE_ITEM_MARKUP": random.choice(("20", "0", "12.5", "")),
        "LINE_ITEM_MARKUP_TYPE": random.choice((0, 0, 2, 3, 4)),
        "TAX_METHOD": random.choice((1, 2, 3, 3)),
        "TAX_PERCENT": random.choice((Decimal(0), Decimal("8.25"))),
        "COST_CODE_ID": random.choice((*COST_CODES, None)),
    }


def draw_price(random: Random) -> Decimal:
    """Mostly positive; one in twelve zero, one in eight a deduction."""
    if random.random() < 1 / 12:
        return Decimal("0.00")
    price = cents(random, 1_000, 2_500_000)
    return -price if random.random() < 1 / 8 else price


def cents(random: Random, least: int, most: int) -> Decimal:
    """An amount of whole cents."""
    return amount(random.randint(least, most)) / 100


def backdate(account: Account, random: Random, order: Record) -> None:
    """Spreads creation, modification and closing over the past, in that order."""
    now = account.now()
    created = now - random.random() * SPREAD
    modified = created + random.random() * (now - created)
    text = localised(account)
    order.update(DATE_CREATED=text(created), DATE_MODIFIED=text(modified))
    order["DATE_SUBMITTED"] = text(created)[:10] + "T00:00:00"
    if order["DATE_CLOSED"]:
        order["DATE_CLOSED"] = text(modified)
    for row in account.items_of(order["ID"]):
        row.update(DATE_CREATED=text(created), DATE_MODIFIED=text(modified))
        row["DATE_CLOSED"] = order["DATE_CLOSED"]


def localised(account: Account) -> Callable[[datetime], str]:
    """How the account writes an instant."""
    return lambda instant: dates.stamp(instant, account.settings.utc_offset_minutes)
