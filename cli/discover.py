"""``cor discover``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.screen import AsJson, Screen

if TYPE_CHECKING:
    from operations.discover.discover import Discovery
    from operations.discover.folder import Written
    from operations.survey.calls import Calls

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
    """
    from operations.discover.command import discover_accounts
    from operations.discover.folder import write_folder
    from operations.survey.calls import Calls

    screen = Screen(as_json=as_json)
    screen.line(f"Reads only, at most {calls} calls:")
    made = Calls(calls, lambda number, most, sent: screen.line(f"{number}/{most} {sent}", "dim", indent=2))
    configured, discovery = discover_accounts(account, made, folder=write, again=again)
    written = write_folder(write, configured, discovery) if write is not None else None
    _show(screen, discovery)
    _tell(screen, discovery, made, written)
    screen.json(_as_json(discovery, made, written))


def _show(screen: Screen, discovery: Discovery) -> None:
    from operations.discover.tables import tables

    for table in tables(discovery):
        screen.line()
        screen.line(table.title, "bold")
        screen.table(table.columns, table.rows)


def _tell(screen: Screen, discovery: Discovery, made: Calls, written: Written | None) -> None:
    screen.line()
    screen.line(f"{made.made} of {made.most} calls made; {len(discovery.lists)} lists known.")
    for left in discovery.not_read:
        screen.line(f"not read  {left.what}: {left.why}", "yellow")
    if written is None:
        return
    for file in written.files:
        screen.line(f"written   {file}")
    for reason in written.without_route:
        screen.line(f"no route  {reason}")
    screen.line(f"{written.routes} guessed routes added, {written.unmapped} cost codes for which nothing stands yet.")


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
