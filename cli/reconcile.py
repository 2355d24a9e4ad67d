"""``cor reconcile``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli.calls import told_calls
from cli.errors import Exit
from cli.options import Csv, Who, Xlsx, chosen
from cli.screen import AsJson, Screen

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from operations.environment import Environment
    from operations.reconcile.amounts import Amounts
    from operations.reconcile.signing import SignOff
    from operations.reconcile.statement import ContractStatement, NotCounted, Reconciliation, SideStatement

_WIDTH = 44
_COLUMN = 16
_MOST_NAMED = 12
_BASIS = {"owner": "OWNER SIDE, client price", "cost": "COST SIDE, cost"}


def reconcile_command(
    project: Annotated[
        str,
        typer.Argument(
            help="The project: its number, name or id, at the source or the target, or system:account/project:id."
        ),
    ],
    *,
    side: Annotated[str | None, typer.Option(help="Only this side: owner or cost.")] = None,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="As it had been observed by the end of this month.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME", help="As it had been observed by this time (ISO 8601).")
    ] = None,
    calls: Annotated[int, typer.Option("--calls", min=1, help="The most calls to make, over all accounts.")] = 500,
    csv: Csv = None,
    xlsx: Xlsx = None,
    sign_off: Annotated[
        bool, typer.Option("--sign-off", help="Keep totals and a hash of the report under your name.")
    ] = False,
    why: Annotated[str, typer.Option(help="Why it is signed; it is kept in the audit topic.")] = "",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Whether source and remotes agree, approved and pending apart: each difference with its cause.

    It reads the source and the remotes, within the part of their rate budgets that is the commands'; with --as-of
    or --month it tells what had been observed by then. Exit code 3 where a difference has no cause, or something
    was not read: that is never 0.00.
    """
    from operations.environment import Environment
    from operations.errors import WrongUsage
    from operations.operator import stated
    from operations.reconcile.as_json import as_object
    from operations.reconcile.signing import sign_off as keep
    from operations.zones import zone_of
    from relay.domain.side import Side

    wanted = None if side is None else chosen(Side, side, "--side")
    if sign_off and side is not None:
        raise WrongUsage("--sign-off is of both sides: leave out --side")
    reason = stated(why) if sign_off else ""
    screen, environment = Screen(as_json=as_json), Environment.read()
    zone = zone_of(environment.settings).name
    report, signed = _reconciled(screen, environment, project, _moment(month, as_of, zone), calls)
    report = _of_side(report, wanted)
    _show(screen, report, signed, zone)
    _save(screen, report, signed, zone, csv, xlsx, who)
    digest = keep(environment, report, who, reason) if sign_off else None
    if digest is not None:
        screen.line(f"Signed off: {digest[:16]}.", "bold")
    # The last of all: where files cannot be written or it cannot be signed, the failure is the one document.
    screen.json({**as_object(report, signed), "signed": None if digest is None else {"digest": digest}})
    raise typer.Exit(Exit.DONE if report.is_reconciled else Exit.DEAD_LETTERS)


def _moment(month: str | None, as_of: str | None, zone: str) -> datetime | None:
    from operations.errors import WrongUsage
    from operations.reconcile.cut_off import cut_off, month_span

    if month is not None and as_of is not None:
        raise WrongUsage("--month and --as-of both name a cut-off: give one of them")
    if month is not None:
        return month_span(month, zone).ends
    return None if as_of is None else cut_off(as_of, zone)


def _reconciled(
    screen: Screen, environment: Environment, project: str, at: datetime | None, calls: int
) -> tuple[Reconciliation, SignOff | None]:
    from operations.audit import now
    from operations.reconcile.command import reconcile_live, reconcile_recorded
    from operations.reconcile.signing import last_sign_off
    from operations.reports.tables import open_tables

    made = told_calls(screen, calls)
    report = reconcile_live(environment, project, made) if at is None else None
    with open_tables(environment.settings) as tables:
        if report is None:
            # Of a time that is still to come, what is known is what there is.
            known = at if at is not None and at < now() else tables.read_at or now()
            report = reconcile_recorded(tables, environment.configuration.routing, project, known)
        return report, last_sign_off(tables, report.subject, report.as_of)


