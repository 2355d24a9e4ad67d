from __future__ import annotations

import copy
from typing import Any

import pytest

from schemas import RECORDS, Published, all_incompatibilities, breaks, incompatibilities, published, schema, unpublished
from tests.unit.schemas.record_parts import records_in


def record(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "R", "namespace": "n", "fields": list(fields)}


def field(kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": "f", "type": kind, **more}


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


def words(*known: str) -> dict[str, Any]:
    return {"type": "string", "words": list(known)}


def decimal(scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": scale}


def test_every_current_schema_reads_every_published_version() -> None:
    assert all_incompatibilities() == []


EARLIER = [version for record in RECORDS for version in published(record)[:-1]]


@pytest.mark.parametrize("version", EARLIER, ids=lambda version: f"{version.record} {version.version}")
def test_every_earlier_version_reads_what_the_newest_one_writes(version: Published) -> None:
    """With a registry an earlier release can be gone back to."""
    assert breaks(version.schema, published(version.record)[-1].schema) == []


def test_every_current_schema_is_published() -> None:
    assert unpublished() == [], (
        "these schemas differ from their newest published version: publish the current one beside it, as the next "
        "number under schemas/versions (it is a compatible successor, or the test above fails too)"
    )


@pytest.mark.parametrize("name", RECORDS)
def test_each_required_field_is_missed_once_it_was_never_written(name: str) -> None:
    older = copy.deepcopy(published(name)[-1].schema)
    required = [one["name"] for one in older["fields"] if "default" not in one]
    older["fields"] = [one for one in older["fields"] if "default" in one]
    assert {one.path for one in breaks(schema(name), older)} == set(required)


def test_findings_name_record_version_and_place() -> None:
    candidate = copy.deepcopy(schema("ChangeOrderObserved"))
    change = next(one for one in candidate["fields"] if one["name"] == "change")
    change["type"]["words"].remove("snapshot")
    found = incompatibilities("ChangeOrderObserved", candidate)
    assert [(one.record, one.version, one.path) for one in found] == [
        ("ChangeOrderObserved", version.version, "change") for version in published("ChangeOrderObserved")
    ]
    assert "snapshot" in found[0].why


def test_a_break_deep_inside_is_found() -> None:
    candidate = copy.deepcopy(schema("ChangeOrderObserved"))
    item = records_in(candidate)["Item"]
    next(one for one in item["fields"] if one["name"] == "cost")["type"][1]["scale"] = 2
    assert {one.path for one in incompatibilities("ChangeOrderObserved", candidate)} == {"change_order.items[].cost"}


READABLE = {
    "the same": (record(field("string")), record(field("string"))),
    "a new field with a default": (record(field("string", default="")), record()),
    "a field that is no longer read": (record(), record(field("string"))),
    "a new word": (
        record(field(words("a", "b"))),
        record(field(words("a"))),
    ),
    "words that are any text now": (record(field("string")), record(field(words("a")))),
    "a new symbol": (record(field(enum("a", "b"))), record(field(enum("a")))),
    "null as well": (record(field(["null", "string"], default=None)), record(field("string"))),
    "a wider number": (record(field("long")), record(field("int"))),
    "an alias": (
        record({"name": "g", "aliases": ["f"], "type": "string"}),
        record(field("string")),
    ),
}


@pytest.mark.parametrize("case", READABLE)
def test_readable(case: str) -> None:
    assert breaks(*READABLE[case]) == []


BROKEN = {
    "a new field without a default": (record(field("string")), record()),
    "a changed type": (record(field("string")), record(field("long"))),
    "a changed type in a list": (
        record(field({"type": "array", "items": "string"})),
        record(field({"type": "array", "items": "long"})),
    ),
    "a changed type in a map": (
        record(field({"type": "map", "values": "string"})),
        record(field({"type": "map", "values": "boolean"})),
    ),
    "null no more": (record(field("string")), record(field(["null", "string"]))),
    "a narrower number": (record(field("int")), record(field("long"))),
    "money as a float": (record(field("double")), record(field("long"))),
    "a removed symbol": (record(field(enum("a"))), record(field(enum("a", "b")))),
    "a removed symbol with a default": (record(field(enum("a", default="a"))), record(field(enum("a", "b")))),
    "a removed word": (
        record(field(words("a"))),
        record(field(words("a", "b"))),
    ),
    "another scale": (record(field(decimal(2))), record(field(decimal(4)))),
    "no decimal any more": (record(field("bytes")), record(field(decimal(4)))),
    "an instant that was a number": (
        record(field({"type": "long", "logicalType": "timestamp-millis"})),
        record(field("int")),
    ),
    "another record": (record(), {**record(), "name": "S"}),
    "another size": (
        record(field({"type": "fixed", "name": "F", "size": 4})),
        record(field({"type": "fixed", "name": "F", "size": 5})),
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken(case: str) -> None:
    assert breaks(*BROKEN[case]) != []


def test_a_recursive_schema_comes_to_an_end() -> None:
    tree = record(field(["null", "n.R"], default=None))
    assert breaks(tree, copy.deepcopy(tree)) == []
