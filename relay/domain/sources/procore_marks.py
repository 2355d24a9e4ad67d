"""Our marks on a potential change order and its lines, and whether it still says what they say.

A mark holds the hash of what was written. Fields that we never filled are not in it, and which these were only
the ledger knows; so each optional field is tried with and without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any, TypeVar

from relay.domain import identity
from relay.domain.ledger_facts import line_part
from relay.domain.procore_content import HeaderContent, LineContent, Mark, as_written, plain_text, read_mark
from relay.domain.sources.native_fields import NativeFields
from relay.domain.sources.reading import Own

NativeObject = Mapping[str, Any]
T = TypeVar("T")

_CALCULATED = "calculated"
_PLAIN_PIECES = 5
"""Pieces of an origin id of ours that is a change order's: those of packages, requests and lines have more."""


def our_origin_id(record: NativeObject) -> str | None:
    """The origin id, if it is one that we give to change orders."""
    origin_id = NativeFields(record, []).text("origin_id")
    if origin_id is None or identity.root_of(origin_id) is None or origin_id.count(":") != _PLAIN_PIECES - 1:
        return None
    return origin_id


def own(pco: NativeObject, lines: Sequence[NativeObject], package: NativeObject | None = None) -> Own | None:
    """Our mark, or ``None`` on a record that is not ours. ``package``: that of a project with one tier, where
    the header is the package's.
    """
    origin_id = our_origin_id(pco)
    if origin_id is None:
        return None
    headed = pco if package is None else package
    mark = _mark(headed)
    header = header_content(pco) if package is None else package_content(package)
    return Own(
        origin_id=origin_id,
        echo=header is not None and all(_line_part(origin_id, line) is not None for line in lines),
        sequence=mark.sequence if mark else None,
        idempotency_key=mark.idempotency_key if mark else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a record said that is as our marks say: the hash of each part, by the ledger's names."""

    header: str
    status: str
    number: str | None
    lines: Mapping[str, str]


def observed(pco: NativeObject, lines: Sequence[NativeObject]) -> Observed | None:
    """The parts of a record that says everything that our marks on it say, else ``None``."""
    origin_id, header = our_origin_id(pco), header_content(pco)
    if origin_id is None or header is None:
        return None
    parts = [_line_part(origin_id, line) for line in lines]
    unchanged = [part for part in parts if part is not None]
    if len(unchanged) < len(parts):
        return None
    fields = NativeFields(pco, [])
    return Observed(header=header.hash, status=_status(pco) or "", number=fields.text("number"), lines=dict(unchanged))


def header_content(pco: NativeObject) -> HeaderContent | None:
    """The header that the mark speaks of, as the record still says it."""
    mark, status = _mark(pco), _status(pco)
    if mark is None:
        return None
    return next((header for header in _headers(pco) if mark.content == header.with_status(status)), None)


def package_content(package: NativeObject) -> HeaderContent | None:
    """The header that the mark of a package speaks of, as it still says it; the status is not in the mark."""
    mark, code = _mark(package), NativeFields(package, []).text("origin_code")
    if mark is None:
        return None
    return next((header for header in _headers(package) if mark.content == identity.part_hash([header, code])), None)


def line_content(line: NativeObject) -> LineContent:
    """What a line says, in the form that its mark is over."""
    fields = NativeFields(line, [])
    description, amount = plain_text(fields.text("description")), fields.exact("amount") or Decimal(0)
    if fields.text("extended_type") != _CALCULATED:
        return LineContent(description=description, amount=amount)
    return LineContent(
        description=description,
        amount=amount,
        quantity=fields.exact("quantity"),
        unit_cost=fields.exact("unit_cost"),
        unit=fields.text("uom"),
    )


def _line_part(origin_id: str, line: NativeObject) -> tuple[str, str] | None:
    """Name and hash of the part that a line is; ``None`` where it is not ours, or not as we wrote it."""
    mark, prefix = _mark(line), identity.item_origin_id(origin_id, "")
    item_origin = NativeFields(line, []).text("origin_id") or ""
    if mark is None or mark.part is None or not item_origin.startswith(prefix):
        return None
    if mark.content != line_content(line).hash:
        return None
    return line_part(item_origin.removeprefix(prefix)), mark.part


def _headers(record: NativeObject) -> Iterator[HeaderContent]:
    fields = NativeFields(record, [])
    title, due = plain_text(fields.text("title")), fields.moment("due_date")
    descriptions = _with_and_without(plain_text(fields.text("description")))
    days = _with_and_without(due[:10] if due else None)
    impacts = _with_and_without(fields.whole("schedule_impact_amount"))
    for description, due_date, impact in product(descriptions, days, impacts):
        yield HeaderContent(title=title, description=description, due_date=due_date, schedule_days=impact)


def _with_and_without(value: T | None) -> tuple[T | None, ...]:
    return (None,) if value is None else (value, None)


def _status(pco: NativeObject) -> str | None:
    status = NativeFields(pco, []).text("status")
    return None if status is None else as_written(status)


def _mark(record: NativeObject) -> Mark | None:
    return read_mark(NativeFields(record, []).text("origin_data"))
