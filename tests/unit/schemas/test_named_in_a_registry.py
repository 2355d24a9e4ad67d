"""When two schemas mean the same, and whose a schema is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from schemas import RECORDS, published, schema
from schemas.catalog import called, record_of
from schemas.compatibility import read_alike

LEDGER = schema("LedgerEntry")


def with_one_more(field: dict[str, Any]) -> dict[str, Any]:
    return LEDGER | {"fields": [*LEDGER["fields"], field]}


def undocumented(part: Any) -> Any:
    if isinstance(part, list):
        return [undocumented(one) for one in part]
    if isinstance(part, dict):
        return {key: undocumented(value) for key, value in part.items() if key != "doc"}
    return part


@pytest.mark.parametrize("record", RECORDS)
def test_no_two_published_versions_mean_the_same(record: str) -> None:
    versions = [version.schema for version in published(record)]
    for number, one in enumerate(versions):
        assert [read_alike(one, other) for other in versions] == [other is one for other in versions], number
        assert record_of(one) == record
        assert called(one) == f"{record} {number + 1}"


@pytest.mark.parametrize("record", RECORDS)
def test_a_registry_may_leave_documentation_out(record: str) -> None:
    assert read_alike(schema(record), undocumented(schema(record)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"type": "long"}, {"type": "long", "logicalType": "timestamp-millis"}),
        (
            {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4},
            {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2},
        ),
        ({"type": "string", "words": ["a"]}, {"type": "string", "words": ["a", "b"]}),
        ("long", "string"),
    ],
)
def test_what_bytes_do_not_tell_counts_too(one: Any, other: Any) -> None:
    first, second = (with_one_more({"name": "more", "type": kind}) for kind in (one, other))
    assert read_alike(first, copy.deepcopy(first))
    assert not read_alike(first, second)
    assert not read_alike(second, first)


def test_a_schema_of_somebody_else_is_none_of_ours() -> None:
    assert record_of(LEDGER | {"namespace": "elsewhere"}) is None
    assert record_of(LEDGER | {"name": "Invoice"}) is None
    assert record_of({"type": "record", "name": "LedgerEntry", "fields": []}) is None
    assert called({"type": "record", "name": "Invoice", "namespace": "elsewhere", "fields": []}) == "Invoice"
