"""``cor discover``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.calls import told_calls
from cli.errors import Exit
from cli.screen import AsJson, Screen

if TYPE_CHECKING:
    from operations.discover.discover import Discovery, NotRead
    from operations.discover.folder import Written
    from operations.survey.calls import Calls

_MOST_NAMED = 3
"""Lists that were not read for one reason and are named."""

MostCalls = Annotated[int, typer.Option("--calls", min=1, help="The most calls to make, over all accounts.")]


def discover_command(
    account: Annotated[
        str | None, typer.Argument(help="SYSTEM:ACCOUNT, such as procore:acme. Default: all.", show_default=False)
    ] = None,
    *,
    calls: MostCalls = 100,
    write: Annotated[
        Path | None, typer.Option(help="Folder for cor.yaml and cost-codes.csv; what stands there stays.")
    ] = None,
    again: Annotated[bool, typer.Option(help="Read anew what an earlier run has kept in the folder.")] = False,
    as_json: AsJson = False,
) -> None:
    """Lists what the accounts can see, and writes a first configuration of it.

    It only reads, and says each call before it makes it. With --write a second run goes on where the first stopped.
    Exit code 1 where nothing could be read, now or before.
    """
    from operations.discover.command import discover_accounts
    from operations.discover.folder import write_folder

    screen = Screen(as_json=as_json)
    screen.line(f"Reads only, at most {calls} calls:")
    made = told_calls(screen, calls)
    configured, discovery = discover_accounts(account, made, folder=write, again=again)
    written = None if write is None or discovery.is_vain else write_folder(write, configured, discovery)
    _show(screen, discovery)
    _tell(screen, discovery, made, written)
    screen.json(_as_json(discovery, made, written))
    raise typer.Exit(Exit.FAILED if discovery.is_vain else Exit.DONE)


def _show(screen: Screen, discovery: Discovery) -> None:
    from operations.discover.tables import tables

    for table in tables(discovery):
        screen.line()
        screen.line(table.title, "bold")
        screen.table(table.columns, table.rows)


def _tell(screen: Screen, discovery: Discovery, made: Calls, written: Written | None) -> None:
    screen.line()
    screen.line(f"{made.made} of {made.most} calls made; {len(discovery.lists)} lists known.")
    for why, what in _by_reason(discovery.not_read).items():
        more = f" and {len(what) - _MOST_NAMED} more" if len(what) > _MOST_NAMED else ""
        screen.line(f"not read  {'; '.join(what[:_MOST_NAMED])}{more}: {why}", "yellow")
    if discovery.is_vain:
        screen.line("Nothing could be read, and no file was written.", "bold red")
    if written is None:
        return
    for file in written.files:
        screen.line(f"written   {file}")
    for reason in written.without_route:
        screen.line(f"no route  {reason}")
    screen.line(f"{written.routes} guessed routes added, {written.unmapped} cost codes for which nothing stands yet.")


def _by_reason(left: Iterable[NotRead]) -> dict[str, list[str]]:
    """What was not read, by why: a login that is refused stands for all of its account."""
    found: dict[str, list[str]] = {}
    for one in left:
        found.setdefault(one.why, []).append(one.what)
    return found


def _as_json(discovery: Discovery, made: Calls, written: Written | None) -> dict[str, Any]:
    from operations.discover.tables import by_account

    return {
        "calls": {"made": made.made, "most": made.most},
        "accounts": by_account(discovery),
        "not_read": discovery.not_read,
        "written": None if written is None else {**_files(written), "unmapped": written.unmapped},
    }


def _files(written: Written) -> dict[str, Any]:
    return {
        "files": [str(file) for file in written.files],
        "routes": written.routes,
        "without_route": written.without_route,
    }
