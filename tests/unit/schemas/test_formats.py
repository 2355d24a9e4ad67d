"""Both wire formats, and records that another version of a schema wrote."""

from __future__ import annotations

import copy
import dataclasses
import json
from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_reader, schemaless_writer
from fastavro.schema import parse_schema

from relay.domain.commands import ProcoreCommand, ProcoreRules
from relay.domain.events import ChangeOrderObserved
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.records import NameRecord
from relay.engine.record_codec import record_codec
from schemas import Published, RegistryUnreachable, SchemaNotRegistered, Unreadable, schema
from schemas.framing import canonical_form, fingerprint
from tests.unit.schemas.samples import NAME, OBSERVED, OUTCOME, PROCORE

TOPIC = "change-orders.names.v1"


class Shelf:
    """A registry in memory. ``asked`` counts the look-ups."""

    def __init__(self, **schemas: dict[str, Any]) -> None:
        self.schemas = {int(number.removeprefix("id")): one for number, one in schemas.items()}
        self.asked = 0
        self.down = False

    def id_of(self, topic: str, published: Published) -> int:
        self._ask()
        for number, one in self.schemas.items():
            if one == published.schema:
                return number
        raise SchemaNotRegistered(published.record)

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        self._ask()
        if schema_id not in self.schemas:
            raise Unreadable(f"{schema_id}?", reason="record.unknown_schema")
        return self.schemas[schema_id]

    def _ask(self) -> None:
        self.asked += 1
        if self.down:
            raise RegistryUnreachable("down")


def written(record: dict[str, Any], by: dict[str, Any], schema_id: int) -> bytes:
    body = BytesIO()
    schemaless_writer(body, parse_schema(by), record)
    return b"\x00" + schema_id.to_bytes(4, "big") + body.getvalue()


def test_single_object_begins_with_its_mark_and_the_little_endian_fingerprint() -> None:
    data = record_codec().encode(NAME, TOPIC)
    assert data[:10] == b"\xc3\x01" + fingerprint(schema("NameRecord"))


def test_the_fingerprint_is_that_of_the_specification() -> None:
    """Worked out here bit by bit, from the specification's text."""
    value = empty = 0xC15D213AA4D7A795
    for byte in canonical_form(schema("NameRecord")).encode():
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (empty if value & 1 else 0)
    assert fingerprint(schema("NameRecord")) == value.to_bytes(8, "little")


def test_the_canonical_form_is_that_of_the_specification() -> None:
    assert canonical_form(schema("NameRecord")) == (
        '{"name":"changeorders.v1.NameRecord","type":"record","fields":[{"name":"name","type":"string"},'
        '{"name":"stands_for","type":"string"},{"name":"recorded_at","type":"long"}]}'
    )


def test_confluent_begins_with_zero_and_the_big_endian_id() -> None:
    data = record_codec(Shelf(id258=schema("NameRecord"))).encode(NAME, TOPIC)
    assert data[:5] == b"\x00\x00\x00\x01\x02"
    assert data[5:] == record_codec().encode(NAME, TOPIC)[10:]


def test_a_codec_with_a_registry_reads_both_formats() -> None:
    codec = record_codec(Shelf(id7=schema("NameRecord")))
    assert codec.decode(codec.encode(NAME, TOPIC), NameRecord) == NAME
    assert codec.decode(record_codec().encode(NAME, TOPIC), NameRecord) == NAME


def test_a_codec_without_a_registry_says_which_setting_it_lacks() -> None:
    data = record_codec(Shelf(id7=schema("NameRecord"))).encode(NAME, TOPIC)
    with pytest.raises(Unreadable, match="COR_SCHEMA_REGISTRY_URL") as caught:
        record_codec().decode(data, NameRecord)
    assert caught.value.reason == "record.unknown_schema"


def test_the_registry_is_asked_once_for_each_schema() -> None:
    shelf = Shelf(id7=schema("NameRecord"))
    codec = record_codec(shelf)
    for _ in range(3):
        codec.decode(codec.encode(NAME, TOPIC), NameRecord)
    assert shelf.asked == 2


def test_an_unreachable_registry_is_no_fault_of_the_record() -> None:
    shelf = Shelf(id7=schema("NameRecord"))
    data = record_codec(shelf).encode(NAME, TOPIC)
    shelf.down = True
    codec = record_codec(shelf)
    with pytest.raises(RegistryUnreachable):
        codec.decode(data, NameRecord)
    with pytest.raises(RegistryUnreachable):
        codec.encode(NAME, TOPIC)
    shelf.down = False
    assert codec.decode(data, NameRecord) == NAME


def test_a_schema_that_is_not_registered_is_no_fault_of_the_record_either() -> None:
    with pytest.raises(SchemaNotRegistered):
        record_codec(Shelf()).encode(NAME, TOPIC)


