from __future__ import annotations

import copy
import dataclasses
from contextlib import suppress
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_reader, schemaless_writer
from fastavro.schema import parse_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.domain.events import ChangeOrderObserved
from relay.domain.record_types import RECORD_TYPES
from relay.engine.record_codec import record_codec
from schemas import NAMESPACE, RECORDS, Unreadable, schema
from schemas.conversion import record_conversion
from schemas.resolution import wire_schema
from tests.unit.schemas.generated import AMOUNTS, records
from tests.unit.schemas.samples import CHANGE_ORDER, OBSERVED, SAMPLES

CODEC = record_codec()
ANY_RECORD = st.one_of([records(kind) for kind in RECORD_TYPES.values()])
PARSED: dict[str, Any] = {name: parse_schema(schema(name)) for name in RECORDS}
UNHURRIED = settings(max_examples=60)


def as_dictionary(record: Any) -> dict[str, Any]:
    """What a general Avro library takes: the codec's work done the plain way."""
    return {name: _listed(one) for name, one in dataclasses.asdict(record).items()}


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(one) for key, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, list | tuple) else value


def by_fastavro(record: Any) -> bytes:
    spelt = BytesIO()
    schemaless_writer(spelt, PARSED[type(record).__name__], as_dictionary(record))
    return spelt.getvalue()


@UNHURRIED
@given(record=ANY_RECORD)
def test_what_was_written_is_read(record: Any) -> None:
    assert CODEC.decode(CODEC.encode(record, "t"), type(record)) == record


@UNHURRIED
@given(record=ANY_RECORD)
def test_the_bytes_are_those_of_a_general_avro_library(record: Any) -> None:
    body = CODEC.encode(record, "t")[10:]
    assert body == by_fastavro(record)
    assert schemaless_reader(BytesIO(body), PARSED[type(record).__name__], None) == as_dictionary(record)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_fill_every_field_and_are_read_as_written(name: str) -> None:
    record = SAMPLES[name]
    assert CODEC.decode(CODEC.encode(record, "t"), type(record)) == record


@given(amount=AMOUNTS)
def test_an_amount_is_kept_to_the_last_digit(amount: Decimal) -> None:
    event = dataclasses.replace(OBSERVED, change_order=dataclasses.replace(CHANGE_ORDER, cost=amount))
    cost = CODEC.decode(CODEC.encode(event, "t"), ChangeOrderObserved).change_order.cost
    assert cost == amount
    assert isinstance(cost, Decimal)


@given(data=st.binary(max_size=200), kind=st.sampled_from(sorted(RECORDS)))
def test_bytes_of_any_kind_are_unreadable_or_a_record(data: bytes, kind: str) -> None:
    _read_or_refuse(data, kind)


@UNHURRIED
@given(data=st.binary(max_size=300), kind=st.sampled_from(sorted(RECORDS)))
def test_a_right_beginning_with_anything_after_it_is_unreadable_or_a_record(data: bytes, kind: str) -> None:
    _read_or_refuse(CODEC.encode(SAMPLES[kind], "t")[:10] + data, kind)


@UNHURRIED
@given(drawn=st.data(), kind=st.sampled_from(sorted(RECORDS)))
def test_damaged_records_are_unreadable_or_a_record(drawn: st.DataObject, kind: str) -> None:
    data = bytearray(CODEC.encode(SAMPLES[kind], "t"))
    for _ in range(drawn.draw(st.integers(1, 4))):
        data[drawn.draw(st.integers(0, len(data) - 1))] = drawn.draw(st.integers(0, 255))
    _read_or_refuse(bytes(data), kind)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_row_is_left_as_it_was(name: str) -> None:
    """It may be the default of a schema, which the next record gets as well."""
    row: Any = schemaless_reader(BytesIO(CODEC.encode(SAMPLES[name], "t")[10:]), wire_schema(schema(name)), None)
    before = copy.deepcopy(row)
    assert record_conversion(RECORD_TYPES[name], NAMESPACE).from_avro(row) == SAMPLES[name]
    assert row == before


@pytest.mark.parametrize("name", SAMPLES)
def test_a_record_cut_off_anywhere_is_unreadable(name: str) -> None:
    data = CODEC.encode(SAMPLES[name], "t")
    for end in range(len(data)):
        with pytest.raises(Unreadable):
            CODEC.decode(data[:end], RECORD_TYPES[name])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_record_with_a_byte_too_many_is_unreadable(name: str) -> None:
    with pytest.raises(Unreadable, match="ends at byte"):
        CODEC.decode(CODEC.encode(SAMPLES[name], "t") + b"\x00", RECORD_TYPES[name])


def _read_or_refuse(data: bytes, kind: str) -> None:
    with suppress(Unreadable):
        record: object = CODEC.decode(data, RECORD_TYPES[kind])
        assert isinstance(record, RECORD_TYPES[kind])
