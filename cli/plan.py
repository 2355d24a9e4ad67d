"""``cor plan``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.calls import told_calls
from cli.errors import Exit
from cli.options import Csv, Xlsx
from cli.screen import AsJson, Screen
from relay.domain.printable import printable

if TYPE_CHECKING:
    from operations.environment import Environment
    from operations.plan.plan import Plan, Wish
    from operations.plan.rows import PlanRow

_MARKS = {
    "new": "new",
    "changed": "chg",
    "unchanged": "same",
    "refused": "REF",
    "on_hold": "hold",
    "under_way": "way",
    "not_read": "n/r",
    "not_carried": "-",
}
_SHOWN = frozenset({"new", "changed", "refused", "on_hold", "under_way", "not_read"})
_NAMES = {
    "new": "new",
    "changed": "changed",
    "unchanged": "unchanged",
    "refused": "refused",
    "on_hold": "on hold",
    "under_way": "under way",
    "not_read": "not read",
    "not_carried": "not carried",
}
_MOST_CHANGES = 8
_LONGEST_TITLE = 32

Records = Annotated[
    int, typer.Option("--read", min=0, metavar="NUMBER", help="How many records may be read one by one, beside lists.")
]
MostCalls = Annotated[int, typer.Option("--calls", min=1, help="The most calls to make, over all accounts.")]


def plan_command(
    routes: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ROUTE]...", help="Only of these routes. Default: all.", show_default=False),
    ] = None,
    *,
    config: Annotated[
        Path | None, typer.Option(help="Another file than COR_CONFIG, such as one that is not in force yet.")
    ] = None,
    route: Annotated[list[str] | None, typer.Option(help="The same, by an option; repeatable.")] = None,
    project: Annotated[str | None, typer.Option(help="Only of this project of the source.")] = None,
    change_order: Annotated[
        list[str] | None,
        typer.Option("--change-order", help="Only this change order: its key, or its id alone; repeatable."),
    ] = None,
    read: Records = 25,
    calls: MostCalls = 200,
    everything: Annotated[bool, typer.Option("--all", help="Show what stays as it is, too.")] = False,
    csv: Csv = None,
    xlsx: Xlsx = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit code 4 where there is something to carry.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What would be carried if the routes were live, and what would be refused and why. It writes nothing at a remote.

    Each change order is planned as the writers themselves plan it, up to the first call that would write. It only
    reads, in the share of commands, and says each call before it makes it. The plan is kept in the audit, for go-live;
    exit code 1 where it could only be shown. Exit code 3 where something would be refused.
    """
    from operations.environment import Environment
    from operations.plan.plan import Wish, make_plan

    screen = Screen(as_json=as_json)
    environment = Environment.read().with_configuration(config)
    named = tuple(dict.fromkeys((*(routes or ()), *(route or ()))))
    wish = Wish(routes=named, project=project, change_orders=tuple(change_order or ()), records=read)
    made = told_calls(screen, calls)
    plan = make_plan(environment, wish, made)
    show_plan(screen, environment, plan, everything=everything)
    _save(screen, environment, plan, csv, xlsx)
    is_kept = _keep(environment, plan, wish)
    screen.json({**as_object(environment, plan), "kept": is_kept})
    raise typer.Exit(_code(plan, detailed=detailed_exitcode) if is_kept else Exit.FAILED)


def _keep(environment: Environment, plan: Plan, wish: Wish) -> bool:
    """Whether it stands in the audit. Where it does not, standard error says so: what was shown stays true."""
    from operations.plan.recorded import record_plan
    from relay.engine.kafka import KafkaFailure

    try:
        record_plan(environment, plan, wish)
    except KafkaFailure as error:
        words = f"the plan is shown but not kept, so that `cor go-live --plan` will not know it: {error}"
        print(f"cor: {printable(words)}", file=sys.stderr)  # noqa: T201 - what a person at the terminal reads
        return False
    return True


def _code(plan: Plan, *, detailed: bool) -> Exit:
    from operations.plan.rows import CARRIED, Action

    actions = {row.action for row in plan.rows}
    if Action.REFUSED in actions or plan.renamed:
        return Exit.DEAD_LETTERS
    return Exit.SOMETHING_TO_CARRY if detailed and actions & CARRIED else Exit.DONE


def as_object(environment: Any, plan: Plan) -> dict[str, Any]:
    """A plan for machines."""
    from operations.forecast.duration import seconds_of
    from operations.json_values import plain
    from operations.plan.sums import counts, sums

    calls = plan.forecast.calls()
    return {
        "plan_id": plan.plan_id,
        "at": plan.at,
        "configuration": str(plan.file),
        "routes_digest": plan.digest,
        "routes": plan.routes,
        "counts": {action.value: count for action, count in counts(plan.rows).items()},
        "sums": sums(plan.rows),
        "calls_made": plan.calls,
        "forecast": {
            "calls": calls,
            "seconds": {
                tenant: round(seconds)
                for tenant, seconds in seconds_of(calls, environment.configuration.accounts()).items()
            },
        },
        "read_up_to": plan.read_up_to,
        "renamed": plan.renamed,
        "rows": [{**plain(row), "change": row.change} for row in plan.rows],
    }


