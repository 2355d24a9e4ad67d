"""The company account: its projects, change orders and items, as the service stores them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from deploy.sandbox.shell import Refused

from . import arithmetic, dates
from .properties import CHANGE_ORDER, ITEM, PROJECT, Record
from .rates import Budget
from .settings import Settings


class NoSuchRecord(LookupError):
    """A person's operation names a record that is not there."""


@dataclass
class Fee:
    """An amount on the change order itself, on top of its items."""

    amount: Decimal
    counts_as: str = "markup"


@dataclass
class Account:
    """State of one company account; not synchronised, the server holds one lock per request."""

    now: Callable[[], datetime]
    settings: Settings = field(default_factory=Settings)
    budget: Budget = field(default_factory=Budget)
    projects: dict[int, Record] = field(default_factory=dict)
    archived: set[int] = field(default_factory=set)
    guest_projects: set[int] = field(default_factory=set)
    """Projects of other companies in which the user is a client or subcontractor."""
    deleted_projects: dict[int, Record] = field(default_factory=dict)
    deleted_on: dict[int, str] = field(default_factory=dict)
    """When each deleted project was deleted; no property tells it."""
    change_orders: dict[int, Record] = field(default_factory=dict)
    items: dict[int, Record] = field(default_factory=dict)
    rows: dict[int, dict[int, Record]] = field(default_factory=dict)
    """The items of each change order, whatever a malformed item says about its parent."""
    rows_added: Counter[int] = field(default_factory=Counter)
    numbered: Counter[int] = field(default_factory=Counter)
    """Change orders ever made in each project: numbers are not given out twice."""
    deleted_change_orders: dict[int, Record] = field(default_factory=dict)
    fees: dict[int, Fee] = field(default_factory=dict)
    unlisted: set[int] = field(default_factory=set)
    """Change orders that listings leave out although a single get finds them."""
    last_id: int = 600_000

    def next_id(self) -> int:
        """An id that no record of this account has had."""
        self.last_id += 1
        return self.last_id

    def stamp(self) -> str:
        """Now, as the service writes it."""
        return dates.stamp(self.now(), self.settings.utc_offset_minutes)

    def project(self, project_id: int) -> Record:
        """The living project; raises NoSuchRecord."""
        return found(self.projects, project_id, "project")

    def change_order(self, order_id: int) -> Record:
        """The living change order; raises NoSuchRecord."""
        return found(self.change_orders, order_id, "change order")

    def item(self, item_id: int) -> Record:
        """The living item; raises NoSuchRecord."""
        return found(self.items, item_id, "item")

    def items_of(self, order_id: int) -> list[Record]:
        """The items of a change order in the order in which they were added."""
        return list(self.rows.get(order_id, {}).values())

    def listed_orders(self) -> Iterator[Record]:
        """The change orders that a listing of the company shows."""
        for order_id, order in self.change_orders.items():
            if order_id not in self.unlisted and self._shown(order):
                yield order

    def listed_items(self) -> Iterator[Record]:
        """The items that a listing of the company shows."""
        for item in self.items.values():
            if item.get("CHANGE_ORDER_ID") not in self.unlisted and self._shown(item):
                yield item

    def _shown(self, record: Record) -> bool:
        return self.settings.archived_included or record.get("PRJ_ID") not in self.archived

    def _free(self, store: dict[int, Record], record_id: int | None, kind: str) -> None:
        if record_id in store:
            raise Refused(f"there is already a {kind} {record_id}")

    def add_project(self, project_id: int | None, values: Record, by: int) -> Record:
        """Stores a project; the id is given out if none is stated."""
        self._free(self.projects, project_id, "project")
        record = {**PROJECT, "DATE_CREATED": self.stamp(), "CREATED_BY": by, **values}
        record["ID"] = self.next_id() if project_id is None else project_id
        self.projects[record["ID"]] = record
        return record

    def add_change_order(self, order_id: int | None, project: Record, by: int) -> Record:
        """Stores an empty pending change order of ``project``."""
        self._free(self.change_orders, order_id, "change order")
        stamp = self.stamp()
        record = {**CHANGE_ORDER, "PRJ_ID": project["ID"], "PROJECTNAME": project["NAME"]}
        record["ID"] = self.next_id() if order_id is None else order_id
        record.update(DATE_CREATED=stamp, DATE_MODIFIED=stamp, CREATED_BY=by, MODIFIED_BY=by)
        self.change_orders[record["ID"]] = record
        self.numbered[project["ID"]] += 1
        return record

    def add_item(self, item_id: int | None, order: Record, by: int) -> Record:
        """Stores an empty item as the last row of ``order``."""
        self._free(self.items, item_id, "item")
        stamp = self.stamp()
        rows = self.rows.setdefault(order["ID"], {})
        record = {**ITEM, "CHANGE_ORDER_ID": order["ID"], "STATUS": order["CONDITION"]}
        record.update(PRJ_ID=order["PRJ_ID"], PROJECTNAME=order["PROJECTNAME"])
        record["ID"] = self.next_id() if item_id is None else item_id
        record["ROW_NUMBER"] = self.rows_added[order["ID"]]
        self.rows_added[order["ID"]] += 1
        record.update(DATE_CREATED=stamp, DATE_MODIFIED=stamp, CREATED_BY=by, MODIFIED_BY=by)
        record["CREATOR"] = "Alex Kim"
        self.items[record["ID"]] = rows[record["ID"]] = record
        return record

    def remove_item(self, item_id: int) -> Record:
        """Takes an item away; the rows that stay keep their ROW_NUMBER."""
        item = self.item(item_id)
        for rows in self.rows.values():
            rows.pop(item_id, None)
        del self.items[item_id]
        return item

    def remove_change_order(self, order_id: int) -> Record:
        """Takes a change order away with its items, as "Delete a change order" states."""
        order = self.change_order(order_id)
        for item_id in self.rows.pop(order_id, {}):
            del self.items[item_id]
        self.unlisted.discard(order_id)
        self.fees.pop(order_id, None)
        self.deleted_change_orders[order_id] = self.change_orders.pop(order_id)
        return order

    def recalculate(self, order: Record) -> None:
        """Brings the totals of a change order in line with its items, or with PRICE times QTY."""
        rows = self.items_of(order["ID"])
        if rows:
            fee = self.fees.get(order["ID"], Fee(Decimal("0.00")))
            arithmetic.calculate_detailed(order, rows, fee.amount, fee.counts_as)
        else:
            arithmetic.calculate_lump_sum(order)

    def clear(self) -> None:
        """Forgets all records; settings and the id counter stay."""
        for store in (self.projects, self.deleted_projects, self.change_orders, self.items):
            store.clear()
        self.deleted_change_orders.clear()
        self.deleted_on.clear()
        self.rows.clear()
        self.rows_added.clear()
        self.numbered.clear()
        self.fees.clear()
        for names in (self.archived, self.guest_projects, self.unlisted):
            names.clear()

    def dump(self) -> dict[str, Any]:
        """Everything a test judges by, also what no call of the service shows."""
        return {
            "projects": list(self.projects.values()),
            "archived_projects": sorted(self.archived),
            "deleted_projects": list(self.deleted_projects.values()),
            "change_orders": list(self.change_orders.values()),
            "items": list(self.items.values()),
            "deleted_change_orders": list(self.deleted_change_orders.values()),
            "unlisted": sorted(self.unlisted),
            "rates": self.budget.dump(self.now()),
            "settings": self.settings.dump(),
        }


def found(store: dict[int, Record], record_id: int, kind: str) -> Record:
    """The record of that id; raises NoSuchRecord."""
    if record_id not in store:
        raise NoSuchRecord(f"there is no {kind} {record_id}")
    return store[record_id]
