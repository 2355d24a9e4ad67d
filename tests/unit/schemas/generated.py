"""Hypothesis strategies for the records, from the types of their fields."""

from __future__ import annotations

import dataclasses
import types
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

LONGS = st.integers(-(2**63), 2**63 - 1)
AMOUNTS = st.integers(-(10**18) + 1, 10**18 - 1).map(lambda number: Decimal(number).scaleb(-4))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.builds(
    lambda milliseconds, zone: (EPOCH + timedelta(milliseconds=milliseconds)).astimezone(zone),
    st.integers(-62_000_000_000_000, 253_000_000_000_000),
    ZONES,
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=200),
    bytes: st.binary(max_size=300),
    bool: st.booleans(),
    int: LONGS | st.integers(-300, 300),
    Decimal: AMOUNTS,
    datetime: INSTANTS,
}


def records(kind: type) -> st.SearchStrategy[Any]:
    """Records of a dataclass with anything in every field."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: values(hints[field.name]) for field in dataclasses.fields(kind)})


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Anything that a field of this type may hold."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return st.none() | values(inner[0])
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=4).map(tuple)
    if origin is dict:
        return st.dictionaries(st.text(max_size=20), values(inner[1]), max_size=4)
    if issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    return PLAIN[hint] if hint in PLAIN else records(hint)
