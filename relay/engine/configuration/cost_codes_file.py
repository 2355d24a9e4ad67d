"""A crosswalk as a spreadsheet: a CSV file in which people say what stands at the targets for each cost code.

Spreadsheet programs write such files with a mark at the start, with semicolons or tabs, with Windows line ends and with
formulas that keep leading zeros. What cannot be meant in two ways is read; everything else is refused with its line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from relay.domain.change_order import Classification
from relay.domain.routes import CrosswalkEntry
from relay.engine.configuration.document import LARGEST, MOST_PROBLEMS
from relay.engine.configuration.problems import Problem, nearest, one_of, shown

COLUMNS: Final = ("code", "classification", "name", "seen", "amount", "target_code", "target_type", "target_name")
"""The columns that the relay knows. ``name``, ``seen``, ``amount`` and ``target_name`` are for people alone."""

_SAYS: Final = ("target_code", "target_type")
_TARGET: Final = "target"
_DELIMITERS: Final = ",;\t"
_MARK: Final = "\ufeff"
_STATED_DELIMITER: Final = re.compile(r'"?sep=(?P<delimiter>[,;\t])"?')
_KEPT_AS_TEXT: Final = re.compile(r'="(?P<text>(?:[^"]|"")*)"')
_WRONG_FORMULA: Final = re.compile(r"#(REF!|NAME\?|VALUE!|DIV/0!|N/A|NUM!|NULL!)")
_BEGINS_LIKE_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column, as a person reads it, and the line that it begins in."""

    line: int
    cells: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str]:
        """What the row is for: code and class; ``""`` is an item without a code, or any class."""
        return self.cells["code"], self.cells["classification"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file in their order, its columns with those that only people know, and what is wrong with it."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    delimiter: str = ","


def read_entries(path: Path) -> tuple[tuple[CrosswalkEntry, ...], tuple[Problem, ...]]:
    """The crosswalk that the file states, entries for one class first, and what is wrong with the file."""
    sheet = read_sheet(path)
    said = [row for row in sheet.rows if any(row.cells[name] for name in _SAYS)]
    special = [row for row in said if row.cells["classification"]]
    general = [row for row in said if not row.cells["classification"]]
    return tuple(_entry(row) for row in _once([*special, *general])), sheet.problems


def read_sheet(path: Path) -> Sheet:
    """Reads the file. Raises nothing: a file that cannot be read at all is a problem of line 0."""
    try:
        text = _text(path)
        return _Reader(str(path)).sheet(text)
    except _Refused as refused:
        return Sheet((), (), (Problem(file=str(path), line=refused.line, key=refused.key, found=refused.found,
                                      allowed=refused.allowed),))  # fmt: skip


def defused(text: str) -> str:
    """A text as it is written: one that begins like a formula gets a ``'``, which reading takes away."""
    return f"'{text}" if _looks_like_a_formula(text) else text


def _looks_like_a_formula(text: str) -> bool:
    bare = text.lstrip("'")
    return bare.startswith(_BEGINS_LIKE_A_FORMULA) or _WRONG_FORMULA.fullmatch(bare) is not None


def _entry(row: Row) -> CrosswalkEntry:
    code, classification = row.key
    return CrosswalkEntry(
        code=code,
        classification=Classification(classification) if classification else None,
        cost_code=row.cells["target_code"] or None,
        line_item_type=row.cells["target_type"] or None,
    )


def _once(rows: Sequence[Row]) -> list[Row]:
    return list({row.key: row for row in reversed(rows)}.values())[::-1]


class _Refused(Exception):
    def __init__(self, line: int, found: str, allowed: str, key: str = "") -> None:
        super().__init__(found)
        self.line, self.found, self.allowed, self.key = line, found, allowed, key


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        found = f"a file that cannot be read ({error.strerror})"
        raise _Refused(0, found, "a CSV file with the columns of cost-codes.csv") from None
    if len(content) > LARGEST:
        raise _Refused(0, f"more than {LARGEST} bytes", f"a CSV file of at most {LARGEST} bytes")
    try:
        return content.decode("utf-8").lstrip(_MARK)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Refused(line, "bytes that are no UTF-8", 'UTF-8: save it as "CSV UTF-8" in the spreadsheet') from None


class _Reader:
    """One reading of one file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []

    def sheet(self, text: str) -> Sheet:
        """The rows of ``text``. Raises ``_Refused`` where its columns are not known."""
        before, lines, delimiter = _layout(text)
        rows = _raw_rows(lines, delimiter, before)
        line, header = next(rows, (1, []))
        columns = _columns(line, header)
        read = [row for at, cells in rows if (row := self._row(at, columns, cells)) is not None]
        self._compare(read)
        return Sheet(columns, tuple(read), tuple(self._problems), delimiter)

    def _row(self, line: int, columns: Sequence[str], raw: Sequence[str]) -> Row | None:
        if len(raw) > len(columns) and any(cell.strip() for cell in raw[len(columns) :]):
            self._blame(line, "", f"{len(raw)} cells", f"{len(columns)}, as in the first line")
            return None
        padded = [*raw, *("" for _ in range(len(columns) - len(raw)))]
        cells = {name: self._cell(line, name, cell) for name, cell in zip(columns, padded, strict=False)}
        if not any(cells.values()):
            return None
        return self._checked(Row(line, {**dict.fromkeys(COLUMNS, ""), **cells}))

    def _checked(self, row: Row) -> Row | None:
        word = row.cells["classification"].lower()
        classes = [str(one) for one in Classification]
        if word and word not in classes:
            meant = nearest(word, classes)
            hint = f" (did you mean {meant}?)" if meant else ""
            self._blame(row.line, "classification", shown(word), f"{one_of(classes)}, or nothing for any{hint}")
            return None
        return Row(row.line, {**row.cells, "classification": word})

    def _cell(self, line: int, column: str, raw: str) -> str:
        text = raw.strip()
        kept = _KEPT_AS_TEXT.fullmatch(text)
        if kept:
            return kept["text"].replace('""', '"')
        if text.startswith("'") and _looks_like_a_formula(text):
            return text[1:].strip()
        if text.startswith("=") or _WRONG_FORMULA.fullmatch(text):
            self._blame(line, column, f"the formula {shown(text)}", "its value as text")
        return text

    def _compare(self, rows: Sequence[Row]) -> None:
        first: dict[tuple[str, str], Row] = {}
        for row in rows:
            if not any(row.cells[name] for name in _SAYS):
                continue
            other = first.setdefault(row.key, row)
            if any(row.cells[name] != other.cells[name] for name in _SAYS):
                self._blame(row.line, "code", f"{_named(row)} again, with another target", f"that of line {other.line}")

    def _blame(self, line: int, column: str, found: str, allowed: str) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(Problem(file=self._file, line=line, key=column, found=found, allowed=allowed))


def _named(row: Row) -> str:
    code, classification = row.key
    words = f"the code {shown(code)}" if code else "no code"
    return f"{words} with class {classification}" if classification else words


def _layout(text: str) -> tuple[int, list[str], str]:
    """How many lines stand before the header, the lines from there on, and what separates the cells."""
    lines = text.splitlines(keepends=True)
    stated = _STATED_DELIMITER.fullmatch(lines[0].strip("\r\n")) if lines else None
    before = 1 if stated else 0
    while before < len(lines) and not lines[before].strip():
        before += 1
    header = lines[before] if before < len(lines) else ""
    delimiter = stated["delimiter"] if stated else max(_DELIMITERS, key=header.count)
    return before, lines[before:], delimiter


def _raw_rows(lines: Sequence[str], delimiter: str, before: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = before + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _Refused(line, f"what is no CSV ({error})", "quotes that end, and are doubled in a cell") from None
        if cells is None:
            return
        yield line, cells


def _said_instead(name: str, names: Sequence[str]) -> str | None:
    """The column that says something and is missing, where this one seems to be meant for it: what stands there would
    count for nothing. Beside one that says something a name of two words is people's own.
    """
    missing = [one for one in _SAYS if one not in names]
    says_nothing = len(missing) == len(_SAYS) and name.startswith(_TARGET)
    return next(iter(missing), None) if says_nothing or name == _TARGET else None


def _columns(line: int, header: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns. Raises ``_Refused`` for a missing, doubled or misspelt one."""
    names = tuple(re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in header)
    for name in names:
        meant = None if name in COLUMNS else nearest(name, COLUMNS, cutoff=0.8) or _said_instead(name, names)
        if meant and meant not in names:
            raise _Refused(line, f"the column {shown(name)}", f"{one_of(COLUMNS)} (did you mean {meant}?)", name)
        if name and names.count(name) > 1:
            raise _Refused(line, f"the column {shown(name)} twice", "each column once", name)
    if "code" not in names or not set(_SAYS) & set(names):
        found = f"the columns {', '.join(map(shown, header))}" if any(names) else "no columns"
        raise _Refused(line, found, "code and target_code or target_type in the first line")
    return names
