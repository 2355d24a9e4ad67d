"""Writes as the tables have them, in the columns of the spreadsheet of writes."""

from __future__ import annotations

from collections.abc import Iterable

from operations.reports.one_change_order import ShownWrite
from operations.spreadsheets.columns import SpreadsheetTable
from operations.spreadsheets.table_of_writes import COLUMNS


def table_of(writes: Iterable[ShownWrite]) -> SpreadsheetTable:
    """A row for each write."""
    return SpreadsheetTable(
        title="Writes",
        columns=COLUMNS,
        rows=[
            (
                write.at,
                write.project_number,
                write.contract_number,
                write.number or write.change_order_key.split(":", 2)[-1],
                write.records,
                f"{write.operations} (found again)" if write.found_again else write.operations,
                write.amount_before,
                write.amount_after,
                write.approved_effect,
                write.pending_effect,
                write.currency,
                write.side,
                write.fields,
                write.person,
                write.plan,
                write.remote_number,
                write.link,
                write.write_id,
            )
            for write in writes
        ],
        summed=("approved_effect", "pending_effect"),
        currency="currency",
        side="side",
    )