def _of_side(report: Reconciliation, side: str | None) -> Reconciliation:
    from dataclasses import replace

    if side is None:
        return report
    return replace(report, sides=tuple(one for one in report.sides if one.side == side))


# -- as people read it


def _show(screen: Screen, report: Reconciliation, signed: SignOff | None, zone: str) -> None:
    from operations.reconcile.cut_off import in_zone
    from operations.wording import system_name

    screen.line()
    told = [f"{system_name(one.system)} {one.account} {in_zone(one.at, zone)}" for one in report.reads if one.at]
    how = "read just now" if report.live else "last reads before cut-off"
    screen.line(f"{report.names} · as of {in_zone(report.as_of, zone)} · {how}: {', '.join(told) or 'none'}", "bold")
    for one in report.reads:
        if one.at is None:
            screen.line(f"NOT READ: {system_name(one.system)} {one.account}: {one.why or 'nothing by then'}", "red")
    _show_changes(screen, report, signed, zone)
    for side in report.sides:
        _show_side(screen, side, zone)
    if not report.sides:
        screen.line("Nothing is on this side.")
    last = (
        "no" if signed is None else f"by {signed.who}, {in_zone(signed.at, zone)}, as of {in_zone(signed.as_of, zone)}"
    )
    screen.line(f"Signed off: {last}.")
    if signed is not None and signed.not_of(report.subject):
        screen.line(f"That sign-off was of fewer projects: not of {', '.join(signed.not_of(report.subject))}.")


def _show_changes(screen: Screen, report: Reconciliation, signed: SignOff | None, zone: str) -> None:
    from operations.reconcile.cut_off import in_zone
    from operations.reconcile.signing import changes_since
    from operations.wording import amount

    if signed is None:
        return
    changes = changes_since(signed, report)
    screen.line(f"Since the sign-off of {in_zone(signed.as_of, zone)}: {len(changes)} changes")
    for one in changes[:_MOST_NAMED]:
        amounts = f"{amount(one.before)} → {amount(one.after, one.currency)}"
        screen.line(f"{one.side} {one.contract or 'no contract'}: {one.name}: {one.what} {amounts}", indent=1)
    if len(changes) > _MOST_NAMED:
        screen.line(f"and {len(changes) - _MOST_NAMED} more", indent=1)


def _show_side(screen: Screen, side: SideStatement, zone: str) -> None:
    from operations.wording import amount

    screen.line()
    currency = side.currency or "no currency stated"
    screen.line(_row(f"{_BASIS[side.side]}, {currency}", "Approved", "Pending"), "bold")
    for contract in side.contracts:
        _show_contract(screen, contract, zone)
    _amounts(screen, f"All of the {side.side}'s source", side.source)
    _amounts(screen, "Expected there", side.expected)
    if side.unreconciled is None:
        screen.line(_row("Unreconciled", "cannot tell", "cannot tell"), "red")
    else:
        _amounts(screen, "Held there", side.held)
        gross = side.gross_unreconciled
        _amounts(screen, "Unreconciled", side.unreconciled, "red" if gross else "bold")
        told = f"{len(side.items)} items, gross {amount(side.gross_items.approved)} approved"
        told += f", {amount(side.gross_items.pending)} pending"
        if gross:
            told += f"; unreconciled gross {amount(gross.approved)} approved, {amount(gross.pending)} pending"
        screen.line(told, indent=1)
    if side.not_counted:
        counted = (f"{one.change_orders} {one.status} {_known(one)}" for one in side.not_counted)
        screen.line(f"Not in these totals: {'; '.join(counted)}.")


def _known(one: NotCounted) -> str:
    from operations.wording import amount

    if one.amount is None:
        return "of unknown amount"
    return f"{amount(one.amount)}{f' and {one.unknown} of unknown amount' if one.unknown else ''}"


