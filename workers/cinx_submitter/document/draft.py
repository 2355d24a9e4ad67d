"""A POCO's document before its fields are nested."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from relay.clients.cinx import RequiredField, Template
from workers.cinx_submitter.document.fields import ITEMS, LISTS, default_of
from workers.cinx_submitter.refusals import stop_rejected
from workers.cinx_submitter.situation import PlanContext

Flat = dict[str, Any]
"""Values by dotted path."""

_NAMES_ITSELF = ("cinx_guid", "items.cinx_guid")
_REQUIRED = (
    "CINX requires the POCO field {path!r}, and nothing fills it. Set it under fields of the route's target, then send "
    "this letter again."
)


@dataclass(slots=True)
class Draft:
    """Values of the document by dotted path, those of items without ``items.``; ``changes``: the POCO to change."""

    context: PlanContext
    template: Template
    changes: str | None
    header: Flat = field(default_factory=dict)
    items: list[Flat] = field(default_factory=list)

    def has(self, path: str) -> bool:
        """Whether the template knows the field. What is changed is named whether or not it says so."""
        return path in self.template.paths or path in _NAMES_ITSELF


def fill_required(draft: Draft) -> None:
    """Fills with its default what the template requires and nothing else has filled.

    Raises ``PlanStopped`` with a rejection where there is no default.
    """
    entries = list(draft.template.required_post)
    entries += list(draft.template.required_put) if draft.changes else []
    for entry in entries:
        _require_in_items(draft, entry) if entry.field.startswith(ITEMS) else _require_in_header(draft, entry)


def _require_in_header(draft: Draft, entry: RequiredField) -> None:
    if _is_in_list(entry.field) or (draft.changes is not None and entry.field != "cinx_guid"):
        return  # A modification leaves what it does not name as it is.
    _fill(draft, draft.header, entry, "")


def _require_in_items(draft: Draft, entry: RequiredField) -> None:
    if _is_in_list(entry.field.removeprefix(ITEMS)) or entry.field == "items.attributes":
        return
    for item in draft.items:
        if entry.field != "items.cinx_guid":
            _fill(draft, item, entry, ITEMS)


def _is_in_list(path: str) -> bool:
    """Whether a field is, or stands in, a list: ours are complete, and those left empty need nothing."""
    return path.split(".", 1)[0] in (*LISTS, "attributes")


def _fill(draft: Draft, place: Flat, entry: RequiredField, before: str) -> None:
    names = [name.removeprefix(before) for name in (entry.field, *entry.alternatives)]
    if any(_is_given(place, name) for name in names) or not entry.enforced:
        return
    default = default_of(draft.template, entry.field)
    if default is not None:
        place[names[0]] = default
    elif not entry.nullable or entry.alternatives:
        raise stop_rejected(
            "required_field_missing", _REQUIRED.format(path=" or ".join((entry.field, *entry.alternatives)))
        )


def _is_given(place: Flat, name: str) -> bool:
    """Whether a field, or any member of an object, has a value."""
    return any(value not in (None, "") for path, value in place.items() if path == name or path.startswith(f"{name}."))
