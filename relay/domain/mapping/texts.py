"""Texts as targets take them."""

from __future__ import annotations

import unicodedata

from relay.domain.change_order import ChangeOrder, Item
from relay.domain.text_folding import shows_something

_KEPT = "\n\t"


def title_of(change_order: ChangeOrder) -> str:
    """The title in one line; a change order without one is named by its number or id."""
    title = one_line(change_order.title)
    return title or f"Change order {number_of(change_order) or change_order.change_order_id}"


def number_of(change_order: ChangeOrder) -> str | None:
    """The source's number with its blanks trimmed, or ``None``."""
    return one_line(change_order.number) or None


def description_of(change_order: ChangeOrder) -> str | None:
    """The description, below the subtitle where there is one."""
    parts = [paragraphs(change_order.subtitle), paragraphs(change_order.description)]
    return "\n\n".join(part for part in parts if part) or None


def line_text(item: Item) -> str:
    """What a line says: the item's name and, after a colon, its description."""
    parts = [one_line(item.name), one_line(item.description)]
    return ": ".join(part for part in parts if part) or f"Item {item.item_id}"


def one_line(text: str | None) -> str:
    """Without line ends, control characters and doubled blanks."""
    return " ".join(paragraphs(text).split())


def paragraphs(text: str | None) -> str:
    """With plain line feeds, and without control characters and outer blanks; ``""`` for what shows nothing at all."""
    if text is None or not shows_something(text):
        return ""
    if text.isprintable():
        return text.strip()
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character for character in plain if character in _KEPT or unicodedata.category(character) != "Cc"
    ).strip()
