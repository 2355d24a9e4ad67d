"""``cor check``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from cli.calls import told_calls
from cli.discover import MostCalls
from cli.errors import Exit
from cli.screen import AsJson, Screen

if TYPE_CHECKING:
    from operations.check.result import CheckResult


def check_command(*, calls: MostCalls = 200, as_json: AsJson = False) -> None:
    """Proves that a set-up is well; changes nothing.

    Settings, Kafka, topics, schemas, names, routes, each credential with harmless calls, and each target of the routes:
    project, contract or purchase order, and the codes that would be sent. What cannot be told is said.
    """
    from operations.check.checks import check_all

    screen = Screen(as_json=as_json)
    made = told_calls(screen, calls)
    results = []
    for result in check_all(made):
        results.append(result)
        _show(screen, result)
    wrong = [result.check for result in results if not result.ok]
    screen.json({"ok": not wrong, "checks": results})
    screen.line()
    screen.line(f"Not well: {', '.join(wrong)}." if wrong else "All is well.", "bold red" if wrong else "bold green")
    raise typer.Exit(_code(results))


def _code(results: Sequence[CheckResult]) -> Exit:
    if any(result.usage for result in results):
        return Exit.WRONG_USAGE
    return Exit.DONE if all(result.ok for result in results) else Exit.FAILED


def _show(screen: Screen, result: CheckResult) -> None:
    mark, style = ("ok    ", "green") if result.ok else ("WRONG ", "bold red")
    screen.line(f"{mark} {result.check}", style)
    screen.lines(result.said, indent=7)
    for exchange in result.exchanges:
        screen.line(f"> {exchange.sent}", "dim", indent=7)
        screen.line(f"< {exchange.answer}", "dim", indent=7)
