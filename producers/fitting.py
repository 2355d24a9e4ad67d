"""Makes an event fit into what the topic takes; the event says what was left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

from relay.domain.change_order import ChangeOrder, Item
from relay.domain.events import ChangeOrderObserved
from relay.domain.sources import native_json

T = TypeVar("T", ChangeOrder, Item)

_LENGTHS = (16 * 1024, 1024, 100)


class TooLarge(Exception):
    """Even the shortest form of the change order does not fit."""


def fitted(
    event: ChangeOrderObserved, encode: Callable[[ChangeOrderObserved], bytes], largest: int
) -> tuple[ChangeOrderObserved, bytes]:
    """The event and its bytes, at most ``largest``.

    First the source's own JSON is replaced by its size and hash, then texts are cut. Raises
    :class:`TooLarge`.
    """
    value = encode(event)
    if len(value) <= largest:
        return event, value
    if event.raw is not None:
        event = replace(event, raw=None, raw_omitted=native_json.omitted(event.raw))
        value = encode(event)
    for length in _LENGTHS:
        if len(value) <= largest:
            return event, value
        event = _cut(event, length)
        value = encode(event)
    if len(value) > largest:
        raise TooLarge(f"{event.key} takes {len(value)} bytes with all its texts cut; a topic takes {largest}")
    return event, value


def _cut(event: ChangeOrderObserved, length: int) -> ChangeOrderObserved:
    words = f"texts longer than {length} characters were cut, since the event would not have fitted"
    shorter = _shorter(event.change_order, length)
    items = tuple(_shorter(item, length) for item in event.change_order.items)
    # A defect quotes values; however many there are, the first few tell enough.
    defects = (*(one[:length] for one in event.defects[:100]), words)
    return replace(event, change_order=replace(shorter, items=items), defects=defects)


def _shorter(record: T, length: int) -> T:
    texts = {field.name: getattr(record, field.name) for field in fields(record)}
    long: dict[str, Any] = {
        name: text[:length] for name, text in texts.items() if isinstance(text, str) and len(text) > length
    }
    return replace(record, **long)
