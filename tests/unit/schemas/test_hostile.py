"""Bytes that somebody made to keep a stage busy, to fill its memory or to end it."""

from __future__ import annotations

import copy
import dataclasses
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_reader
from fastavro.schema import parse_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.domain.change_order import Item
from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger import LedgerEntry, Part
from relay.domain.letters import DeadLetter
from relay.domain.record_types import RECORD_TYPES
from relay.domain.records import NameRecord
from relay.domain.writes.balance import EMPTY as EMPTY_BALANCE
from relay.domain.writes.remote_writes import RemoteWrite, WrittenField
from relay.engine.record_codec import record_codec
from schemas import RECORDS, Unreadable, Unwritable, codec, schema
from schemas.byte_check import MOST_ENTRIES, byte_check
from schemas.resolution import wire_schema
from tests.unit.schemas.golden_files import SCHEMA_ID, OneSchema
from tests.unit.schemas.samples import CHANGE_ORDER, INTENT, LEDGER, LETTER, NAME, OBSERVED, SAMPLES, WRITE
from tests.unit.schemas.spelling import sized, varint

CODEC = record_codec()
MEBIBYTE = 1 << 20
SECONDS = 2.0
"""For a mebibyte of the smallest entries, which are the slowest bytes there are."""
FOLD = 350
"""Bytes of memory for each byte of a record: the smallest entry, of two bytes, takes about 250."""
UNHURRIED = settings(max_examples=60)


@contextmanager
def bounded(data: bytes) -> Iterator[None]:
    """Fails where the block takes more time than its bytes may: ten times what the slowest record does."""
    began = time.process_time()
    yield
    spent, allowed = time.process_time() - began, 0.5 + 10 * SECONDS * len(data) / MEBIBYTE
    assert spent < allowed, f"{len(data)} bytes took {spent:.1f} s"


@contextmanager
def frugal_at_most(allowed: int) -> Iterator[None]:
    """Fails where the block takes more memory than so many bytes."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < allowed, f"{peak} bytes took place, and {allowed} may"


def frugal(data: bytes) -> AbstractContextManager[None]:
    """Fails where the block takes more memory than its bytes may."""
    return frugal_at_most(MEBIBYTE + FOLD * len(data))


def refusal(data: bytes, kind: type, registered: dict[str, Any] | None = None) -> str:
    codec = record_codec(OneSchema(registered)) if registered else CODEC
    with bounded(data), pytest.raises(Unreadable) as caught:
        codec.decode(data, kind)
    return caught.value.message


def frame(kind: str) -> bytes:
    return CODEC.encode(SAMPLES[kind], "t")[:10]


@pytest.mark.parametrize("byte", [b"\xff", b"\x80", b"\x00", b"\x02", b"\x01", b"\x7f"])
@pytest.mark.parametrize("kind", RECORDS)
def test_eight_mebibytes_of_one_byte_are_refused(kind: str, byte: bytes) -> None:
    refusal(frame(kind) + byte * (8 * MEBIBYTE), RECORD_TYPES[kind])


def test_what_is_refused_takes_no_memory() -> None:
    data = frame("DeadLetter") + b"\x02" * (MEBIBYTE // 8)
    with frugal(b""):
        refusal(data, DeadLetter)


def test_a_number_of_very_many_bytes_is_refused_at_once() -> None:
    data = frame("NameRecord") + sized(b"a") + sized(b"b") + b"\xff" * 400_000 + b"\x01"
    assert "more than 64 bits" in refusal(data, NameRecord)


def with_cost(spelt: bytes) -> bytes:
    """An event whose cost is spelt so."""
    change_order = dataclasses.replace(CHANGE_ORDER, cost=Decimal("1234.5678"))
    data = CODEC.encode(dataclasses.replace(OBSERVED, change_order=change_order), "t")
    cost = b"\x02" + sized((12_345_678).to_bytes(4, "big"))
    assert data.count(cost) == 1
    return data.replace(cost, b"\x02" + sized(spelt))


@pytest.mark.parametrize("length", [10, 100, 1_000_000])
def test_an_amount_of_more_than_nine_bytes_is_refused_unread(length: int) -> None:
    assert f"an amount has {length} bytes" in refusal(with_cost(b"\x7f" * length), ChangeOrderObserved)


def test_an_amount_may_be_spelt_in_nine_bytes() -> None:
    assert CODEC.decode(with_cost((5).to_bytes(9, "big")), ChangeOrderObserved).change_order.cost is not None


def test_an_amount_of_nineteen_digits_is_refused() -> None:
    refusal(with_cost((10**18).to_bytes(8, "big")), ChangeOrderObserved)


def letter_with(sides: bytes) -> bytes:
    """A letter whose sides, its last field, are spelt so."""
    return CODEC.encode(dataclasses.replace(LETTER, sides=()), "t")[:-1] + sides


def test_as_many_entries_as_a_record_may_have_are_read() -> None:
    most = MOST_ENTRIES - len(LETTER.headers)
    data = letter_with(varint(most) + b"\x00" * most + b"\x00")
    assert len(CODEC.decode(data, DeadLetter).sides) == most
    many = letter_with(varint(most + 1) + b"\x00" * (most + 1) + b"\x00")
    assert "more than 150000 entries" in refusal(many, DeadLetter)


def written(records: int, fields: int) -> RemoteWrite:
    record = dataclasses.replace(WRITE.records[0], fields=(WrittenField(name=""),) * fields, parts={})
    return dataclasses.replace(WRITE, records=(record,) * records, parts={}, facts={})


@pytest.mark.parametrize(("records", "fields"), [(100, 2_000), (10, 20_000), (2, 100_000)])
def test_entries_of_lists_inside_a_list_count_together(
    records: int, fields: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten records of 20,000 empty fields took 53 MB, of 800 KB."""
    with pytest.raises(Unwritable, match="cannot be read again: its lists have more than 150000 entries"):
        CODEC.encode(written(records, fields), "t")
    monkeypatch.setattr(codec, "_refuse_many", lambda *_: None)
    data = CODEC.encode(written(records, fields), "t")
    with bounded(data), frugal_at_most(10 * MEBIBYTE):
        assert "more than 150000 entries" in refusal(data, RemoteWrite)


