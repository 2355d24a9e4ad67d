"""What people do in the product's own pages, as operations on the account.

Every operation takes the account and the JSON body of ``POST /_sandbox/people/NAME`` and returns
what it made or changed. Amounts are calculated as the product does, except where a body states them itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from deploy.sandbox.shell import Refused

from .account import Account, Fee, found
from .arithmetic import calculate_item
from .properties import (
    APPROVED,
    CHANGE_ORDER,
    CHANGE_ORDER_ACCOUNTING,
    DRAFT,
    ITEM,
    ITEM_ACCOUNTING,
    PENDING,
    PROJECT,
    REJECTED,
    Record,
)

Body = Mapping[str, Any]
Operation = Callable[[Account, Body], Any]

USER: Final = 985300
"""The user who acts where an operation names none in ``by``."""


def whole(body: Body, name: str, default: int | None = None) -> int:
    """A required id or count of the body; raises Refused."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"{name} must be a whole number, not {value!r}")
    return value


def typed(values: Mapping[str, Any], documented: Mapping[str, Any]) -> Record:
    """``values`` with amounts as Decimal; raises Refused for an unknown property.

    A wrong value is not refused here by type alone: use ``malform`` to store one.
    """
    record: Record = {}
    for name, value in values.items():
        if name not in documented:
            raise Refused(f"{name} is no documented property")
        is_amount = isinstance(documented[name], Decimal) or name.startswith("QB_")
        record[name] = amount(value) if is_amount and value is not None else value
    return record


def amount(value: object) -> Decimal:
    """A money value or quantity given as number or text; raises Refused."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise Refused(f"{value!r} is no amount") from None


def create_project(account: Account, body: Body) -> Record:
    """``name``, optional ``id``, ``set``, and ``guest`` for another company's project."""
    values = typed({"NAME": body.get("name", ""), **body.get("set", {})}, PROJECT)
    record = account.add_project(body.get("id"), values, whole(body, "by", USER))
    if body.get("guest"):
        account.guest_projects.add(record["ID"])
    return record


def archive_project(account: Account, body: Body) -> Record:
    """``id``; with ``archived: false`` it becomes active again."""
    project = account.project(whole(body, "id"))
    (account.archived.add if body.get("archived", True) else account.archived.discard)(project["ID"])
    return project


def delete_project(account: Account, body: Body) -> Record:
    """``id``; its change orders are gone with it, and only DeletedProjects names it."""
    project = account.project(whole(body, "id"))
    for order_id, order in list(account.change_orders.items()):
        if order.get("PRJ_ID") == project["ID"]:
            account.remove_change_order(order_id)
    account.deleted_projects[project["ID"]] = account.projects.pop(project["ID"])
    account.deleted_on[project["ID"]] = account.stamp()
    account.archived.discard(project["ID"])
    return project


def create_change_order(account: Account, body: Body) -> Record:
    """``project``, ``name``, optional ``id``, ``set``, ``items``, ``fee`` and ``fee_as``.

    Without ``items`` it is a lump sum: PRICE times QTY of ``set``. It is pending unless ``set`` has
    another CONDITION. NUMBER is the running count of the project unless ``set`` has one.
    """
    project = account.project(whole(body, "project"))
    by = whole(body, "by", USER)
    values = typed({"NAME": body.get("name", ""), **body.get("set", {})}, CHANGE_ORDER)
    order = account.add_change_order(body.get("id"), project, by)
    order["NUMBER"] = str(account.numbered[project["ID"]])
    order.update(values)
    for item in body.get("items", []):
        store_item(account, order, item, by)
    if "fee" in body:
        account.fees[order["ID"]] = Fee(amount(body["fee"]), body.get("fee_as", "markup"))
    account.recalculate(order)
    order.update(values)
    if order["CONDITION"] in (APPROVED, REJECTED) and "DATE_CLOSED" not in values:
        close(account, order)
    return order


def store_item(account: Account, order: Record, body: Body, by: int) -> Record:
    """One item of documented properties, calculated; stated amounts win over calculated ones."""
    values = typed(body, ITEM)
    item = account.add_item(values.pop("ID", None), order, by)
    item.update(values)
    calculate_item(item)
    item.update(values)
    return item


def edit_change_order(account: Account, body: Body) -> Record:
    """``id``, ``set``; moves DATE_MODIFIED and takes an approval back (a setting)."""
    order = account.change_order(whole(body, "id"))
    values = typed(body.get("set", {}), CHANGE_ORDER)
    order.update(values)
    account.recalculate(order)
    order.update(values)
    touch(account, order, body)
    if "CONDITION" in values:
        set_condition(account, order, values["CONDITION"])
    else:
        take_approval_back(account, order)
    return order


def take_approval_back(account: Account, order: Record) -> None:
    """An edited approved change order is pending again (a setting)."""
    if account.settings.edit_reverts_approval and order["CONDITION"] == APPROVED:
        set_condition(account, order, PENDING)


def touch(account: Account, record: Record, body: Body) -> None:
    """Records who changed it and when."""
    record.update(DATE_MODIFIED=account.stamp(), MODIFIED_BY=whole(body, "by", USER))