def show_plan(screen: Screen, environment: Any, plan: Plan, *, everything: bool) -> None:
    """A plan for people: rows with what changes, refusals last, then sums, counts and what it takes."""
    from operations.zones import zone_of

    zone = zone_of(environment.settings)
    screen.line()
    where = f"{plan.file.name}, routes {plan.digest[:4]}"
    screen.line(
        f"Plan {plan.plan_id[:8]} · {_of_routes(plan)} · {where} · read {zone.named_moment(plan.at)} · "
        f"{plan.calls} calls used · wrote nothing",
        "bold",
    )
    for question in plan.renamed:
        screen.line(f"{question[:1].upper()}{question[1:]}.", "yellow")
    rows = [row for row in plan.rows if everything or row.action in _SHOWN]
    widths = [max(map(len, column), default=0) for column in zip(*map(_cells, rows), strict=True)]
    for row in rows:
        _show_row(screen, row, widths)
    _show_sums(screen, plan)
    _show_cost(screen, environment, plan)
    screen.line(f"Kafka was read up to (topic[partition] offset): {', '.join(_read_up_to(plan))}.", "dim")


def _read_up_to(plan: Plan) -> Iterator[str]:
    """``observed[0] 12``: topics without what is the same in all of them."""
    for place, offset in plan.read_up_to.items():
        yield f"{place.partition('change-orders.')[2].replace('.v1[', '[')} {offset}"


def _of_routes(plan: Plan) -> str:
    return f"route{'s' if len(plan.routes) > 1 else ''} {', '.join(plan.routes)}"


def _show_row(screen: Screen, row: PlanRow, widths: Sequence[int]) -> None:
    aligned = "  ".join(cell.ljust(width) for cell, width in zip(_cells(row), widths, strict=True))
    screen.line(aligned.rstrip(), "bold" if row.action == "refused" else "")
    known = [change for change in row.changes if change.known]
    for change in known[:_MOST_CHANGES]:
        screen.line(f"{change.name} {change.before or 'nothing'} → {change.after or 'nothing'}", indent=6)
    if len(known) > _MOST_CHANGES:
        screen.line(f"and {len(known) - _MOST_CHANGES} more fields", indent=6)
    unread = [change.name for change in row.changes if not change.known]
    if unread:
        screen.line(f"sent as well, and not read what stands there: {', '.join(unread)}", indent=6)
    if row.planned_sentence is not None:
        screen.line(f"{row.planned_sentence}{f' ({row.reason})' if row.reason else ''}", indent=6)


def _cells(row: PlanRow) -> tuple[str, ...]:
    from operations.wording import amount

    status = _arrow(row.status_now, row.status_then) if row.action in ("new", "changed") else row.status_then or ""
    change = "" if row.change is None else f"{'+' if row.change >= 0 else ''}{amount(row.change, row.currency)}"
    title = row.title if len(row.title) <= _LONGEST_TITLE else f"{row.title[: _LONGEST_TITLE - 1]}…"
    number = row.number or row.change_order_key.rpartition(":")[2]
    return _MARKS[row.action], number, title, _place(row), status, _amounts(row), change


def _place(row: PlanRow) -> str:
    from operations.wording import system_name

    if row.target is None:
        return f"route {row.route}"
    return f"{system_name(row.system)} {row.destination} ({row.target})"


def _arrow(before: str | None, after: str | None) -> str:
    return str(after) if before == after else f"{before or ''} → {after}".strip()


def _amounts(row: PlanRow) -> str:
    from operations.wording import amount

    then = amount(row.amount_then, row.currency) if row.amount_then is not None else "amount not known"
    if row.action == "refused":
        return f"{then} not carried"
    if row.action != "changed" or row.amount_now == row.amount_then:
        return then
    return f"{'not read' if row.amount_now is None else amount(row.amount_now)} → {then}"


def _show_sums(screen: Screen, plan: Plan) -> None:
    from operations.plan.sums import sums
    from operations.wording import amount

    screen.line()
    for found in sums(plan.rows):
        named = (("approved", found.approved), ("pending", found.pending), ("refused", found.refused))
        said = [
            f"{name} {'+' if value > 0 and name != 'refused' else ''}{amount(value)}" for name, value in named if value
        ]
        if found.unknown:
            said.append(f"of {found.unknown} the amount is not known")
        currency = f", {found.currency}" if found.currency else ""
        side = "Owner side, client price" if found.side == "owner" else "Cost side, cost"
        screen.line(f"{side}{currency}: {', '.join(said) or 'no change'}")


def _show_cost(screen: Screen, environment: Any, plan: Plan) -> None:
    from operations.forecast.duration import seconds_of
    from operations.plan.sums import counts
    from operations.wording import lasting

    found = counts(plan.rows)
    said = ", ".join(f"{count} {_NAMES[action]}" for action, count in found.items()) or "nothing to look at"
    calls = plan.forecast.calls()
    seconds = seconds_of(calls, environment.configuration.accounts())
    cost = "; ".join(
        f"{tenant} about {count} calls, {lasting(seconds.get(tenant, 0.0), plan.at)}" for tenant, count in calls.items()
    )
    screen.line(f"{said}. {cost or 'No call would be made'}.", "bold")
    if any(action in found for action in ("new", "changed")) and not plan.renamed:
        for route in plan.routes:
            screen.line(f"Carry it: cor go-live {route} --plan {plan.plan_id[:8]}    one only: --only ID")


def _save(screen: Screen, environment: Any, plan: Plan, csv: Path | None, xlsx: Path | None) -> None:
    if csv is None and xlsx is None:
        return
    from operations.spreadsheets.files import save
    from operations.spreadsheets.table_of_plan import about, table_of
    from operations.wording import counted
    from operations.zones import zone_of

    table = table_of(plan)
    saved = save(table, about(plan, zone_of(environment.settings)), csv, xlsx)
    screen.line(f"{counted(len(table.rows), 'row')} in {saved}.")
