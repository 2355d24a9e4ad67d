"""What a PO change order of ours says, so that it can be recognised and compared when it is read back.

Our mark is kept in CINX's external references, of which there is one per type (CINX API docs,
"Introduction", External Refs).
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

from relay.domain.identity import decimal_text, part_hash

_FIGURES = Context(prec=12, rounding=ROUND_HALF_EVEN)
_NOTHING = Decimal(0)


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
    """The mark among a record's references by type, in whatever letters; ``None`` where there is none of ours."""
    values = {kind.strip().casefold(): value for kind, value in references.items()}
    origin = values.get(ReferenceType.ORIGIN)
    if not origin:
        return None
    return CinxMark(
        origin_id=origin,
        key=values.get(ReferenceType.KEY),
        sequence=values.get(ReferenceType.SEQUENCE),
        installation=values.get(ReferenceType.INSTALLATION),
        content=values.get(ReferenceType.CONTENT),
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
        [folded(line.description), *(decimal_text(figure(one or _NOTHING)) for one in (line.quantity, line.unit_price))]
        for line in lines
        if line.quantity
    )
    return part_hash(["lines", said])


def content_hash_of(description: str | None, lines: Iterable[ContentLine]) -> str:
    """The lines and the description of the whole."""
    return part_hash(["content", folded(description), lines_hash(lines)])


def figure(value: Decimal) -> Decimal:
    """A quantity or price as it is compared.

    CINX calls both ``real`` (CINX API docs, "Purchase Orders"): what passed through a binary number may come back as
    18.400000000000002. Twelve digits are more than any order has, and fewer than such a number keeps.
    """
    exact = len(value.as_tuple().digits) <= _FIGURES.prec
    return value if exact else Decimal(decimal_text(_FIGURES.plus(value)))


def folded(text: str | None) -> str:
    """Text as it is compared.

    Blanks, capital letters, the escapes of HTML, and whether an accent is a character of its own do not matter.
    """
    found, plain = text or "", html.unescape(text or "")
    while plain != found:  # What was read escaped and written again is escaped twice.
        found, plain = plain, html.unescape(plain)
    return unicodedata.normalize("NFC", " ".join(plain.split()).casefold())