def set_condition(account: Account, order: Record, condition: int) -> None:
    """Changes the status of a change order and, as documented, of its items."""
    order["CONDITION"] = condition
    for item in account.items_of(order["ID"]):
        item["STATUS"] = condition
        if account.settings.approval_touches_items:
            item["DATE_MODIFIED"] = order["DATE_MODIFIED"]


def decide(condition: int, allowed: tuple[int, ...], closes: bool) -> Operation:
    """An operation that moves a change order from one of ``allowed`` to ``condition``."""

    def operation(account: Account, body: Body) -> Record:
        order = account.change_order(whole(body, "id"))
        if order["CONDITION"] not in allowed:
            raise Refused(
                f"change order {order['ID']} has CONDITION {order['CONDITION']}; this is possible from {allowed}"
            )
        touch(account, order, body)
        if closes:
            close(account, order)
        set_condition(account, order, condition)
        return order

    operation.__doc__ = f"``id``; CONDITION becomes {condition}, from {' or '.join(map(str, allowed))}."
    return operation


def close(account: Account, order: Record) -> None:
    """Closing data of a change order and its items; they survive a revert, as in the sample."""
    for record in (order, *account.items_of(order["ID"])):
        record.update(DATE_CLOSED=order["DATE_MODIFIED"], CLOSED_BY=order["MODIFIED_BY"])


def delete_change_order(account: Account, body: Body) -> Record:
    """``id``; its items go with it, and nothing in the API tells."""
    return account.remove_change_order(whole(body, "id"))


def add_item(account: Account, body: Body) -> Record:
    """``change_order``, ``set``."""
    order = account.change_order(whole(body, "change_order"))
    item = store_item(account, order, body.get("set", {}), whole(body, "by", USER))
    item_edited(account, order, body)
    return item


def change_item(account: Account, body: Body) -> Record:
    """``id``, ``set``; recalculates the item and the totals of its change order."""
    item = account.item(whole(body, "id"))
    values = typed(body.get("set", {}), ITEM)
    item.update(values)
    calculate_item(item)
    item.update(values)
    touch(account, item, body)
    item_edited(account, account.change_order(item["CHANGE_ORDER_ID"]), body)
    return item


def remove_item(account: Account, body: Body) -> Record:
    """``id``; the last item gone makes the change order a lump sum of PRICE times QTY."""
    item = account.remove_item(whole(body, "id"))
    item_edited(account, account.change_order(item["CHANGE_ORDER_ID"]), body)
    return item


def item_edited(account: Account, order: Record, body: Body) -> None:
    """What an edit of an item does to its change order."""
    account.recalculate(order)
    if account.settings.item_edit_moves_parent:
        touch(account, order, body)
    take_approval_back(account, order)


def edit_accounting(account: Account, body: Body) -> Record:
    """``id`` or ``item``, ``set`` of bookkeeping fields; moves DATE_MODIFIED, nothing else."""
    if "item" in body:
        record, allowed = account.item(whole(body, "item")), ITEM_ACCOUNTING
        values = typed(body.get("set", {}), ITEM)
    else:
        record, allowed = account.change_order(whole(body, "id")), CHANGE_ORDER_ACCOUNTING
        values = typed(body.get("set", {}), CHANGE_ORDER)
    if not values or not values.keys() <= allowed:
        raise Refused(f"bookkeeping writes only {', '.join(sorted(allowed))}")
    record.update(values)
    touch(account, record, body)
    return record


def malform(account: Account, body: Body) -> Record:
    """``id`` or ``item``, ``set`` to any JSON values, ``remove`` properties, unchecked.

    DATE_MODIFIED does not move unless ``set`` says so.
    """
    store, name = (account.items, "item") if "item" in body else (account.change_orders, "id")
    record = found(store, whole(body, name), "record")
    record.update(body.get("set", {}))
    for name in body.get("remove", []):
        record.pop(name, None)
    return record


def unlist(account: Account, body: Body) -> list[int]:
    """``ids`` that listings leave out from now on; with ``listed: true`` they show again."""
    for order_id in body.get("ids", []):
        account.change_order(order_id)
        (account.unlisted.discard if body.get("listed") else account.unlisted.add)(order_id)
    return sorted(account.unlisted)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "create_project": create_project,
    "archive_project": archive_project,
    "delete_project": delete_project,
    "create_change_order": create_change_order,
    "edit_change_order": edit_change_order,
    "approve": decide(APPROVED, (PENDING,), closes=True),
    "reject": decide(REJECTED, (PENDING,), closes=True),
    "revert": decide(PENDING, (APPROVED, REJECTED), closes=False),
    "submit": decide(PENDING, (DRAFT,), closes=False),
    "return_to_draft": decide(DRAFT, (PENDING,), closes=False),
    "delete_change_order": delete_change_order,
    "add_item": add_item,
    "change_item": change_item,
    "remove_item": remove_item,
    "edit_accounting": edit_accounting,
    "malform": malform,
    "unlist": unlist,
}
