"""Codes, types, units and reasons, found by what people write for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from relay.clients.procore import ChangeReason, CostCode, LineItemType, UnitOfMeasure
from relay.domain.text_folding import folded, shows_something

Value = int | str

_PIECE = ("ea", "each", "e", "pc", "pcs")
"""What systems write for one piece, the usual word first; CINX has E (import template, "price_uom")."""


class Found(Enum):
    """What a look-up ends in where it finds no single value."""

    NOTHING = auto()
    SEVERAL = auto()


Named = tuple[str, Value]
"""A value under a name as it is written in Procore."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Values by every way of naming them, the strictest way first.

    ``fresh``: read so recently that a name which is not in it does not exist. ``as_written``: there is no list to
    be read, so that a name is sent as it is, and Procore says whether it knows it.
    """

    ways: tuple[Mapping[str, Sequence[Named]], ...]
    fresh: bool = True
    as_written: bool = False

    def find(self, text: str) -> Value | Found:
        """The one value that the strictest way with any answer gives.

        Of several names that differ only in what folding takes away, the one that is written exactly so counts.
        """
        wanted = folded(text)
        for way in self.ways:
            named = way.get(wanted)
            if named:
                return _only({value for _, value in named}) or _only(_as_written(named, text)) or Found.SEVERAL
        return text if self.as_written else Found.NOTHING

    def settled(self, *, fresh: bool) -> Lookup:
        """The same values, and whether they are fresh."""
        return self if self.fresh is fresh else replace(self, fresh=fresh)


UNREADABLE_UNITS = Lookup((), as_written=True)
"""Of a company whose units the service account may not read."""


def _only(values: Collection[Value]) -> Value | None:
    return next(iter(values)) if len(values) == 1 else None


def _as_written(named: Sequence[Named], text: str) -> set[Value]:
    return {value for name, value in named if name.strip() == text.strip()}


def _way(pairs: Iterable[tuple[str | None, Value]]) -> Mapping[str, Sequence[Named]]:
    by_name: dict[str, list[Named]] = {}
    for name, value in pairs:
        if name and shows_something(name):
            by_name.setdefault(folded(name), []).append((name, value))
    return by_name


def cost_codes(codes: Sequence[CostCode]) -> Lookup:
    """By full code, then by its last piece, then by name; deleted ones are not offered."""
    living = [code for code in codes if code.deleted_at is None]
    return Lookup(
        (
            _way((code.full_code, code.id) for code in living),
            _way((code.code, code.id) for code in living),
            _way((code.name, code.id) for code in living),
        )
    )


def line_item_types(types: Sequence[LineItemType]) -> Lookup:
    """By code, then by name, then by base type."""
    return Lookup(
        (
            _way((kind.code, kind.id) for kind in types),
            _way((kind.name, kind.id) for kind in types),
            _way((kind.base_type, kind.id) for kind in types),
        )
    )


def units(listed: Sequence[UnitOfMeasure]) -> Lookup:
    """The company's own spelling of a unit, by name, then by description; a piece by any word for it."""
    return Lookup(
        (
            _way((unit.name, unit.name) for unit in listed if unit.name),
            _way((unit.description, unit.name) for unit in listed if unit.name),
            _way((word, name) for name in _piece(listed) for word in _PIECE),
        )
    )


def _piece(listed: Sequence[UnitOfMeasure]) -> list[str]:
    """The company's name for one piece, if it has one; where it has several, the most usual."""
    names = {folded(unit.name): unit.name for unit in listed if unit.name}
    return [names[word] for word in _PIECE if word in names][:1]


def change_reasons(listed: Sequence[ChangeReason]) -> Lookup:
    """By the reason's words; those that people can still choose first."""
    return Lookup(
        (
            _way((reason.reason, reason.id) for reason in listed if reason.offered is not False),
            _way((reason.reason, reason.id) for reason in listed),
        )
    )
