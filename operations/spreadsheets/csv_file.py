"""A table as CSV: UTF-8 with a byte order mark, stable headers, ISO times in UTC, point decimals, defused texts."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from operations.spreadsheets.columns import SpreadsheetTable, Value
from operations.spreadsheets.texts import defused
from relay.domain.canonical_text import decimal_text


def write_csv(table: SpreadsheetTable, path: Path) -> None:
    """Writes the table, replacing what is there. Raises ``OSError``."""
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in table.columns])
        writer.writerows([_cell(value) for value in row] for row in table.rows)


def _cell(value: Value) -> str:
    """Numbers stay numbers, also negative ones; only texts are defused."""
    match value:
        case None:
            return ""
        case str():
            return defused(value)
        case Decimal():
            return _money(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _money(value: Decimal) -> str:
    text = decimal_text(value)
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.ljust(2, '0')}"
