"""Keys and hashes are over bytes that never change: those of Python's own encoder, which is kept here to compare."""

from __future__ import annotations

import enum
import json
from collections import OrderedDict, UserList
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relay.domain.canonical_text import canonical_text
from relay.domain.change_order import Status
from relay.domain.identity import content_hash, idempotency_key
from relay.domain.record_types import RECORD_TYPES
from relay.engine.record_codec import record_codec
from schemas import RECORDS, published
from tests.unit.schemas.generated import records
from tests.unit.schemas.golden_files import path_of


def spelt_before(value: object) -> str:
    """What wrote every hash there is, word for word."""
    return json.dumps(canonical_before(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_before(value: object) -> object:
    if isinstance(value, Decimal):
        return decimal_text_before(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return without_nulls_before({f.name: getattr(value, f.name) for f in fields(value)})
    if isinstance(value, Mapping):
        return without_nulls_before(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [canonical_before(member) for member in value]
    return value


def without_nulls_before(members: Mapping[str, object]) -> dict[str, object]:
    return {name: canonical_before(member) for name, member in members.items() if member is not None}


def decimal_text_before(value: Decimal) -> str:
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class Word(enum.StrEnum):
    QUOTED = 'say "so"'
    EMPTY = ""


class Number(enum.IntEnum):
    ONE = 1


class Other(enum.Enum):
    NOTHING = None
    AMOUNT = "1.50"


class Text(str):
    __slots__ = ()


class Pair(NamedTuple):
    name: str
    amount: Decimal | None


@dataclass(frozen=True)
class Nothing:
    pass


@dataclass(frozen=True)
class One:
    only: Any = None


@dataclass(frozen=True, slots=True)
class Record:
    zulu: Any = None
    alpha: Any = None
    _mid: Any = None


ODD_TEXTS = st.sampled_from(
    [
        "",
        '"',
        "\\",
        "\b\f\n\r\t\x00\x1f\x7f",
        "\u2028\u2029\x85",
        "ä\u0308ß",
        "😀",
        "</script>",
        "NaN",
        "null",
        "\ufeff",
    ]
)
TEXTS = st.text(max_size=40) | ODD_TEXTS
NUMBERS = (
    st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from([Decimal("-0.00"), Decimal("1E+30"), Decimal("1E-30"), Decimal("NaN"), Decimal("-Infinity")])
    | st.floats()
    | st.sampled_from([2**63, -(2**70), 1e16, 1e-7, 0.1])
)
SIMPLE = (
    st.none()
    | st.booleans()
    | TEXTS
    | TEXTS.map(Text)
    | NUMBERS
    | st.datetimes(timezones=st.just(UTC))
    | st.sampled_from([*Word, *Number, *Other, *Status])
)
KEYS = TEXTS | TEXTS.map(Text) | st.sampled_from(list(Word))
VALUES = st.recursive(
    SIMPLE,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.lists(inner, max_size=3).map(UserList)
        | st.dictionaries(KEYS, inner, max_size=5)
        | st.dictionaries(KEYS, inner, max_size=5).map(MappingProxyType)
        | st.dictionaries(KEYS, inner, max_size=5).map(OrderedDict)
        | st.dictionaries(st.integers(), inner, max_size=3)
        | st.builds(Record, inner, inner, inner)
        | st.builds(One, inner)
        | st.just(Nothing())
        | st.builds(Pair, TEXTS, st.decimals(allow_nan=False) | st.none())
    ),
    max_leaves=20,
)


@given(VALUES)
@example({True: 1})
@example({1: "a", 2: None})
@example([[], {}, (), None, Nothing(), One(), Record()])
def test_whatever_it_is_the_text_is_the_one_of_before(value: object) -> None:
    assert canonical_text(value) == spelt_before(value)


@pytest.mark.parametrize("record", RECORDS)
def test_every_record_of_ours_has_the_text_of_before(record: str) -> None:
    kind = RECORD_TYPES[record]

    @settings(max_examples=40)  # Of each of them: what they are made of is drawn above.
    @given(records(kind))
    def same(value: object) -> None:
        assert told(canonical_text, value) == told(spelt_before, value)

    same()


def test_every_published_golden_record_has_the_text_of_before() -> None:
    codec = record_codec()
    for version in (version for record in RECORDS for version in published(record)):
        kept = bytes.fromhex(json.loads(path_of(version).read_text(encoding="utf-8"))["single_object"])
        value: object = codec.decode(kept, RECORD_TYPES[version.record])
        assert told(canonical_text, value) == told(spelt_before, value), version


@pytest.mark.parametrize("value", [b"bytes", {"a": b"bytes"}, [date(2026, 3, 1)], {1, 2}, {("a",): 1}, object(), str])
def test_what_json_cannot_say_is_refused_as_before(value: object) -> None:
    assert told(canonical_text, value) is TypeError
    assert told(spelt_before, value) is TypeError


def test_half_a_character_is_refused_where_it_is_hashed() -> None:
    with pytest.raises(UnicodeEncodeError):
        content_hash({"title": "\ud83d"})


def test_hashes_are_what_they_were() -> None:
    """Written down once: they stand in ledgers and on remote records."""
    assert (
        content_hash({"b": [Decimal("2380.00"), None], "a": 'Lüster "groß"', "c": None})
        == "ba7bb39b1e2be4b9ede27f2409f4f1ac34e9792aad7829ee1e5b8c3036112e25"
    )
    assert (
        idempotency_key(
            target="procore:acme:owner",
            destination="315/44023",
            origin="cor:constructiononline:acme:498099:owner",
            operation="apply",
            sequence=3,
            payload_hash="0" * 64,
        )
        == "2da21963ec0dfc7e3ae34a4e79b9af151f42c594d63c0760981c8c79b901c06a"
    )


def told(spell: Any, value: object) -> object:
    """The text, or the kind of refusal."""
    try:
        return spell(value)
    except (TypeError, ValueError) as error:
        return type(error)
