"""Where the records stand inside a schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def records_in(schema: Any) -> dict[str, dict[str, Any]]:
    """Every record of a schema, the outer one included, by its name without the namespace."""
    return {record["name"].rpartition(".")[2]: record for record in _records(schema)}


def _records(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, list):
        for branch in schema:
            yield from _records(branch)
    elif isinstance(schema, dict):
        if schema["type"] == "record":
            yield schema
        for part in ("items", "values"):
            yield from _records(schema.get(part))
        for field in schema.get("fields", ()):
            yield from _records(field["type"])
