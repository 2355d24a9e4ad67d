"""What a PO change order of ours says, so that it can be recognised and compared when it is read back.

Our mark is kept in CINX's external references, of which there is one per type (CINX API docs,
"Introduction", External Refs).
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from relay.domain.identity import decimal_text, part_hash


class ReferenceType(StrEnum):
    """The types of our external references."""

    ORIGIN = "change-order-relay"
    KEY = "change-order-relay-key"
    SEQUENCE = "change-order-relay-sequence"
    INSTALLATION = "change-order-relay-installation"
    CONTENT = "change-order-relay-content"


@dataclass(frozen=True, slots=True, kw_only=True)
class CinxMark:
    """What our references say. ``content`` is :func:`lines_hash` of what was written."""

    origin_id: str
    key: str | None = None
    sequence: str | None = None
    installation: str | None = None
    content: str | None = None


def read_cinx_mark(references: Mapping[str, str]) -> CinxMark | None:
    """The mark among a record's references by type; ``None`` where there is none of ours."""
    origin = references.get(ReferenceType.ORIGIN)
    if not origin:
        return None
    return CinxMark(
        origin_id=origin,
        key=references.get(ReferenceType.KEY),
        sequence=references.get(ReferenceType.SEQUENCE),
        installation=references.get(ReferenceType.INSTALLATION),
        content=references.get(ReferenceType.CONTENT),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentLine:
    """What counts of a line: what is ordered, how much of it, and at what price."""

    description: str | None
    quantity: Decimal | None
    unit_price: Decimal | None


def lines_hash(lines: Iterable[ContentLine]) -> str:
    """The same lines in any order have the same hash; a line of nothing is none."""
    said = sorted(
        [folded(line.description), decimal_text(line.quantity), decimal_text(line.unit_price or Decimal(0))]
        for line in lines
        if line.quantity
    )
    return part_hash(["lines", said])


def content_hash_of(description: str | None, lines: Iterable[ContentLine]) -> str:
    """The lines and the description of the whole."""
    return part_hash(["content", folded(description), lines_hash(lines)])


def folded(text: str | None) -> str:
    """Text as it is compared: blanks, capital letters and the escapes of HTML do not matter."""
    found, plain = text or "", html.unescape(text or "")
    while plain != found:  # What was read escaped and written again is escaped twice.
        found, plain = plain, html.unescape(plain)
    return " ".join(plain.split()).casefold()
