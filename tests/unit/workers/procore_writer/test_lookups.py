"""Codes, types and units are found by what people write for them, and by nothing less."""

from __future__ import annotations

import pytest

from relay.clients.native_json.records import NativeRecord
from relay.clients.procore import CostCode, LineItemType, UnitOfMeasure
from workers.procore_writer.cache import lookups
from workers.procore_writer.cache.lookups import Found


def codes(*rows: dict[str, object]) -> lookups.Lookup:
    return lookups.cost_codes([CostCode.read(native(row)) for row in rows])


def native(row: dict[str, object]) -> NativeRecord:
    return NativeRecord(b"{}", row)


CODES = (
    {"id": 1, "full_code": "03-210", "code": "210", "name": "Reinforcing Steel"},
    {"id": 2, "full_code": "05-210", "code": "210", "name": "Joists"},
    {"id": 3, "full_code": "210", "code": "9", "name": "Odd"},
    {"id": 4, "full_code": "07-500", "code": "500", "name": "Roofing", "deleted_at": "2026-01-01T00:00:00Z"},
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("03-210", 1),
        (" 03-210 ", 1),
        ("reinforcing  steel", 1),
        ("reinforcing\u00a0steel\u200b", 1),
        ("\uff10\uff13-210", 1),
        ("210", 3),
        ("07-500", Found.NOTHING),
        ("nothing", Found.NOTHING),
        ("", Found.NOTHING),
    ],
)
def test_cost_codes_by_full_code_then_piece_then_name(text: str, found: object) -> None:
    assert codes(*CODES).find(text) == found


def test_what_fits_several_is_not_guessed() -> None:
    assert codes(*CODES[:2]).find("210") is Found.SEVERAL


def test_types_by_code_name_and_base_type() -> None:
    rows = [
        {"id": 301, "code": "S", "name": "Subcontract", "base_type": "commitment"},
        {"id": 302, "code": "M", "name": "S", "base_type": "materials"},
    ]
    types = lookups.line_item_types([LineItemType.read(native(row)) for row in rows])
    assert [types.find(text) for text in ("s", "Subcontract", "materials")] == [301, 301, 302]


def test_units_are_written_as_the_company_spells_them() -> None:
    rows = [{"id": 1, "name": "ea", "description": "each"}, {"id": 2, "name": "LF"}]
    units = lookups.units([UnitOfMeasure.read(native(row)) for row in rows])
    assert [units.find(text) for text in ("EA", "Each", "lf", "xx")] == ["ea", "ea", "LF", Found.NOTHING]


@pytest.mark.parametrize(
    ("names", "expected"), [(("lf", "PC", "EA"), "EA"), (("pcs",), "pcs"), (("lf",), Found.NOTHING)]
)
def test_a_piece_is_found_by_any_word_for_it(names: tuple[str, ...], expected: object) -> None:
    units = lookups.units([UnitOfMeasure.read(native({"id": at, "name": name})) for at, name in enumerate(names)])
    assert [units.find(text) for text in ("E", "each", "e ")] == [expected] * 3


def test_of_units_that_look_alike_the_one_that_is_written_so_counts() -> None:
    lookup = lookups.units(
        [UnitOfMeasure.read(native({"id": place, "name": name})) for place, name in enumerate(["m2", "m²"])]
    )
    assert (lookup.find("m2"), lookup.find("m²"), lookup.find("M2")) == ("m2", "m²", Found.SEVERAL)
