"""``cor schemas check`` and ``cor schemas register``: the contracts of the topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cli.command import Command
from cli.errors import Exit
from cli.screen import AsJson, Screen

if TYPE_CHECKING:
    from operations.schemas import SchemasReport

app = typer.Typer(help="The schemas of the topics.", no_args_is_help=True)


@app.command("check", cls=Command)
def check_command(*, as_json: AsJson = False) -> None:
    """Compatibility with every published version, and with the registry where one is configured."""
    from operations.schemas import check_schemas

    report = check_schemas()
    screen = Screen(as_json=as_json)
    screen.json({"breaks": report.breaks, "unpublished": report.unpublished, "subjects": report.subjects})
    _show(screen, report)
    if not report.is_clean:
        raise typer.Exit(Exit.FAILED)
    screen.line("Every schema reads what each of its published versions wrote.")


@app.command("register", cls=Command)
def register_command(*, as_json: AsJson = False) -> None:
    """Registers every published version for every topic. Running it again changes nothing."""
    from operations.schemas import register_schemas

    rows = register_schemas()
    screen = Screen(as_json=as_json)
    screen.json({"registered": [dict(zip(("subject", "record", "id"), row, strict=True)) for row in rows]})
    screen.table(("subject", "record", "id"), rows)


def _show(screen: Screen, report: SchemasReport) -> None:
    if report.breaks:
        rows = [(broken.record, broken.version, broken.path, broken.why) for broken in report.breaks]
        screen.table(("record", "version", "field", "why it cannot be read"), rows, title="Breaks:")
    for record in report.unpublished:
        screen.line(f"{record}: its schema is not published: copy it to schemas/versions/{record}/ as the next number")
    if report.registry is not None:
        columns = ("subject", "id", "compatibility", "problem")
        subjects = [(state.subject, state.id or "", state.compatibility, state.problem) for state in report.subjects]
        screen.table(columns, subjects, title=f"Registry at {report.registry}:")
