"""Whether an import payload obeys the live template.

Source of the row's meaning: CINX API docs, "Introduction" (Templates). What the service checks is
not documented; this checks all that a template states, strictly, since a failed job never says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

from .guids import is_guid
from .import_fields import TYPES

Row = dict[str, Any]

MISSING: Final = object()


def violations(payload: Any, template: Row, method: str, unknown_fields: str) -> list[str]:
    """All reasons why ``payload`` is refused, as sentences; none means it is taken."""
    if not isinstance(payload, dict):
        return ["the body is no JSON object"]
    found = list(wrong_shape(payload, template["template"], unknown_fields))
    if found:
        return found
    kinds = {**TYPES, **data_types(template)}
    options = template["field_options"]
    for path, value in leaves(payload):
        found += wrong_value(path, value, kinds.get(path), options.get(path))
    entries = template["required_put" if method == "PUT" else "required_post"]
    for entry in entries:
        if entry.get("enforce", True):
            found += lacking(payload, template["template"], with_mutual(entry, entries))
    return found


def data_types(template: Row) -> dict[str, str]:
    """The types that the required lists state."""
    entries = [*template["required_post"], *template["required_put"]]
    return {entry["field"]: entry["data_type"] for entry in entries}


def wrong_shape(node: Any, skeleton: Any, unknown: str, path: str = "") -> Iterator[str]:
    """Unknown fields, and objects or arrays where the template has something else."""
    if isinstance(skeleton, dict) and isinstance(node, dict):
        for name, value in node.items():
            below = f"{path}.{name}" if path else name
            if name in skeleton:
                yield from wrong_shape(value, skeleton[name], unknown, below)
            elif unknown == "fail":
                yield f"{below} is not in the template"
    elif isinstance(skeleton, list) and isinstance(node, list):
        for element in node:
            if not isinstance(element, dict):
                yield f"{path} holds something else than objects"
            elif skeleton:
                yield from wrong_shape(element, skeleton[0], unknown, path)
    elif node is not None and (isinstance(node, (dict, list)) or isinstance(skeleton, (dict, list))):
        yield f"{path} has another shape than the template"


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar of the payload with its dotted path; elements of arrays share one path."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        for element in node:
            yield from leaves(element, path)
    elif path:
        yield path, node


def wrong_value(path: str, value: Any, kind: str | None, options: Any) -> Iterator[str]:
    """A value of another type, or outside its enumeration; null is never wrong by itself."""
    if value is None:
        return
    if kind is not None and not of_kind(value, kind):
        yield f"{path} takes a {kind}, not {value!r}"
    elif options and value not in options:
        yield f"{path} is none of the options: {value!r}"


def of_kind(value: Any, kind: str) -> bool:
    """Whether a JSON value has the template's data type, strictly: "3" is no number."""
    if kind in ("real", "int"):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (kind == "real" and isinstance(value, (Decimal, float)))
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "guid":
        return is_guid(value)
    return isinstance(value, str) and (kind != "date" or not value or is_day(value))


def is_day(text: str) -> bool:
    """Whether ``text`` is YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def with_mutual(entry: Row, entries: list[Row]) -> Row:
    """Members of one object that only say ``mutual: true`` stand for each other."""
    if entry.get("mutual") is not True:
        return entry
    place = entry["field"].rpartition(".")[0]
    others = [one["field"] for one in entries if one.get("mutual") is True]
    return {**entry, "mutual": [path for path in others if path.rpartition(".")[0] == place]}


def lacking(payload: Row, skeleton: Row, entry: Row) -> Iterator[str]:
    """A required field that is absent or null although it may not be; CINX's own demo strips every null first."""
    if "mutual" in entry and isinstance(entry["mutual"], list):
        if not any(has_value(payload, skeleton, path) for path in entry["mutual"]):
            yield f"one of {', '.join(entry['mutual'])} must have a value"
        return
    for value in values_at(payload, skeleton, entry["field"].split(".")):
        if value is MISSING and not entry["nullable"]:
            yield f"{entry['field']} is required"
        elif value is None and not entry["nullable"]:
            yield f"{entry['field']} may not be null"


def has_value(payload: Row, skeleton: Row, path: str) -> bool:
    """Whether the field is there and neither null nor empty."""
    values = list(values_at(payload, skeleton, path.split(".")))
    return any(value not in (MISSING, None, "") for value in values)


def values_at(node: Any, skeleton: Any, parts: list[str]) -> Iterator[Any]:
    """The values of a path, one per element of the arrays on the way; MISSING where absent."""
    if isinstance(skeleton, list):
        for element in node if isinstance(node, list) else []:
            yield from values_at(element, skeleton[0] if skeleton else {}, parts)
    elif not parts:
        yield node
    else:
        inner = skeleton.get(parts[0]) if isinstance(skeleton, dict) else None
        value = node.get(parts[0], MISSING) if isinstance(node, dict) else MISSING
        if value is MISSING and not isinstance(inner, list):
            yield MISSING
        else:
            yield from values_at(value, inner, parts[1:])
