"""Names of the job costing lists and what they stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from relay.clients.cinx import CostEntry, CostList


class Found(Enum):
    """Why a name stands for no entry."""

    NONE = auto()
    SEVERAL = auto()


@dataclass(frozen=True, slots=True)
class CostLookup:
    """One list. ``fresh``: reading it again would hardly tell more."""

    entries: tuple[CostEntry, ...]
    fresh: bool = True
    _by_text: dict[str, tuple[CostEntry, ...]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, entries: Iterable[CostEntry]) -> CostLookup:
        """An entry is known by its name, and by the code that another system has for it."""
        listed = tuple(entries)
        by_text: dict[str, tuple[CostEntry, ...]] = {}
        for entry in listed:
            for text in {entry.name, entry.reference_id} - {None, ""}:
                key = str(text).strip()
                by_text[key] = (*by_text.get(key, ()), entry)
        return cls(listed, _by_text=by_text)

    def settled(self, *, fresh: bool) -> CostLookup:
        """The same, as old as it is now."""
        return replace(self, fresh=fresh)

    def find(self, text: str) -> CostEntry | Found:
        """The entry of exactly this name or code; a name goes before another's code."""
        found = self._by_text.get(text.strip(), ())
        named = [entry for entry in found if (entry.name or "").strip() == text.strip()] or list(found)
        if len(named) == 1:
            return named[0]
        return Found.SEVERAL if named else Found.NONE


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
"""For people, and in reasons."""