def test_an_unknown_id_and_an_unknown_fingerprint_have_their_own_reason() -> None:
    codec = record_codec(Shelf())
    for data in (b"\x00\x00\x00\x00\x09abc", b"\xc3\x01" + bytes(8) + b"abc"):
        with pytest.raises(Unreadable) as caught:
            codec.decode(data, NameRecord)
        assert caught.value.reason == "record.unknown_schema"


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x00\x00\x00", b"\xc3\x01abc", b"\xc3\x02", b"{}", b"\x01\x02"])
def test_bytes_with_neither_beginning_are_no_record(data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        record_codec().decode(data, NameRecord)
    assert caught.value.reason == "record.unreadable"


def test_a_record_of_another_kind_is_not_read() -> None:
    data = record_codec().encode(OUTCOME, "t")
    with pytest.raises(Unreadable, match="ChangeOrderOutcome") as caught:
        record_codec().decode(data, ChangeOrderObserved)
    assert caught.value.reason == "record.unreadable"


def test_a_foreign_schema_of_the_registry_is_not_read() -> None:
    foreign: list[Any] = [{"type": "record", "name": "Order", "fields": []}, "string", {"type": "no such type"}, {}]
    for one in foreign:
        with pytest.raises(Unreadable):
            record_codec(Shelf(id1=one)).decode(b"\x00\x00\x00\x00\x01", NameRecord)


def older(name: str, *without: str) -> dict[str, Any]:
    """The schema as it might have been before these fields came."""
    whole = copy.deepcopy(schema(name))
    whole["fields"] = [one for one in whole["fields"] if one["name"] not in without]
    return whole


def test_an_older_record_gets_the_defaults_of_what_it_lacks() -> None:
    earlier = older("ChangeOrderOutcome", "remote", "preview", "letter_id")
    record = {
        "outcome_id": "o-1",
        "kind": "applied",
        "stage": "procore-writer",
        "change_order_key": "k",
        "at": OUTCOME.at,
        "sequence": 5,
    }
    read = record_codec(Shelf(id3=earlier)).decode(written(record, earlier, 3), ChangeOrderOutcome)
    assert (read.outcome_id, read.at, read.sequence) == ("o-1", OUTCOME.at, 5)
    assert (read.remote, read.preview, read.letter_id) == ((), None, None)


def test_an_older_record_keeps_its_amounts() -> None:
    earlier = older("ChangeOrderObserved", "raw_omitted", "echo")
    from_current = _row(OBSERVED)
    data = written({key: one for key, one in from_current.items() if key not in {"raw_omitted", "echo"}}, earlier, 3)
    read = record_codec(Shelf(id3=earlier)).decode(data, ChangeOrderObserved)
    assert read.change_order == OBSERVED.change_order
    assert (read.echo, read.raw_omitted) == (False, None)


def test_a_record_inside_gets_its_default_each_time() -> None:
    earlier = older("ProcoreCommand", "rules")
    body = {key: value for key, value in _row(PROCORE).items() if key != "rules"}
    codec, data = record_codec(Shelf(id3=earlier)), written(body, earlier, 3)
    first, second = codec.decode(data, ProcoreCommand), codec.decode(data, ProcoreCommand)
    assert first == second == dataclasses.replace(PROCORE, rules=ProcoreRules())


def test_a_later_record_is_read_without_what_is_not_known_yet() -> None:
    later = copy.deepcopy(schema("NameRecord"))
    later["fields"].insert(0, {"name": "colour", "type": "string"})
    record = {"colour": "red", "name": NAME.name, "stands_for": NAME.stands_for, "recorded_at": NAME.recorded_at}
    assert record_codec(Shelf(id4=later)).decode(written(record, later, 4), NameRecord) == NAME


def test_a_damaged_older_record_is_unreadable() -> None:
    later = copy.deepcopy(schema("NameRecord"))
    later["fields"].insert(0, {"name": "colour", "type": "string"})
    record = {"colour": "red", "name": NAME.name, "stands_for": NAME.stands_for, "recorded_at": NAME.recorded_at}
    data, codec = written(record, later, 4), record_codec(Shelf(id4=later))
    for damaged in (data[:-1], data + b"\x00", data[:7]):
        with pytest.raises(Unreadable):
            codec.decode(damaged, NameRecord)


def test_a_word_that_is_not_known_yet_is_unreadable() -> None:
    later = json.loads(json.dumps(schema("ChangeOrderOutcome")).replace('"applied"', '"applied", "praised"'))
    record = {
        "outcome_id": "o-1",
        "kind": "praised",
        "stage": "procore-writer",
        "change_order_key": "k",
        "at": OUTCOME.at,
        "sequence": 5,
    }
    with pytest.raises(Unreadable, match="ChangeOrderOutcome"):
        record_codec(Shelf(id5=later)).decode(written(record, later, 5), ChangeOrderOutcome)


def _row(record: Any) -> dict[str, Any]:
    data = record_codec().encode(record, "t")
    read: Any = schemaless_reader(BytesIO(data[10:]), parse_schema(schema(type(record).__name__)), None)
    return dict(read)