def _show_contract(screen: Screen, contract: ContractStatement, zone: str) -> None:
    from operations.reconcile.causes import title_of
    from operations.reconcile.statement import by_cause
    from operations.wording import system_name

    if not contract.compared and not contract.cannot_tell:
        return
    stated, system = contract.stated, system_name(contract.place.system)
    name = " ".join(filter(None, (system, stated.number or contract.place.contract, stated.title, stated.vendor)))
    screen.line(name if contract.place.is_contract else "No destination", "underline")
    _amounts(screen, "Source", contract.source)
    for cause, of_system, items in by_cause(contract.items):
        total = items[0].effect
        for item in items[1:]:
            total += item.effect
        _amounts(screen, f" {title_of(cause, of_system)}: {_named(items)}", total)
        for item in items[:_MOST_NAMED]:
            screen.line(f"{item.number or item.remote_number or item.key or ''}: {item.sentence}", "dim", indent=3)
    if not contract.place.is_contract:
        return
    _amounts(screen, f"Expected in {system}", contract.expected)
    if contract.cannot_tell is not None:
        screen.line(_row(f"{system} holds", "cannot tell", "cannot tell"), "red")
        screen.line(f"{contract.cannot_tell}", "red", indent=1)
        return
    _amounts(screen, f"{system} holds", contract.held)
    for one in contract.unexplained:
        what = f" Unreconciled: {one.number or one.remote_number or one.key or '?'}"
        _amounts(screen, what, one.difference, "red")
    _show_tie(screen, contract, zone)


def _named(items: Sequence[object]) -> str:
    names = [getattr(item, "number", None) or getattr(item, "remote_number", None) or "?" for item in items]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(map(str, names[:_MOST_NAMED]))}{more}"


def _show_tie(screen: Screen, contract: ContractStatement, zone: str) -> None:
    from operations.reconcile.cut_off import in_zone
    from operations.wording import amount, system_name

    stated, system = contract.stated, system_name(contract.place.system)
    loose = contract.in_no_package.approved
    if loose and contract.place.system == "procore":
        screen.line(f"Approved and in no package (PCCO, CCO): {amount(loose)}", indent=1)
    if stated.revised is None or stated.original is None:
        return
    made = stated.original + contract.held.approved
    words = f"original {amount(stated.original)} + approved {amount(contract.held.approved)} = revised {amount(made)}"
    read = f" ({in_zone(stated.read_at, zone)})" if stated.read_at else ""
    tied = "" if contract.tie == 0 else f", which is {amount(contract.tie)} off"
    screen.line(f"{words}; {system} says {amount(stated.revised)}{read}{tied}", "red" if contract.tie else "", indent=1)


def _amounts(screen: Screen, name: str, amounts: Amounts, style: str = "") -> None:
    screen.line(_row(name, _money(amounts.approved), _money(amounts.pending)), style)


def _row(name: str, approved: str, pending: str) -> str:
    return f"{name:<{_WIDTH}}{approved:>{_COLUMN}}{pending:>{_COLUMN}}"


def _money(value: Decimal) -> str:
    """As accountants write it: ``(2,100.00)`` for less than nothing."""
    from operations.wording import amount

    return f"({amount(-value)})" if value < 0 else f"{amount(value)} "


def _save(
    screen: Screen,
    report: Reconciliation,
    signed: SignOff | None,
    zone: str,
    csv: Csv,
    xlsx: Xlsx,
    who: str | None = None,
) -> None:
    if csv is None and xlsx is None:
        return
    from operations.reconcile.table import facts_of, table_of
    from operations.spreadsheets.files import save
    from operations.spreadsheets.workbook import about_table
    from operations.wording import counted
    from operations.zones import CompanyZone

    table = table_of(report, signed)
    about = about_table("Reconciliation", *facts_of(report, CompanyZone(zone)), zone=CompanyZone(zone))
    saved = save(table, about, csv, xlsx, who=who)
    screen.line(f"{counted(len(table.rows), 'row')} in {saved}.")
