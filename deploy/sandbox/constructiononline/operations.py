"""All operations of a simulated account: people's, and what a test arranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deploy.sandbox.shell.deeds import Operation

from . import people
from .account import Account
from .company import load_company
from .samples import load_samples

Body = Mapping[str, Any]


def documented_samples(account: Account, body: Body) -> dict[str, Any]:
    """The documentation's sample change order and item, with the project they belong to."""
    load_samples(account)
    return {"project": 1321036, "change_order": 498099, "item": 524469}


def company(account: Account, body: Body) -> dict[str, int]:
    """A believable company: seed, change_orders, project_ids or projects, max_items, fees."""
    return load_company(account, body)


def set_rate(account: Account, body: Body) -> dict[str, Any]:
    """A rate window (hour, day, week, month): limit, seconds, used."""
    account.budget.change(str(body["window"]), body)
    return account.budget.dump(account.now())


def clear(account: Account, body: Body) -> None:
    """Forgets all records; settings and the id counter stay."""
    account.clear()


OPERATIONS: Final[Mapping[str, Operation[Account]]] = {
    **people.OPERATIONS,
    "load_samples": documented_samples,
    "load_company": company,
    "set_rate": set_rate,
    "clear": clear,
}
