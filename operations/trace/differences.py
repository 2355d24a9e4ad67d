"""In what two versions of a change order differ, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from enum import Enum

from operations.wording import amount
from relay.domain.change_order import ChangeOrder, Item

_LONGEST = 60
"""Characters of a text: both sides of a change fit on a line of a wide terminal."""

_MONEY = frozenset({"cost", "markup", "tax", "client_price", "unit_cost"})
_PASSED_OVER = frozenset({"change_order_id", "items", "status_raw", "item_id", "position", "classification_raw"})


def differences(before: ChangeOrder, after: ChangeOrder) -> list[str]:
    """What a person would call the changes, header first; empty where only raw spellings differ."""
    return [*_fields(before, after), *_items(before, after)]


def _fields(before: ChangeOrder | Item, after: ChangeOrder | Item) -> Iterator[str]:
    for name in (field.name for field in fields(before) if field.name not in _PASSED_OVER):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield f"{name.replace('_', ' ')}: {_worded(name, was)} -> {_worded(name, now)}"


def _items(before: ChangeOrder, after: ChangeOrder) -> Iterator[str]:
    old = {item.item_id: item for item in before.items}
    new = {item.item_id: item for item in after.items}
    for item_id, item in new.items():
        if item_id not in old:
            yield f"item added: {_item(item)}"
        elif changes := list(_fields(old[item_id], item)):
            yield f"item {_name(item)}: {'; '.join(changes)}"
    for item_id, item in old.items():
        if item_id not in new:
            yield f"item removed: {_item(item)}"


def _item(item: Item) -> str:
    return f"{_name(item)}, cost {amount(item.cost)}"


def _name(item: Item) -> str:
    text = item.name or item.description
    return f'"{_short(text)}"' if text else item.item_id


def _worded(name: str, value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Decimal):
        return amount(value) if name in _MONEY else format(value.normalize(), "f")
    if isinstance(value, Enum):
        return str(value.value)
    return f'"{_short(value)}"' if isinstance(value, str) else str(value)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
