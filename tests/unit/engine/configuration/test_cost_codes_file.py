"""Cost codes in a spreadsheet: every way in which programs save them is read, or refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.domain.change_order import Classification
from relay.domain.mapping.crosswalk import cost_code, line_item_type
from relay.domain.routes import CrosswalkEntry
from relay.engine.configuration import ConfigurationError, load_configuration
from relay.engine.configuration.cost_codes_file import defused, read_entries
from relay.engine.configuration.live import LiveConfiguration
from tests.unit.domain.mapping.samples import item, procore
from tests.unit.domain.mapping.samples import route as domain_route
from tests.unit.engine.configuration.conftest import ACCOUNTS, Write

HEADER = "code,classification,target_code,target_type\n"
ROUTE = ACCOUNTS + "routes:\n  - {from: {system: constructiononline, account: acme}, cost_codes_file: codes.csv}\n"


def entries(folder: Path, content: str | bytes) -> list[tuple[str | None, str | None, str | None, str | None]]:
    file = folder / "codes.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    read, problems = read_entries(file)
    assert problems == ()
    return [(one.code, one.classification, one.cost_code, one.line_item_type) for one in read]


@pytest.mark.parametrize(
    "content",
    [
        "code,classification,target_code,target_type\n371,labor,03-300,L\n",
        "code,classification,target_code,target_type\r\n371,labor,03-300,L\r\n",
        "\ufeffcode,classification,target_code,target_type\r\n371,labor,03-300,L",
        "code;classification;target_code;target_type\n371;labor;03-300;L\n",
        "\ufeff\ufeffcode;classification;target_code;target_type;target_price\n371;labor;03-300;L;5\n",
        "code\tclassification\ttarget_code\ttarget_type\r371\tlabor\t03-300\tL\r",
        "sep=;\r\ncode;classification;target_code;target_type\r\n371;Labor;03-300;L\r\n",
        '"Code","Classification","Target Code","Target-Type"\n="371",labor,"=""03-300""",L\n',
        "\n\ncode,classification,target_code,target_type,remarks\n\n371 , labor,03-300,L,by phone\n,,,\n",
        "target_type,target_code,seen,code,classification\nL,03-300,12,371,labor\nL,03-300,3,371,labor\n",
    ],
)  # fmt: skip
def test_whatever_a_program_saves_is_read_alike(tmp_path: Path, content: str) -> None:
    assert entries(tmp_path, content) == [("371", "labor", "03-300", "L")]


def test_a_row_for_one_class_goes_first_and_rows_that_say_nothing_are_none(tmp_path: Path) -> None:
    content = f"{HEADER}371,,03-300,\n371,labor,03-310,\n372,,,\n,equipment,,E\n"
    assert entries(tmp_path, content) == [
        ("371", "labor", "03-310", None),
        ("", "equipment", None, "E"),
        ("371", None, "03-300", None),
    ]


def test_a_column_of_people_s_own_may_stand_beside_the_one_that_says_something(tmp_path: Path) -> None:
    assert entries(tmp_path, "code,target_code,target_unit\n371,03-300,hour\n") == [("371", None, "03-300", None)]
    assert entries(tmp_path, "code,target_type,target_price\n371,L,5\n") == [("371", None, None, "L")]


