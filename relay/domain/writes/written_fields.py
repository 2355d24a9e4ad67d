"""The fields of a request as they stand in a write: plain names and texts, with what had been read of them before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from relay.domain.canonical_text import decimal_text
from relay.domain.writes.remote_writes import WrittenField


def fields_of(
    sent: Mapping[str, object], read: Mapping[str, object], *, without: Iterable[str] = ()
) -> tuple[WrittenField, ...]:
    """The fields of a JSON object that is sent, nested ones under dotted names (``items[0].quantity``).

    ``read``: what planning had read, by the same names; what is not among it was not known. ``without``: names of the
    outermost level that say nothing about the change order.
    """
    left_out = frozenset(without)
    told = {name: value for name, value in sent.items() if name not in left_out}
    return tuple(
        WrittenField(name=name, sent=as_text(value), before=as_text(read.get(name)), known=name in read)
        for name, value in _flat("", told)
    )


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for member, inner in value.items():
            yield from _flat(f"{name}.{member}" if name else str(member), inner)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for place, inner in enumerate(value):
            yield from _flat(f"{name}[{place}]", inner)
    else:
        yield name, value


def as_text(value: object) -> str | None:
    """A value as people read it; ``None`` for nothing."""
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    return json.dumps(value, default=str)
