"""``cor log``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Csv, Xlsx, chosen
from cli.screen import AsJson, Screen

if TYPE_CHECKING:
    from operations.reports.change_order_log import LogRow, SideTotal

_TITLES = (
    "project",
    "CO no.",
    "title",
    "status",
    "side",
    "destination",
    "number there",
    "source",
    "there",
    "difference",
)
_SUMS = ("side", "status", "change orders", "source", "there", "not known")


def log_command(
    *,
    project: Annotated[
        str | None, typer.Option(help="Only of this project: its number, name or id, at the source or the target.")
    ] = None,
    side: Annotated[str | None, typer.Option(help="Only this side: owner or cost.")] = None,
    status: Annotated[str | None, typer.Option(help="Only with this status in the source: pending, approved …")] = None,
    change_order: Annotated[
        str | None, typer.Option("--change-order", help="Only this change order: its key, or its id alone.")
    ] = None,
    csv: Csv = None,
    xlsx: Xlsx = None,
    as_json: AsJson = False,
) -> None:
    """The change order log: each change order and destination, what the source says and what is there.

    It reads the tables of the stage views. Times are in the time_zone of the accounts, where it is one; else in UTC.
    """
    from operations.audit import now
    from operations.environment import Environment
    from operations.reports.change_order_log import NOTES, LogFilter, read_log, table_of, totals
    from operations.reports.tables import open_tables
    from operations.spreadsheets.files import save
    from operations.spreadsheets.workbook import about_table
    from operations.wording import counted
    from operations.zones import zone_of
    from relay.domain.side import Side

    wanted = None if side is None else chosen(Side, side, "--side")
    condition = LogFilter(project=project, side=wanted, status=status, change_order=change_order)
    screen = Screen(as_json=as_json)
    settings = Environment.read().settings
    zone = zone_of(settings)
    with open_tables(settings) as tables:
        rows = read_log(tables, condition, now().astimezone(zone.zone))
        sums = totals(rows)
        screen.json({"read_at": tables.read_at, "rows": [_object(row) for row in rows], "totals": sums})
        if csv or xlsx:
            told = about_table("Change order log", *condition.asked, *NOTES, read_at=tables.read_at, zone=zone)
            saved = save(table_of(rows), told, csv, xlsx)
            screen.line(f"{counted(len(rows), 'row')} in {saved}.")
        else:
            _show(screen, rows, sums)
        until = zone.named_moment(tables.read_at) if tables.read_at else None
        screen.line(f"Everything until {until}." if until else "Still being built.")


def _object(row: LogRow) -> dict[str, object]:
    from operations.json_values import plain

    shown: dict[str, object] = plain(row)
    for name in ("submitted", "approved_source"):
        shown[name] = str(shown[name]) if shown[name] is not None else None
    return shown | {"difference": plain(row.difference), "bucket": row.bucket}


def _show(screen: Screen, rows: list[LogRow], sums: list[SideTotal]) -> None:
    from operations.wording import amount

    if not rows:
        screen.line("No change order that fits.")
        return
    screen.table(_TITLES, [_cells(row) for row in rows])
    screen.line()
    screen.table(
        _SUMS,
        [
            (
                total.side,
                total.status,
                total.change_orders,
                amount(total.amount_source, total.currency),
                amount(total.amount_there, total.currency),
                total.unknown or "",
            )
            for total in sums
        ],
    )


def _cells(row: LogRow) -> tuple[object, ...]:
    from operations.wording import amount

    shown = (row.amount_source, row.amount_there, row.difference)
    return (
        row.project_number or "",
        row.number or "",
        row.title or "",
        row.status_source,
        row.side,
        row.destination,
        row.record_number or "",
        *("" if value is None else amount(value) for value in shown),
    )
