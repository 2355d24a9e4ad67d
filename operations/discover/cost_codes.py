"""The cost codes that were seen, as a spreadsheet: people fill in what stands there at the targets, and it stays."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from operations.discover.writing import replace_file
from relay.domain.change_order import Item
from relay.domain.text_folding import folded
from relay.engine.configuration.cost_codes_file import COLUMNS, Sheet, defused, read_sheet
from relay.engine.configuration.problems import ConfigurationError

FILE: Final = "cost-codes.csv"
_MARK: Final = "\ufeff"
_TAKEN_FOR_ANOTHER = re.compile(r"0[0-9]+|[0-9]+([-/.][0-9]+)+|[0-9]+E[0-9]+", re.IGNORECASE)
"""What a spreadsheet would show as a number without its zeros, as a date, or as a power of ten."""

Key = tuple[str, str]
"""Code and class, as a row of the file is named."""


@dataclass(slots=True)
class _Count:
    seen: int = 0
    amount: Decimal = Decimal(0)
    names: Counter[str] = field(default_factory=Counter)

    def add(self, item: Item) -> None:
        self.seen += 1
        self.amount += item.cost or Decimal(0)
        self.names.update([item.name] if item.name else [])


def counted(items: Iterable[Item]) -> list[dict[str, str | None]]:
    """A row for each code and class: how often it was seen, the sum of its costs, and what its items are mostly called.

    No system that is read tells the name of a source's code.
    """
    counts: dict[Key, _Count] = {}
    for item in items:
        counts.setdefault((item.cost_code or "", item.classification.value), _Count()).add(item)
    return [_row(key, count) for key, count in sorted(counts.items())]


def _row(key: Key, count: _Count) -> dict[str, str | None]:
    name = min(count.names, key=lambda text: (-count.names[text], text), default=None)
    code, classification = key
    return {
        "code": code,
        "classification": classification,
        "name": name,
        "seen": str(count.seen),
        "amount": _money(count.amount),
    }


def _money(amount: Decimal) -> str:
    cents = amount.quantize(Decimal("0.01"))
    return str(cents if cents == amount else amount.normalize())


def summed(rows: Iterable[Mapping[str, str | None]]) -> list[dict[str, str | None]]:
    """Rows of several accounts as one for each code and class."""
    sums: dict[Key, dict[str, str | None]] = {}
    for row in rows:
        key = (row["code"] or "", row["classification"] or "")
        before = sums.setdefault(key, {**row, "seen": "0", "amount": "0"})
        before["seen"] = str(_number(before["seen"]) + _number(row["seen"]))
        before["amount"] = _money(_number(before["amount"]) + _number(row["amount"]))
    return list(sums.values())


def write_cost_codes(
    folder: Path, seen: Iterable[Mapping[str, str | None]], known: Mapping[str, str | None]
) -> tuple[Path, int]:
    """Writes the codes into the folder's file, and returns it with the number of codes that nothing stands for yet.

    What stands in the file stays, but for ``seen`` and ``amount``. ``known``: the targets' codes with their names.
    Raises ``ConfigurationError`` for a file that cannot be read whole; nothing is written then.
    """
    file = folder / FILE
    sheet = read_sheet(file) if file.exists() else Sheet(COLUMNS, (), ())
    if sheet.problems:
        raise ConfigurationError(sheet.problems)
    names = {folded(code): name or "" for code, name in known.items()}
    rows = [_named(row, names) for row in _merged(sheet, seen)]
    rows.sort(key=lambda row: _rank(row, names))
    columns = (*(name for name in sheet.columns if name), *(name for name in COLUMNS if name not in sheet.columns))
    replace_file(file, _MARK + _text(columns, rows, sheet.delimiter))
    return file, sum(_rank(row, names)[0] == 0 for row in rows)


def _merged(sheet: Sheet, seen: Iterable[Mapping[str, str | None]]) -> list[dict[str, str]]:
    rows = [dict(row.cells) for row in sheet.rows]
    by_key: dict[Key, list[dict[str, str]]] = {}
    for row in rows:
        by_key.setdefault((row["code"], row["classification"]), []).append(row)
    for found in seen:
        key = (found["code"] or "", found["classification"] or "")
        if key not in by_key:
            by_key[key] = [dict.fromkeys(COLUMNS, "") | {"code": key[0], "classification": key[1]}]
            rows += by_key[key]
        for row in by_key[key]:
            row |= {"seen": found["seen"] or "", "amount": found["amount"] or ""}
            row["name"] = row["name"] or (found["name"] or "")
    return rows


def _named(row: dict[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """With the target's name of the code, where nobody has written one."""
    meant = row["target_code"] or row["code"]
    return row if row["target_name"] else {**row, "target_name": names.get(folded(meant), "")}


def _rank(row: Mapping[str, str], names: Mapping[str, str]) -> tuple[int, Decimal]:
    """What nothing stands for goes first, the most frequent at the top; then what is filled in."""
    filled = bool(row["target_code"] or row["target_type"])
    if filled or not row["code"] or folded(row["code"]) in names:
        return (2 if filled else 1), Decimal(0)
    return 0, -_number(row["seen"])


def _number(text: str | None) -> Decimal:
    try:
        return Decimal(text or 0)
    except InvalidOperation:
        return Decimal(0)


def _text(columns: Sequence[str], rows: Iterable[Mapping[str, str]], delimiter: str) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(name, row.get(name, "")) for name in columns] for row in rows)
    return buffer.getvalue()


def _cell(column: str, text: str) -> str:
    if column in ("code", "target_code") and _TAKEN_FOR_ANOTHER.fullmatch(text):
        return f'="{text}"'
    return text if column == "amount" and _number(text) else defused(text)
