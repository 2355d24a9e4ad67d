"""Rows of ConstructionOnline's listings, as far as polling looks into them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from producers.poll_state import SeenRow
from producers.row_defects import attempted
from producers.source import UnreadableRow
from relay.clients.native_json.records import NativeRecord
from relay.domain.sources import constructiononline as source


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A change order (``change_order_id`` is its own id) or an item (its parent's). ``modified`` may be unknown."""

    row_id: str
    change_order_id: str
    project: str | None
    modified: str | None
    raw: bytes
    data: Mapping[str, Any]

    @property
    def digest(self) -> bytes:
        """A hash of the row's bytes."""
        return _digest(self.raw)

    @property
    def day(self) -> str:
        """The day of the modification, or an empty text."""
        return (self.modified or "")[:10]

    def seen(self) -> SeenRow:
        """What is remembered of the row."""
        return SeenRow(digest=self.digest, change_order_id=self.change_order_id, day=self.day)


@dataclass(slots=True)
class Rows:
    """Turns native records into rows; those that cannot be told apart are kept in ``unreadable``."""

    unreadable: list[UnreadableRow] = field(default_factory=list)

    def headers(self, records: Iterable[NativeRecord]) -> dict[str, Row]:
        """Change orders by id; of two with the same id the later modification counts."""
        headers: dict[str, Row] = {}
        for row in self._rows(records, self._header):
            other = headers.get(row.row_id)
            if other is None or (other.modified or "") <= (row.modified or ""):
                headers[row.row_id] = row
        return headers

    def items(self, records: Iterable[NativeRecord]) -> list[Row]:
        """Items that name their change order. One without an id of its own is kept: its parent says so."""
        items = {row.row_id: row for row in self._rows(records, self._item)}
        return list(items.values())

    def _rows(self, records: Iterable[NativeRecord], row_of: Callable[[NativeRecord], Row | None]) -> Iterator[Row]:
        for record in records:
            row = attempted(partial(row_of, record), subject="a row", raw=record.raw, failed=self.unreadable)
            if row is not None:
                yield row

    def _header(self, record: NativeRecord) -> Row | None:
        number = source.record_id(record.data)
        if number is None:
            self._refuse(record, "a change order without a usable ID")
            return None
        return _row(record, number, number)

    def _item(self, record: NativeRecord) -> Row | None:
        parent, number = source.parent_id(record.data), source.record_id(record.data)
        if parent is None:
            self._refuse(record, "an item without a usable CHANGE_ORDER_ID")
            return None
        return _row(record, number or f"?{_digest(record.raw).hex()}", parent)

    def _refuse(self, record: NativeRecord, why: str) -> None:
        self.unreadable.append(UnreadableRow(raw=record.raw, why=why))


def by_change_order(items: Iterable[Row]) -> dict[str, list[Row]]:
    """Items by the change order that they belong to."""
    grouped: dict[str, list[Row]] = {}
    for item in items:
        grouped.setdefault(item.change_order_id, []).append(item)
    return grouped


def _digest(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=12).digest()


def _row(record: NativeRecord, number: str, parent: str) -> Row:
    return Row(
        row_id=number,
        change_order_id=parent,
        project=source.project_id(record.data),
        modified=source.modified_at(record.data),
        raw=record.raw,
        data=record.data,
    )
