"""Schema and dataclass say the same, field by field, in both directions."""

from __future__ import annotations

import dataclasses
import json
import types
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from relay.domain.record_types import RECORD_TYPES
from schemas import NAMESPACE, RECORDS, schema

MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4}
INSTANT = {"type": "long", "logicalType": "timestamp-millis"}
PLAIN: dict[Any, Any] = {
    str: "string",
    bytes: "bytes",
    bool: "boolean",
    int: "long",
    Decimal: MONEY,
    datetime: INSTANT,
}


def type_of(hint: Any) -> Any:
    """What the schema must say for a field of this type; records are compared by name here."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        assert inner[1] is types.NoneType
        return ["null", type_of(inner[0])]
    if origin is tuple:
        return {"type": "array", "items": type_of(inner[0])}
    if origin is dict:
        return {"type": "map", "values": type_of(inner[1])}
    if issubclass(hint, StrEnum):
        return {"type": "string", "words": [word.value for word in hint]}
    return PLAIN.get(hint, hint.__name__)


def default_of(value: Any) -> Any:
    """A dataclass field's default as JSON."""
    if dataclasses.is_dataclass(value):
        return {field.name: default_of(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return [default_of(one) for one in value] if isinstance(value, tuple) else value


def expected(kind: type) -> dict[str, Any]:
    """Every field with its type and, where it has one, its default."""
    hints = get_type_hints(kind)
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        found[field.name] = {"type": type_of(hints[field.name])}
        if field.default is not dataclasses.MISSING:
            found[field.name]["default"] = default_of(field.default)
        elif isinstance(found[field.name]["type"], list):
            found[field.name]["default"] = None
    return found


def flattened(part: Any, into: dict[str, Any]) -> Any:
    """The type with records replaced by their names; the records go ``into``."""
    if isinstance(part, list):
        return [flattened(one, into) for one in part]
    if isinstance(part, str):
        return part.removeprefix(f"{NAMESPACE}.")
    if part["type"] != "record":
        return {key: flattened(one, into) if key in {"items", "values"} else one for key, one in part.items()}
    assert part["name"] not in into, "a record is defined twice"
    into[part["name"]] = {}
    for field in part["fields"]:
        stated = {"type": flattened(field["type"], into)}
        into[part["name"]][field["name"]] = stated | ({"default": field["default"]} if "default" in field else {})
    return part["name"]


def said(whole: Any) -> dict[str, Any]:
    records: dict[str, Any] = {}
    flattened(whole, records)
    return records


def records_of(kind: type) -> dict[str, type]:
    """``kind`` and every dataclass in it, by name."""
    found = {kind.__name__: kind}
    waiting = list(get_type_hints(kind).values())
    while waiting:
        hint = waiting.pop()
        waiting += get_args(hint)
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            found |= records_of(hint)
    return found


def differences(kind: type, whole: Any) -> list[str]:
    dataclass_says = {name: expected(one) for name, one in records_of(kind).items()}
    schema_says = said(whole)
    names = dataclass_says.keys() | schema_says.keys()
    return [
        f"{name}.{field}: dataclass {mine.get(field)}, schema {theirs.get(field)}"
        for name in sorted(names)
        for mine, theirs in [(dataclass_says.get(name, {}), schema_says.get(name, {}))]
        for field in sorted(mine.keys() | theirs.keys())
        if mine.get(field) != theirs.get(field)
    ]


@pytest.mark.parametrize("record", RECORDS)
def test_schema_and_dataclass_are_equal(record: str) -> None:
    assert differences(RECORD_TYPES[record], schema(record)) == []


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"name": "echo", "type": "boolean"', '"name": "echo", "type": "string"'),
        ('"name": "echo"', '"name": "mirrored"'),
        ('"words": ["created", "updated", ', '"words": ["created", '),
        ('"scale": 4', '"scale": 2'),
        ('"default": false', '"default": true'),
        ('"name": "Item"', '"name": "Position"'),
    ],
)
def test_a_difference_is_found(was: str, now: str) -> None:
    flat = json.dumps(schema("ChangeOrderObserved"))
    assert was in flat
    assert differences(RECORD_TYPES["ChangeOrderObserved"], json.loads(flat.replace(was, now))) != []
