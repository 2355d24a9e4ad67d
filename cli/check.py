"""``cor check``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import typer

from cli.errors import Exit
from cli.screen import AsJson, Screen
from operations.check.kafka import check_all
from operations.check.remotes import credentials
from operations.check.result import CheckResult, prove
from operations.environment import Environment
from relay.engine.configuration import Configuration, load_configuration
from relay.engine.configuration.problems import ConfigurationError


def check_command(*, as_json: AsJson = False) -> None:
    """Proves that a set-up is well; changes nothing.

    Settings, Kafka, topics, schemas, names, routes, and each credential with harmless calls.
    """
    screen = Screen(as_json=as_json)
    findings = []
    for finding in _findings():
        findings.append(finding)
        _tell(screen, finding)
    wrong = [result.check for result in findings if not result.ok]
    screen.json({"ok": not wrong, "checks": findings})
    screen.line()
    screen.line(f"Not well: {', '.join(wrong)}." if wrong else "All is well.", "bold red" if wrong else "bold green")
    raise typer.Exit(_code(findings))


def _findings() -> Iterator[CheckResult]:
    try:
        environment = Environment.read()
    except ConfigurationError as error:
        yield CheckResult(check="settings", ok=False, said=str(error), usage=True)
        return
    settings = environment.settings
    prefix = f", topic prefix {settings.topic_prefix}" if settings.topic_prefix else ""
    yield CheckResult(check="settings", ok=True, said=f"installation {settings.installation}{prefix}")
    configuration: list[Configuration] = []
    yield prove("configuration", lambda: _read(environment, configuration))
    yield from check_all(environment, configuration[0] if configuration else None)
    if configuration:
        yield from credentials(configuration[0], settings)


def _read(environment: Environment, into: list[Configuration]) -> str:
    into.append(load_configuration(environment.settings.configuration_file()))  # with the files of its secrets
    return f"{environment.settings.config}: {len(into[0].accounts())} accounts"


def _code(findings: Sequence[CheckResult]) -> Exit:
    if any(result.usage for result in findings):
        return Exit.WRONG_USAGE
    return Exit.DONE if all(one.ok for one in findings) else Exit.FAILED


def _tell(screen: Screen, finding: CheckResult) -> None:
    mark, style = ("ok    ", "green") if finding.ok else ("WRONG ", "bold red")
    screen.line(f"{mark} {finding.check}", style)
    for line in finding.said.splitlines():
        screen.line(line, indent=7)
    for exchange in finding.exchanges:
        screen.line(f"> {exchange.sent}", "dim", indent=7)
        screen.line(f"< {exchange.answer}", "dim", indent=7)
