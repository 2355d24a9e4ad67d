"""Names of the job costing lists and what they stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from relay.clients.cinx import CostEntry, CostList
from relay.domain.text_folding import folded

LIST_OF = {
    "phase_name": (CostList.PHASES, "cinx_phase_guid"),
    "material_cost_code_name": (CostList.MATERIAL_COST_CODES, "cinx_material_cost_code_guid"),
    "category_name": (CostList.CATEGORIES, "cinx_category_guid"),
    "tax_group_name": (CostList.TAX_GROUPS, "cinx_guid"),
}
"""By the last part of a template field: the list its value is looked up in, and the field of its guid.

Source: CINX API docs, "Purchase Orders" (import fields).
"""

NOUNS = {
    CostList.PHASES: ("phase", "phase"),
    CostList.MATERIAL_COST_CODES: ("cost code", "cost_code"),
    CostList.CATEGORIES: ("category", "category"),
    CostList.TAX_GROUPS: ("tax group", "tax_group"),
}
"""What an entry of a list is called in sentences, and in reasons."""


class NoEntry(Enum):
    """Why a name stands for no entry."""

    MISSING = auto()
    SEVERAL = auto()


@dataclass(frozen=True, slots=True)
class CostLookup:
    """One list. ``fresh``: it was read so recently that a name which is not in it is believed to be missing."""

    entries: tuple[CostEntry, ...]
    fresh: bool = True
    _by_name: dict[str, tuple[CostEntry, ...]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, entries: Iterable[CostEntry]) -> CostLookup:
        """The lookup of entries, each by its name and by the code that another system has for it."""
        listed = tuple(entries)
        by_name: dict[str, tuple[CostEntry, ...]] = {}
        for entry in listed:
            for key in {folded(text) for text in (entry.name, entry.reference_id) if text} - {""}:
                by_name[key] = (*by_name.get(key, ()), entry)
        return cls(listed, _by_name=by_name)

    def with_freshness(self, *, fresh: bool) -> CostLookup:
        return replace(self, fresh=fresh)

    def find(self, text: str) -> CostEntry | NoEntry:
        """The entry of this name or code; one written exactly so goes before one alike, a name before a code."""
        entries = self._by_name.get(folded(text), ())
        for is_meant in (_is_named_exactly, _has_exactly_code, _is_named, _has_code):
            meant = [entry for entry in entries if is_meant(entry, text)]
            if meant:
                return meant[0] if len(meant) == 1 else NoEntry.SEVERAL
        return NoEntry.MISSING


def _is_named_exactly(entry: CostEntry, text: str) -> bool:
    return (entry.name or "").strip() == text.strip()


def _has_exactly_code(entry: CostEntry, text: str) -> bool:
    return (entry.reference_id or "").strip() == text.strip()


def _is_named(entry: CostEntry, text: str) -> bool:
    return folded(entry.name or "") == folded(text)


def _has_code(entry: CostEntry, text: str) -> bool:
    return folded(entry.reference_id or "") == folded(text)
