"""The live template of an import: what CINX takes, requires and allows.

Source: CINX API docs, "Introduction" (Templates). The POCO template's fields were never published,
so nothing about them is assumed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from relay.clients.native_json.values import Members
from relay.domain.sources.native_values import text_of, truth_of

_ITEMS = "items."
_LENGTH = re.compile(r"\(\s*([0-9]{1,9})\s*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredField:
    """A field that must be given, or (``alternatives``) one of several. ``nullable``: it may be without a value."""

    field: str
    alternatives: tuple[str, ...]
    nullable: bool
    data_type: str | None
    enforced: bool

    @property
    def kind(self) -> str | None:
        """The type alone, in small letters; ``None`` where the template states none."""
        return (self.data_type or "").partition("(")[0].strip().lower() or None

    @property
    def longest(self) -> int | None:
        """The characters that a text may have, where the type says so as CINX's tables do (``string (3)``)."""
        stated = _LENGTH.search(self.data_type or "")
        return int(stated[1]) if stated else None

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Self:
        """Raises ``ValueError`` where it names no field. ``mutual`` is a list of fields, or only ``true``."""
        members = Members(entry)
        mutual = entry.get("mutual")
        names = [text_of(name) or "" for name in mutual] if isinstance(mutual, list) else []
        alternatives = tuple(name for name in names if name)
        return cls(
            field=members.text("field") or next(iter(alternatives), None) or members.required_text("field"),
            alternatives=alternatives,
            nullable=members.truth("nullable") or False,
            data_type=members.text("data_type"),
            enforced=truth_of(entry.get("enforce", True)) is not False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """``paths`` are the dotted names of all fields, of list elements too (``items.quantity``).

    ``options`` maps such a path to its allowed values. ``skeleton`` is the object to fill.
    """

    kind: str | None
    version: str | None
    last_updated: str | None
    skeleton: Mapping[str, Any]
    paths: frozenset[str]
    required_post: tuple[RequiredField, ...]
    required_put: tuple[RequiredField, ...]
    options: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Raises ``ValueError`` where the row holds no template."""
        skeleton = row.get("template")
        if not isinstance(skeleton, Mapping):
            raise ValueError("a row without a template")
        about = Members(row).inner("doc_info")
        return cls(
            kind=about.text("type"),
            version=about.label("version"),
            last_updated=about.text("last_updated"),
            skeleton=skeleton,
            paths=frozenset(_paths(skeleton)),
            required_post=_required(row, "required_post"),
            required_put=_required(row, "required_put"),
            options=_options(row, tuple(_paths(skeleton))),
        )


def _required(row: Mapping[str, Any], name: str) -> tuple[RequiredField, ...]:
    entries = row.get(name)
    objects = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return tuple(_with_mutual(RequiredField.read(entry), entry, objects) for entry in objects)


def _with_mutual(required: RequiredField, entry: Mapping[str, Any], entries: list[Mapping[str, Any]]) -> RequiredField:
    """Members of one object that only say ``mutual: true`` stand for each other."""
    if required.alternatives or truth_of(entry.get("mutual")) is not True:
        return required
    mutual = (Members(other).text("field") for other in entries if truth_of(other.get("mutual")) is True)
    siblings = (field for field in mutual if field and _parent(field) == _parent(required.field))
    return replace(required, alternatives=tuple(field for field in siblings if field != required.field))


def _parent(field: str) -> str:
    return field.rpartition(".")[0]


def _paths(value: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, inner in value.items():
        path = before + name
        yield path
        for element in inner if isinstance(inner, list) else [inner]:
            if isinstance(element, Mapping):
                yield from _paths(element, path + ".")


def _options(row: Mapping[str, Any], paths: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Allowed values by path, from today's dotted paths or the two groups of bare names of an older screenshot."""
    groups = (("field_options", ""), ("transaction_field_options", ""), ("item_field_options", _ITEMS))
    options: dict[str, tuple[str, ...]] = {}
    for group, before in groups:
        entries = row.get(group)
        for name, values in entries.items() if isinstance(entries, Mapping) else ():
            if isinstance(values, list):
                allowed = tuple(text for text in map(_option, values) if text)
                options |= dict.fromkeys(_named(paths, before, name), allowed)
    return options


def _named(paths: tuple[str, ...], before: str, name: str) -> list[str]:
    """The paths that an option's name means: its own, else those of the same part that end in it."""
    if before + name in paths or "." in name:
        return [before + name]
    part = (path for path in paths if path.startswith(_ITEMS) == bool(before))
    return [path for path in part if path.rpartition(".")[2] == name] or [before + name]


def _option(value: Any) -> str | None:
    if isinstance(value, Mapping):
        return Members(value).text("value", "name")
    return text_of(value)
