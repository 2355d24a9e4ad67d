"""``cor letters list``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.letters.options import ChangeOrder, Project, Reason, StageName
from cli.options import Csv, Xlsx, chosen
from cli.screen import AsJson, Screen
from operations.json_values import plain
from operations.wording import amount, counted, duration, moment

if TYPE_CHECKING:
    from operations.letters.open_letters import OpenLetter
    from operations.reports.open_items import ItemsTotal, OpenItem


def list_command(
    *,
    reason: Reason = None,
    stage: StageName = None,
    change_order: ChangeOrder = None,
    project: Project = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only those that failed first at or after this time (ISO 8601).")
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="BY", help="Count them by reason, project or change-order, with amounts.")
    ] = None,
    sort: Annotated[
        str, typer.Option(metavar="ORDER", help="What comes first: oldest, newest, amount, reason or project.")
    ] = "oldest",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, or with --group so many groups.")] = None,
    csv: Csv = None,
    xlsx: Xlsx = None,
    as_json: AsJson = False,
) -> None:
    """The open letters, the oldest first: number, title and amount are those of what waits."""
    from operations.environment import Environment
    from operations.letters.filter import Filter
    from operations.letters.follow_up import read_follow_ups
    from operations.letters.open_letters import OpenLetters
    from operations.reports.open_items import ItemGroup, ItemOrder, grouped, in_order, item_of
    from operations.times import parsed_time

    order, by = chosen(ItemOrder, sort, "--sort"), chosen(ItemGroup, group, "--group") if group else None
    since_ms = parsed_time(since, "--since")
    condition = Filter(reason=reason, stage=stage, change_order=change_order, project=project)
    environment = Environment.read()
    open_letters, followed = OpenLetters(environment), read_follow_ups(environment)
    fitting = {
        letter.id: letter
        for letter in open_letters.open()
        if condition.fits(letter) and (since_ms is None or letter.letter.first_at.timestamp() * 1000 >= since_ms)
    }
    every = in_order((item_of(letter, followed.get(letter.id)) for letter in fitting.values()), order)
    items, groups = every[:limit], grouped(every, by)[:limit] if by else []
    screen = Screen(as_json=as_json)
    _tell_unreadable(screen, open_letters.unreadable)
    screen.json(groups if by else [as_object(fitting[item.letter_id]) | followed_up(item) for item in items])
    if csv or xlsx:
        screen.line(f"{_of(items, every, 'open letter')} in {_saved(items, csv, xlsx)}.")
        return
    if by:
        _show_groups(screen, groups)
        return
    if not items:
        screen.line("No open letters." if condition.is_empty else "No open letter fits.")
        return
    for item in items:
        _show(screen, fitting[item.letter_id], item, datetime.now(UTC))
    screen.line(f"{_of(items, every)} open: {_reasons(every)}. See one with `cor letters show ID`.")


def _tell_unreadable(screen: Screen, count: int) -> None:
    """Of machines, which read a list or a file, on standard error."""
    words = f"{count} records on the topic are no letters that this release can read."
    if count and screen.as_json:
        print(f"cor: {words}", file=sys.stderr)  # noqa: T201 - what a person at the terminal reads
    elif count:
        screen.line(words, "red")


def _of(items: Sequence[OpenItem], every: Sequence[OpenItem], noun: str = "") -> str:
    """``5 of 200``, or ``200``; with a noun ``5 of 200 open letters``."""
    whole = counted(len(every), noun) if noun else f"{len(every)}"
    return f"{len(items)} of {whole}" if len(items) < len(every) else whole


def _show(screen: Screen, open_letter: OpenLetter, item: OpenItem, at: datetime) -> None:
    letter = open_letter.letter
    tries = "1 try" if letter.attempts == 1 else f"{letter.attempts} tries"
    asks = "waits for a person's decision" if open_letter.asks else None
    waits = open_letter.waits
    project = open_letter.project and f"project {open_letter.project}"
    number = waits.number and f"no. {waits.number}"
    money = None if waits.amount is None else amount(waits.amount, waits.currency)
    about = (letter.change_order_key, number, waits.title, money, project, letter.stage, asks)
    age = duration((at - letter.first_at).total_seconds())
    screen.line(f"{open_letter.id}  {letter.reason}", "bold")
    screen.line(", ".join([*filter(None, about), f"{age} old", tries]), indent=2)
    screen.line(letter.sentence, indent=2)
    for line in _followed(item, at):
        screen.line(line, indent=2)
    screen.line()


def _followed(item: OpenItem, at: datetime) -> Iterator[str]:
    """What people did about it."""
    if item.assigned:
        yield f"assigned to {item.assigned}"
    if item.note:
        yield f"note: {item.note}"
    if item.snoozed_until and item.rests(at):
        yield f"snoozed until {moment(item.snoozed_until)} UTC, or until it fails once more"


def _reasons(items: Sequence[OpenItem]) -> str:
    reasons = Counter(item.reason for item in items)
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())


def followed_up(item: OpenItem) -> dict[str, object]:
    """What people did about it, for machines."""
    fields = {"assigned": item.assigned, "note": item.note, "snoozed_until": item.snoozed_until}
    return {name: plain(value) for name, value in fields.items()}


def as_object(letter: OpenLetter) -> dict[str, object]:
    """A letter for machines, without the bytes that it holds."""
    fields: dict[str, object] = plain(letter.letter)
    for name in ("record_value", "record_key", "headers"):
        del fields[name]
    waits: dict[str, object] = plain(letter.waits)
    return fields | waits


def _show_groups(screen: Screen, totals: Sequence[ItemsTotal]) -> None:
    if not totals:
        screen.line("No open letter fits.")
        return
    rows = [
        (
            total.name,
            total.side or "",
            total.items,
            amount(total.amount, total.currency),
            total.unknown or "",
            duration((datetime.now(UTC) - total.oldest).total_seconds()),
        )
        for total in totals
    ]
    screen.table(("", "side", "open", "amount", "not known", "oldest"), rows)


def _saved(items: Sequence[OpenItem], csv: Path | None, xlsx: Path | None) -> str:
    from operations.environment import Environment
    from operations.reports.open_items import table_of
    from operations.spreadsheets.files import save
    from operations.spreadsheets.workbook import about_table
    from operations.zones import zone_of

    told = about_table("Open items", zone=zone_of(Environment.read().settings))
    return save(table_of(items), told, csv, xlsx)
