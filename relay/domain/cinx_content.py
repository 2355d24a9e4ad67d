"""What a PO change order of ours says, in a form in which it is recognised and compared when it is read back.

Our mark is kept in CINX's external references, of which there is one per type (CINX API docs,
"Introduction", External Refs).
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from typing import Final

from relay.domain.canonical_text import decimal_text
from relay.domain.identity import part_hash
from relay.domain.text_folding import folded, normalized

_MOST_ESCAPES: Final = 10
"""Times that a text is escaped; ``&amp;amp;amp;`` and so on without end would take the square of its length."""
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
    """What our external references say. ``content`` is :func:`lines_hash` of what was written."""

    origin_id: str
    key: str | None = None
    sequence: str | None = None
    installation: str | None = None
    content: str | None = None


def read_cinx_mark(references: Mapping[str, str]) -> CinxMark | None:
    """Our mark among a record's external references, which are given by type; ``None`` where there is none.

    Types are compared in whatever letters.
    """
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
    """What is compared of a line: what is ordered, how much of it, and at what price."""

    description: str | None
    quantity: Decimal | None
    unit_price: Decimal | None


def lines_hash(lines: Iterable[ContentLine]) -> str:
    """The hash of lines, whatever their order; a line without a quantity does not count."""
    texts = sorted(
        [_kept_text(line.description), _figure_text(line.quantity), _figure_text(line.unit_price)]
        for line in lines
        if line.quantity
    )
    return part_hash(["lines", texts])


def _figure_text(value: Decimal | None) -> str:
    return decimal_text(figure(value or _NOTHING))


def content_hash_of(description: str | None, lines: Iterable[ContentLine]) -> str:
    """The hash of the lines and of the description of the whole."""
    return part_hash(["content", _kept_text(description), lines_hash(lines)])


def figure(value: Decimal) -> Decimal:
    """A quantity or price as it is compared.

    CINX calls both ``real`` (CINX API docs, "Purchase Orders"): what passed through a binary number may come back as
    18.400000000000002. Twelve digits are more than any order has, and fewer than such a number keeps.
    """
    exact = len(value.as_tuple().digits) <= _FIGURES.prec
    return value if exact else Decimal(decimal_text(_FIGURES.plus(value)))


def comparable(text: str | None) -> str:
    """Text as it is compared: folded, without the escapes of HTML."""
    return folded(unescaped(text or ""))


def _kept_text(text: str | None) -> str:
    """Text as it stands in hashes.

    They are kept in ledgers and on POCOs, so that this form must stay as it is: it knows fewer ways of writing a text
    than :func:`comparable`.
    """
    return normalized("NFC", " ".join(unescaped(text or "").split()).casefold())


def unescaped(text: str) -> str:
    """Text without the escapes of HTML; what was read escaped and written again is escaped twice."""
    for _ in range(_MOST_ESCAPES):
        plain = html.unescape(text)
        if plain == text:
            break
        text = plain
    return text