def test_a_row_without_a_code_is_for_items_without_one_alone(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text(f"{HEADER},,01-500,O\n", encoding="utf-8")
    read, _ = read_entries(tmp_path / "codes.csv")
    taken = domain_route(procore(), crosswalk=read)
    without, with_one = item(cost_code=None), item(cost_code="371")
    assert (cost_code(without, taken), line_item_type(without, taken, None)) == ("01-500", "O")
    assert (cost_code(with_one, taken), line_item_type(with_one, taken, None)) == ("371", None)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-12", "@home", "\tx", "371", "'quoted'"])
def test_what_looks_like_a_formula_comes_back_as_it_was_written(tmp_path: Path, text: str) -> None:
    (read,) = entries(tmp_path, f"{HEADER}{defused(text)},,03-300,\n")
    assert read[0] == text.strip()


@pytest.mark.parametrize(
    ("content", "line", "key", "found", "allowed"),
    [
        ("", 1, "", "no columns", "code and target_code"),
        ("371,03-300\n", 1, "", "'371', '03-300'", "in the first line"),
        ("code,classification\n371,labor\n", 1, "", "'code', 'classification'", "target_code or target_type"),
        ("code,clasification,target_code\n", 1, "clasification", "'clasification'", "mean classification?"),
        ("code,target,target_type\n371,03-300,L\n", 1, "target", "'target'", "mean target_code?"),
        ("code,target_cost\n371,03-300\n", 1, "target_cost", "'target_cost'", "mean target_code?"),
        ("code,code,target_code\n", 1, "code", "'code' twice", "once"),
        (f"{HEADER}371,,03-300,\n371,,03-310,\n", 3, "code", "'371' again", "line 2"),
        (f"{HEADER}371,labour,03-300,\n", 2, "classification", "'labour'", "mean labor?"),
        (f"{HEADER}\n371,,=A1&B2,\n", 3, "target_code", "formula", "its value"),
        (f"{HEADER}371,,#REF!,\n", 2, "target_code", "#REF!", "its value"),
        (f"{HEADER}371,,03-300,,more\n", 2, "", "5 cells", "4"),
        (f'{HEADER}371,,"03-300,\n372,,1,\n', 2, "", "no CSV", "quotes"),
        (f"{HEADER}371,,Fa\xe7ade,\n".encode("latin-1"), 2, "", "no UTF-8", "CSV UTF-8"),
        (HEADER.encode("utf-16"), 1, "", "no UTF-8", "CSV UTF-8"),
    ],
)  # fmt: skip
def test_what_can_be_meant_in_two_ways_is_refused_with_file_and_line(
    write: Write, tmp_path: Path, content: str | bytes, line: int, key: str, found: str, allowed: str
) -> None:
    file = tmp_path / "codes.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(write(ROUTE))
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.key) == (str(file), line, key)
    assert found in problem.found
    assert allowed in problem.allowed


def test_a_file_that_is_not_there_is_named_once_however_many_routes_name_it(write: Write, tmp_path: Path) -> None:
    other = "  - {from: {system: cinx, account: acme}, cost_codes_file: codes.csv}\n"
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(write(ROUTE + other))
    (problem,) = refused.value.problems
    assert (Path(problem.file).name, problem.line, problem.key) == ("relay.yaml", 9, "routes[0].cost_codes_file")
    assert problem.found.startswith(f"{tmp_path / 'codes.csv'}, a file that cannot be read")


def test_a_file_that_is_too_large_is_blamed_on_the_place_that_names_it(write: Write, tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_bytes(b"x" * 1_048_577)
    with pytest.raises(ConfigurationError, match=r"relay\.yaml:9: routes\[0\].*more than 1048576 bytes"):
        load_configuration(write(ROUTE))


def test_a_file_of_cost_codes_that_changes_is_taken_over_and_a_wrong_one_is_not(write: Write, tmp_path: Path) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text(f"{HEADER}371,,03-300,\n", encoding="utf-8")
    live = LiveConfiguration(write(ROUTE), pause=lambda seconds: None)
    assert not live.refresh()
    codes.write_text(f"{HEADER}371,,03-300,\n372,,03-310,\n", encoding="utf-8")
    assert live.refresh()
    assert live.current.routing.routes[0].crosswalk[1] == CrosswalkEntry(code="372", cost_code="03-310")
    codes.write_text(f"{HEADER}371,labr,03-300,\n", encoding="utf-8")
    assert not live.refresh()
    assert len(live.current.routing.routes[0].crosswalk) == 2
    codes.write_text(f"{HEADER}371,{Classification.LABOR},03-300,\n", encoding="utf-8")
    assert live.refresh()
