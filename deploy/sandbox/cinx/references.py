"""External references and attributes: kept by type, updated by value, deleted by an empty one.

Source: CINX API docs, "Introduction" (External Refs, Attributes).
"""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def merged(stored: list[Row], submitted: list[Row], key: str = "type") -> list[Row]:
    """``stored`` after ``submitted``; an entry without type or value is not saved."""
    by_key = {entry[key]: entry for entry in stored}
    for entry in submitted:
        name, value = entry.get(key), entry.get("value")
        if not name:
            continue
        if value in (None, ""):
            by_key.pop(name, None)
        else:
            by_key[name] = {**by_key.get(name, {}), **entry}
    return list(by_key.values())


def complete(entry: Row) -> Row:
    """A reference with its three members in documented order."""
    return {name: entry.get(name) for name in ("type", "description", "value")}
