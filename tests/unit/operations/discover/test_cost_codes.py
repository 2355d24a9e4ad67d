"""The spreadsheet of cost codes keeps what people fill in, however they saved it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.discover.cost_codes import counted, summed, write_cost_codes
from relay.domain.change_order import Classification, Item
from relay.engine.configuration import ConfigurationError
from relay.engine.configuration.cost_codes_file import read_entries, read_sheet

Found = dict[str, str | None]


def found(code: str, seen: int = 1, classification: str = "labor", name: str | None = None) -> Found:
    return {"code": code, "classification": classification, "name": name, "seen": str(seen), "amount": f"{seen}.00"}


def codes(folder: Path) -> list[tuple[str, str, str]]:
    sheet = read_sheet(folder / "cost-codes.csv")
    assert sheet.problems == ()
    return [(row.cells["code"], row.cells["seen"], row.cells["target_code"]) for row in sheet.rows]


def test_codes_are_counted_by_code_and_class_with_what_their_items_are_mostly_called() -> None:
    items = [
        Item(item_id=str(at), cost_code="371", classification=Classification.LABOR, name=name, cost=Decimal(cost))
        for at, (name, cost) in enumerate([("Rebar", "1.10"), ("Rebar", "2.005"), ("Other", "-1")])
    ]
    (row,) = counted([*items, Item(item_id="9", cost_code="371", cost=None)][:3])
    assert row == {"code": "371", "classification": "labor", "name": "Rebar", "seen": "3", "amount": "2.105"}
    assert summed([row, {**row, "seen": "2", "amount": "1"}])[0] | {} == {**row, "seen": "5", "amount": "3.105"}


def test_what_nothing_stands_for_comes_first_the_most_frequent_at_the_top(tmp_path: Path) -> None:
    _, unmapped = write_cost_codes(tmp_path, [found("a"), found("b", 9), found("03-300", 20)], {"03-300": "Concrete"})
    assert (unmapped, [code for code, _, _ in codes(tmp_path)]) == (2, ["b", "a", "03-300"])
    assert read_sheet(tmp_path / "cost-codes.csv").rows[-1].cells["target_name"] == "Concrete"
    assert read_entries(tmp_path / "cost-codes.csv") == ((), ())


@pytest.mark.parametrize(
    "code", ["007", "03-300", "1/2", "12E3", "=1+1", "-5", "@x", "plain", 'say "x", y;z', "'=1", "#REF!"]
)
def test_a_code_comes_back_as_it_was_and_a_second_writing_changes_nothing(tmp_path: Path, code: str) -> None:
    write_cost_codes(tmp_path, [found(code)], {})
    file = tmp_path / "cost-codes.csv"
    first = file.read_bytes()
    assert first.startswith(b"\xef\xbb\xbfcode,")
    write_cost_codes(tmp_path, [found(code)], {})
    assert file.read_bytes() == first
    assert [row[0] for row in codes(tmp_path)] == [code]


def test_rows_that_stand_twice_and_columns_of_people_stay(tmp_path: Path) -> None:
    file = tmp_path / "cost-codes.csv"
    file.write_bytes(b"remarks;code;target_code;classification\r\nAnn;371;03-300;labor\r\nBob;371;03-300;labor\r\n")
    write_cost_codes(tmp_path, [found("371", 7), found("372")], {})
    text = file.read_text(encoding="utf-8-sig").splitlines()
    assert text[0] == "remarks;code;target_code;classification;name;seen;amount;target_type;target_name"
    assert text[1].startswith(";372;;labor;")
    assert text[2].startswith('Ann;371;"=""03-300""";labor;;7;')
    assert text[3].startswith('Bob;371;"=""03-300""";labor;;7;')


def test_names_that_a_person_has_written_stay(tmp_path: Path) -> None:
    file = tmp_path / "cost-codes.csv"
    file.write_text("code,classification,name,target_code,target_name\n371,labor,Ours,a,Theirs\n", encoding="utf-8")
    write_cost_codes(tmp_path, [found("371", name="Rebar")], {"a": "Concrete"})
    assert file.read_text(encoding="utf-8-sig").splitlines()[1] == "371,labor,Ours,a,Theirs,1,1.00,"


def test_a_file_that_cannot_be_read_whole_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "cost-codes.csv"
    file.write_text("code,target_code\n371,a\n371,b\n", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        write_cost_codes(tmp_path, [found("372")], {})
    assert file.read_text(encoding="utf-8") == "code,target_code\n371,a\n371,b\n"


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6, unique_by=lambda pair: pair[0]))
def test_whatever_a_code_is_called_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("codes")
    write_cost_codes(folder, [found(code, name=name) for code, name in pairs], {})
    assert sorted(code for code, _, _ in codes(folder)) == sorted(code for code, _ in pairs)
