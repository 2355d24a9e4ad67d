"""Reconciling items and what nobody can explain, as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from operations.reconcile.amounts import BUCKETS, Amounts
from operations.reconcile.causes import title_of
from operations.reconcile.compare import ReconcilingItem, Unexplained
from operations.reconcile.signing import SignOff
from operations.reconcile.statement import ContractStatement, Reconciliation, SideStatement
from operations.spreadsheets.columns import Column, ColumnKind, SpreadsheetTable, Value
from operations.zones import CompanyZone

UNRECONCILED: Final = "Unreconciled"
_SIDES: Final = "owner: prime contracts, client price; cost: commitments and purchase orders, cost. Never add them up"
COLUMNS: Final = (
    Column("Project no.", "project_number", width=24),
    Column("Side", "side", width=8),
    Column("Contract no.", "contract_number"),
    Column("Status bucket", "status_bucket", width=12),
    Column("CO no.", "change_order_number", width=10),
    Column("Title", "title", width=36),
    Column("Cause", "cause", width=26),
    Column("Sentence", "sentence", width=60),
    Column("Source amount", "source_amount", ColumnKind.MONEY, 16),
    Column("Written amount", "written_amount", ColumnKind.MONEY, 16),
    Column("Held amount", "held_amount", ColumnKind.MONEY, 16),
    Column("Difference", "difference", ColumnKind.MONEY, 16),
    Column("Since", "since", ColumnKind.TIME, 20),
    Column("Remote number", "remote_number"),
    Column("Signed off", "signed_off", ColumnKind.TIME, 20),
    Column("Currency", "currency", width=9),
)


def table_of(report: Reconciliation, signed: SignOff | None) -> SpreadsheetTable:
    """A row for each reconciling item and status, each difference without a cause, and what cannot be told."""
    at = signed.at if signed is not None else None
    rows = [row for side in report.sides for contract in side.contracts for row in _rows(report, contract, at)]
    return SpreadsheetTable(
        title="Reconciliation", columns=COLUMNS, rows=rows, summed=("difference",), currency="currency", side="side"
    )


def _rows(report: Reconciliation, contract: ContractStatement, signed: datetime | None) -> Iterator[tuple[Value, ...]]:
    head = (report.names, contract.place.side, contract.stated.number or contract.place.contract or "none")
    if contract.cannot_tell is not None:
        words = (None, None, None, "Cannot tell", contract.cannot_tell, None, None, None, None, None, None)
        yield (*head, *words, signed, contract.currency)
    for item in contract.items:
        for bucket, amount in _by_bucket(item.effect):
            about = _about_item(item)
            yield (*head, bucket, *about[:-2], amount, *about[-2:], signed, contract.currency)
    for one in contract.unexplained:
        for bucket, amount in _by_bucket(one.difference):
            about = _about_unexplained(one)
            yield (*head, bucket, *about[:-2], amount, *about[-2:], signed, contract.currency)


def _by_bucket(amounts: Amounts) -> Iterator[tuple[str, Value]]:
    for bucket in BUCKETS:
        amount = getattr(amounts, bucket.value)
        if amount:
            yield bucket.value, amount


def _about_item(item: ReconcilingItem) -> tuple[Value, ...]:
    cause = title_of(item.cause, item.place.system)
    amounts = (item.source, item.written, item.held)
    return (item.number, item.title, cause, item.sentence, *amounts, item.since, item.remote_number)


def _about_unexplained(one: Unexplained) -> tuple[Value, ...]:
    words = "What is there differs from what is expected, and nothing proves why."
    return (one.number, one.title, UNRECONCILED, words, None, None, None, None, one.remote_number)


def facts_of(report: Reconciliation, zone: CompanyZone) -> list[tuple[str, str]]:
    """What a reader of the file has to know. ``zone``: of its times."""
    facts = [
        ("Project", report.names),
        ("Cut-off", zone.named_moment(report.as_of)),
        ("Remotes", "read for this report" if report.live else "as they had been observed by the cut-off"),
        (
            "Sides",
            _SIDES,
        ),
        ("Reconciled", "yes" if report.is_reconciled else "no"),
    ]
    for read in report.reads:
        told = zone.named_moment(read.at) if read.at else f"not read: {read.why or 'nothing was read by then'}"
        facts.append((f"Last read: {read.system}:{read.account}", told))
    return facts + [fact for side in report.sides for fact in _sums(side)]


def _sums(side: SideStatement) -> Iterator[tuple[str, str]]:
    currency = side.currency or "no currency stated"
    for name, amounts in (("source", side.source), ("expected", side.expected), ("held", side.held)):
        for bucket in BUCKETS:
            known = name != "held" or side.unreconciled is not None
            told = str(getattr(amounts, bucket.value)) if known else "cannot tell"
            yield f"{side.side}, {name}, {bucket.value}, {currency}", told
