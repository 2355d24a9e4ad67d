"""Writes of a bounded size. What was written is told whatever its size, so that nothing here ever fails.

Texts become their size and hash first, then all fields of a record, then all records but their amounts in sum, and what
the ledger holds; what the write itself says of amounts and effects always stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from relay.domain.identity import content_hash
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenField, WrittenRecord

MOST_BYTES: Final = 512 * 1024
_SHORT: Final = 80
"""Characters of a text that stays: a size and a hash are hardly shorter."""
_ALL: Final = "*"


def fitted(write: RemoteWrite, size: Callable[[RemoteWrite], int], most: int = MOST_BYTES) -> RemoteWrite:
    """The write, or as much of it as takes at most ``most`` bytes. ``size``: bytes of a write on its topic."""
    return next((shorter for shorter in _shorter(write) if size(shorter) <= most), without_records(write))


def _shorter(write: RemoteWrite) -> Iterator[RemoteWrite]:
    yield write
    yield _with(write, _with_short_texts)
    yield _with(write, _without_fields)


def _with(write: RemoteWrite, shorten: Callable[[WrittenRecord], WrittenRecord]) -> RemoteWrite:
    return replace(write, records=tuple(map(shorten, write.records)), fitted=True)


def _with_short_texts(record: WrittenRecord) -> WrittenRecord:
    fields = tuple(
        replace(field, sent=_measured(field.sent), before=_measured(field.before)) for field in record.fields
    )
    return replace(record, fields=fields, number=_measured(record.number), url=_measured(record.url))


def _without_fields(record: WrittenRecord) -> WrittenRecord:
    told = f"{len(record.fields)} fields, SHA-256 {content_hash(record.fields)}"
    return replace(_with_short_texts(record), fields=(WrittenField(name=_ALL, sent=told),) if record.fields else ())


def without_records(write: RemoteWrite) -> RemoteWrite:
    """The write with one record in place of all: how many there were, and their hash."""
    told = f"{len(write.records)} records, SHA-256 {content_hash(write.records)}"
    operations = {record.operation for record in write.records}
    record = WrittenRecord(
        kind=_ALL,
        operation=operations.pop() if len(operations) == 1 else WriteOperation.UPDATED,
        fields=(WrittenField(name=_ALL, sent=told),),
    )
    return replace(write, records=(record,) if write.records else (), parts=None, facts=None, fitted=True)


def _measured(text: str | None) -> str | None:
    if text is None or len(text) <= _SHORT:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{len(text)} characters, SHA-256 {digest}"