def test_the_ledger_entry_of_the_longest_change_order_is_read() -> None:
    """Its lines stand in five places of it."""
    names = [f"line:{number}" for number in range(21_000)]
    hashes = dict.fromkeys(names, "0" * 24)
    entry = dataclasses.replace(
        LEDGER,
        parts={name: Part(hash=spelt) for name, spelt in hashes.items()},
        remote=hashes,
        changed=tuple(names),
        review=dataclasses.replace(INTENT, parts=hashes),
        balance=dataclasses.replace(EMPTY_BALANCE, amounts=dict.fromkeys(names, Decimal(1))),
    )
    assert CODEC.decode(CODEC.encode(entry, "t"), LedgerEntry) == entry


@pytest.mark.parametrize(
    "sides",
    [
        varint(MOST_ENTRIES + 1) + b"\x00" * (MOST_ENTRIES + 1) + b"\x00",
        varint(-MOST_ENTRIES - 1) + varint(1) + b"\x00" * (MOST_ENTRIES + 1) + b"\x00",
        (varint(1000) + b"\x00" * 1000) * (MOST_ENTRIES // 1000 + 1) + b"\x00",
        varint(2**62),
        varint(-(2**63)) + varint(1),
    ],
    ids=["one block", "with its size", "many blocks", "no entries", "the lowest number"],
)
def test_a_list_of_more_entries_is_refused(sides: bytes) -> None:
    assert "entries" in refusal(letter_with(sides), DeadLetter)


def test_a_table_of_more_entries_is_refused() -> None:
    data = CODEC.encode(dataclasses.replace(LEDGER, remote={"k": "v"}), "t")
    entry = sized(b"k") + sized(b"v")
    assert data.count(varint(1) + entry) == 1
    many = data.replace(varint(1) + entry, varint(MOST_ENTRIES + 1) + entry * (MOST_ENTRIES + 1))
    assert "entries" in refusal(many, LedgerEntry)


def test_the_smallest_entries_take_memory_in_line_with_their_bytes() -> None:
    event = dataclasses.replace(
        OBSERVED, change_order=dataclasses.replace(CHANGE_ORDER, items=(Item(item_id=""),) * 2000)
    )
    data = CODEC.encode(event, "t")
    with frugal(data):
        CODEC.decode(data, ChangeOrderObserved)


def later(name: str, kind: Any) -> dict[str, Any]:
    """The schema of names as it may become: with a field before all others, which this release does not know."""
    changed = copy.deepcopy(schema("NameRecord"))
    changed["fields"].insert(0, {"name": name, "type": kind})
    return changed


def after(spelt: bytes) -> bytes:
    """A name in the registry's format, with an unknown field spelt so."""
    return b"\x00" + SCHEMA_ID.to_bytes(4, "big") + spelt + CODEC.encode(NAME, "t")[10:]


NESTED = {"type": "record", "name": "Nested", "fields": [{"name": "inner", "type": ["null", "Nested"]}]}
EMPTY = {"type": "record", "name": "Empty", "fields": []}
COLOURS = {"type": "enum", "name": "Colour", "symbols": ["red", "blue"]}


@pytest.mark.parametrize(
    ("kind", "spelt", "words"),
    [
        ({"type": "array", "items": "null"}, varint(90_000) + b"\x00", "take no bytes"),
        ({"type": "array", "items": EMPTY}, varint(2**40) + b"\x00", "entries"),
        ({"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}, varint(3) + b"\x00", "take no bytes"),
        (NESTED, b"\x02" * 1_000_000 + b"\x00", "RecursionError"),
        ("int", varint(2**31), "32 bits"),
        ("boolean", b"\x07", "boolean"),
        (COLOURS, varint(-1), "symbol"),
        (COLOURS, varint(2), "symbol"),
        (["string", "null"], varint(-1), "branch"),
        (["string", "null"], varint(2), "branch"),
        ("bytes", varint(-1), "length is negative"),
        ({"type": "map", "values": "long"}, varint(1) + varint(-5), "length is negative"),
        ("string", varint(2**62), "ends at byte|out of range"),
        ("double", b"", "ends at byte|out of range"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_a_field_that_is_skipped_is_checked_as_well(kind: Any, spelt: bytes, words: str) -> None:
    message = refusal(after(spelt), NameRecord, later("unknown", kind))
    assert any(one in message for one in words.split("|")), message


def test_a_field_that_is_skipped_may_be_of_any_kind() -> None:
    kinds = {
        "r": (NESTED, b"\x02" * 30 + b"\x00"),
        "e": (COLOURS, varint(1)),
        "u": (["string", "null", "double"], varint(2) + bytes(8)),
        "m": ({"type": "map", "values": COLOURS}, varint(1) + sized(b"k") + varint(0) + b"\x00"),
        "f": ({"type": "fixed", "name": "F", "size": 3}, b"abc"),
        "i": ("int", varint(-(2**31))),
    }
    for kind, spelt in kinds.values():
        codec = record_codec(OneSchema(later("unknown", kind)))
        assert codec.decode(after(spelt), NameRecord) == NAME


@pytest.mark.parametrize(
    ("kind", "spelt"),
    [
        ("long", b"\xff" * 400_000 + b"\x01"),
        ("int", varint(2**40)),
        ("boolean", b"\x07"),
        (["null", "string"], varint(-1) + sized(b"a")),
        (COLOURS, varint(-1)),
        ({"type": "array", "items": "null"}, varint(100_000) + b"\x00"),
        ("string", sized(b"a") + b"trailing"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_fastavro_alone_would_read_it(kind: Any, spelt: bytes) -> None:
    """Where this fails, fastavro has learnt to refuse, and a part of the check has become needless."""
    schemaless_reader(BytesIO(spelt), parse_schema(kind), None)
    with suppress(ValueError):
        assert byte_check(parse_schema(kind))(spelt, 0) < len(spelt)


@UNHURRIED
@given(drawn=st.data(), kind=st.sampled_from(RECORDS))
def test_what_the_check_lets_pass_ends_for_fastavro_where_it_ends(drawn: st.DataObject, kind: str) -> None:
    written = wire_schema(schema(kind))
    data = _damaged(drawn, CODEC.encode(SAMPLES[kind], "t"))[10:]
    try:
        end = byte_check(written)(data, 0)
    except (ValueError, IndexError):
        return
    source = BytesIO(data)
    try:
        schemaless_reader(source, written, None)
    except UnicodeDecodeError:
        return
    except EOFError:
        assert end > len(data)
        return
    assert source.tell() == end


@UNHURRIED
@given(drawn=st.data(), kind=st.sampled_from(RECORDS))
def test_blown_up_records_take_time_in_line_with_their_bytes(drawn: st.DataObject, kind: str) -> None:
    data = CODEC.encode(SAMPLES[kind], "t")
    at = drawn.draw(st.integers(10, len(data)))
    blown = drawn.draw(st.binary(min_size=1, max_size=12)) * drawn.draw(st.sampled_from([1, 1000, 20_000]))
    grown = data[:at] + blown + data[at:]
    with bounded(grown), suppress(Unreadable):
        again: object = CODEC.decode(grown, RECORD_TYPES[kind])
        assert isinstance(again, RECORD_TYPES[kind])


@UNHURRIED
@given(drawn=st.data(), kind=st.sampled_from(RECORDS))
def test_a_damaged_record_that_is_read_can_be_written_again(drawn: st.DataObject, kind: str) -> None:
    data = _damaged(drawn, CODEC.encode(SAMPLES[kind], "t"))
    with suppress(Unreadable):
        record: object = CODEC.decode(data, RECORD_TYPES[kind])
        assert CODEC.decode(CODEC.encode(record, "t"), RECORD_TYPES[kind]) == record


def _damaged(drawn: st.DataObject, data: bytes) -> bytes:
    """The record with bytes changed, taken out and put in; what names its schema stays."""
    changed = bytearray(data)
    for _ in range(drawn.draw(st.integers(1, 4))):
        at = drawn.draw(st.integers(10, len(changed)))
        changed[at : at + drawn.draw(st.integers(0, 2))] = drawn.draw(st.binary(max_size=2))
    return bytes(changed)


def _spin(data: bytes) -> None:
    """Takes more than half a second of the processor for anything."""
    until = time.process_time() + 0.7
    while time.process_time() < until:
        bytes(data)


@pytest.mark.parametrize(("guard", "waste"), [(bounded, _spin), (frugal, lambda data: [bytes(2000) for _ in data])])
def test_a_guard_notices_waste(guard: Callable[[bytes], Any], waste: Callable[[bytes], object]) -> None:
    data = b"\xff" * 1000
    with pytest.raises(AssertionError, match="bytes took"), guard(data):
        waste(data)
