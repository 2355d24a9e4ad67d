"""The documentation's own sample objects, and the least that they refer to.

Source: ConstructionOnline developers, "Change Orders Overview" and "Get a Change Order". The two
samples do not belong together: the item's change order is 500942, of which nothing is printed.
"""

from __future__ import annotations

import json
from decimal import Decimal
from importlib import resources
from typing import Any

from .account import Account
from .properties import DRAFT, Record

SAMPLE_PARENT = 500942


def read(name: str) -> Record:
    """A sample with its property order and the digits of its numbers."""
    text = resources.files(__package__).joinpath("seed", name).read_text(encoding="utf-8")
    sample: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return sample


def load_samples(account: Account) -> None:
    """Project 1321036 with the sample change order, and a draft around the sample item."""
    order, item = read("change_order.json"), read("change_order_item.json")
    project = account.add_project(order["PRJ_ID"], {"NAME": order["PROJECTNAME"]}, 985300)
    account.change_orders[order["ID"]] = order
    account.numbered[project["ID"]] = int(order["NUMBER"])
    parent = account.add_change_order(SAMPLE_PARENT, project, item["CREATED_BY"])
    parent.update(NAME="Fixtures", NUMBER="3", CONDITION=DRAFT)
    for name in ("DATE_CREATED", "DATE_MODIFIED"):
        parent[name] = item[name]
    account.add_item(item["ID"], parent, item["CREATED_BY"]).update(item)
    account.recalculate(parent)
