"""The table of a plan: a row is a change order at one destination."""

from __future__ import annotations

from importlib.metadata import version

from operations.plan.plan import Plan
from operations.plan.rows import PlanRow
from operations.plan.sums import counts
from operations.spreadsheets.columns import Column, ColumnKind, SpreadsheetTable, Value
from operations.spreadsheets.workbook import About
from operations.zones import CompanyZone

COLUMNS = (
    Column("Action", "action", width=12),
    Column("Side", "side", width=8),
    Column("Project no.", "project_number"),
    Column("Contract no.", "contract_number"),
    Column("CO no.", "change_order_number", width=10),
    Column("Title", "title", width=32),
    Column("Status now", "status_now", width=12),
    Column("Status then", "status_then", width=12),
    Column("Amount now", "amount_now", ColumnKind.MONEY, 16),
    Column("Amount then", "amount_then", ColumnKind.MONEY, 16),
    Column("Change", "change", ColumnKind.MONEY, 16),
    Column("Currency", "currency", width=9),
    Column("Reason refused", "reason", width=28),
    Column("Sentence", "sentence", width=60),
    Column("Fields", "fields", width=40),
    Column("Target", "target", width=16),
    Column("Source id", "source_id", width=28),
)


def table_of(plan: Plan) -> SpreadsheetTable:
    """A row for each row of the plan."""
    return SpreadsheetTable(
        title="Plan",
        columns=COLUMNS,
        rows=[cells_of(row) for row in plan.rows],
        summed=("change",),
        currency="currency",
        side="side",
    )


def cells_of(row: PlanRow) -> tuple[Value, ...]:
    """A row of the plan in these columns."""
    project, _, contract = (row.destination or "").rpartition("/")
    return (
        row.action.value,
        row.side.value if row.side else None,
        project or row.project,
        contract or None,
        row.number,
        row.title,
        row.status_now,
        row.status_then,
        row.amount_now,
        row.amount_then,
        row.change,
        row.currency,
        row.reason,
        row.planned_sentence,
        "; ".join(_field(change.name, change.before, change.after, known=change.known) for change in row.changes),
        row.target,
        row.change_order_key,
    )


def _field(name: str, before: str | None, after: str | None, *, known: bool) -> str:
    return f"{name}: {(before or 'nothing') if known else 'not read'} → {after or 'nothing'}"


def about(plan: Plan, zone: CompanyZone) -> About:
    """What a reader of the file has to know."""
    found = ", ".join(f"{count} {action.value}" for action, count in counts(plan.rows).items())
    return About(
        facts=[
            ("Table", "Plan: what would be carried if these routes were live; nothing was written"),
            ("Release", version("change-order-relay")),
            ("Plan", plan.plan_id),
            ("Read at", zone.named_moment(plan.at)),
            ("Configuration", f"{plan.file.name} ({plan.digest[:12]})"),
            ("Routes", ", ".join(plan.routes)),
            ("Rows", found),
            ("Calls used", str(plan.calls)),
            ("Change", "of what the remote holds of ours; the two sides are never added up"),
        ],
        zone=zone,
    )
