"""``cor writes``."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Csv, Xlsx
from cli.screen import AsJson, Screen

if TYPE_CHECKING:
    from operations.environment import Environment
    from operations.writes import FoundWrites, WriteFilter, Writes
    from operations.zones import CompanyZone
    from relay.domain.writes.remote_writes import RemoteWrite

_ROWS = 2_000
_TITLES = ("change order", "where", "record", "operation", "approved", "pending", "")


def writes_command(
    *,
    change_order: Annotated[
        str | None, typer.Option("--change-order", help="Only of this change order: its key, or its id alone.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only at this account: acme, or procore:acme.")] = None,
    destination: Annotated[
        str | None,
        typer.Option(help="Only at this destination: a project, project/contract, or a purchase order's number."),
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Written at or after this time (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Written before this time.")] = None,
    operation: Annotated[
        str | None, typer.Option(help="Only where a record was so: created, updated, deleted, status or adopted.")
    ] = None,
    person: Annotated[str | None, typer.Option(help="Only what this person's decisions led to.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what is written from now on.")] = False,
    csv: Csv = None,
    xlsx: Xlsx = None,
    as_json: AsJson = False,
) -> None:
    """What was written at Procore and CINX, the earliest first: which records, who decided, and the money.

    Times are in the time_zone of the accounts that were written to, where it is one; else in UTC.
    """
    from operations.environment import Environment
    from operations.times import parsed_time
    from operations.wording import counted
    from operations.writes import WriteFilter, Writes
    from operations.zones import zone_of

    condition = WriteFilter(
        change_order=change_order,
        account=account,
        destination=destination,
        operation=_operation(operation),
        person=person,
        since_ms=parsed_time(since, "--since"),
        until_ms=parsed_time(until, "--until"),
    )
    _require_one_way(follow=follow, files=(csv, xlsx))
    environment, screen = Environment.read(), Screen(as_json=as_json)
    writes = Writes(environment, condition)
    if follow:
        _follow(screen, writes, zone_of(environment.settings))
        return
    with screen.busy("reading writes") as told:
        found = writes.read(told)
    screen.json_list(found)
    if csv is not None or xlsx is not None:
        screen.line(f"{counted(len(found), 'write')} in {_saved(environment, condition, found, csv, xlsx)}.")
    elif not as_json:
        _show(screen, found, zone_of(environment.settings, found.accounts))
    if writes.unreadable:
        screen.line(f"{writes.unreadable} records on the topic are no writes that this release can read.", "red")


def _operation(text: str | None) -> str | None:
    from operations.errors import WrongUsage
    from relay.domain.writes.remote_writes import WriteOperation

    if text is not None and text not in set(WriteOperation):
        raise WrongUsage(f"--operation {text!r} is none of {', '.join(WriteOperation)}")
    return text


def _require_one_way(*, follow: bool, files: tuple[Path | None, ...]) -> None:
    from operations.errors import WrongUsage

    if follow and any(files):
        raise WrongUsage("--follow has no end, and a file needs one: leave out --follow, or --csv and --xlsx")


def _follow(screen: Screen, writes: Writes, zone: CompanyZone) -> None:
    try:
        for write in writes.follow():
            screen.json_line(write)
            cells = (zone.named_moment(write.at), *_cells(write))
            screen.line("  ".join(filter(None, map(str, cells))))
    except KeyboardInterrupt:
        return


def _show(screen: Screen, found: FoundWrites, zone: CompanyZone) -> None:
    """A table of so many rows that it may be kept, then another one."""
    if not found:
        screen.line("Nothing was written that fits.")
        return
    writes = iter(found)
    while some := list(islice(writes, _ROWS)):
        screen.table((f"time ({zone.name})", *_TITLES), [(zone.moment(one.at), *_cells(one)) for one in some])
    words = f"; of {found.unknown} the amount is not known" if found.unknown else ""
    screen.line(f"{len(found)} writes{words}.")


def _cells(write: RemoteWrite) -> tuple[object, ...]:
    from operations.wording import amount
    from operations.writes import operation_in_words, records_in_words

    effects = (write.approved_effect, write.pending_effect)
    return (
        write.change_order_key,
        f"{write.system}:{write.account} {write.destination}",
        records_in_words(write),
        operation_in_words(write),
        *("" if effect is None else amount(effect, write.currency) for effect in effects),
        write.person or "",
    )


def _saved(
    environment: Environment,
    condition: WriteFilter,
    found: FoundWrites,
    csv: Path | None,
    xlsx: Path | None,
) -> str:
    from operations.spreadsheets.files import save
    from operations.spreadsheets.table_of_writes import about, known_numbers, table_of
    from operations.zones import zone_of

    told = about(condition, found, zone_of(environment.settings, found.accounts))
    return save(table_of(found, known_numbers(environment, found.change_orders)), told, csv, xlsx)
