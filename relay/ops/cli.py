"""The command ``cor``. Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 done with dead letters."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from relay.domain.failures import CallFailure, Fatal
from relay.engine.configuration.problems import ConfigurationError, SettingsError
from relay.engine.kafka import KafkaFailure
from relay.engine.settings import read_settings
from relay.engine.telemetry.logging import configure_logging
from relay.ops import running, topics
from relay.ops.stages import FACTORIES, chosen

app = typer.Typer(
    help="Change Order Relay: carries change orders from ConstructionOnline into Procore and CINX.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
topics_app = typer.Typer(help="The topics on the cluster.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")


@app.command("run")
def run_command(
    stages: Annotated[list[str], typer.Argument(help=f"{', '.join(FACTORIES)}, or all")],
    *,
    once: Annotated[bool, typer.Option(help="Until nothing is left to do.")] = False,
) -> None:
    """Runs stages in one process."""
    settings = read_settings()
    configure_logging(settings.log_level, settings.log_format)
    try:
        names = chosen(stages)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    raise typer.Exit(running.run(settings, names, FACTORIES, once=once))


@topics_app.command("apply")
def apply_command(
    *,
    partitions: Annotated[int | None, typer.Option(help="For topics that are made now.")] = None,
    reset_lost_offsets: Annotated[bool, typer.Option(help="Go on where retention has passed an offset.")] = False,
) -> None:
    """Creates the topics and the groups' first offsets; reports drift."""
    report, names = topics.apply(read_settings(), partitions, reset_lost_offsets=reset_lost_offsets)
    typer.echo(str(report))
    for name in names:
        typer.echo(f"recorded {name}")


@topics_app.command("diff")
def diff_command(partitions: Annotated[int | None, typer.Option()] = None) -> None:
    """What `apply` would change; changes nothing."""
    report = topics.diff(read_settings(), partitions)
    typer.echo(str(report))
    raise typer.Exit(0 if report.clean else 1)


def main() -> None:
    """The entry point."""
    try:
        code = app(standalone_mode=False)
    except typer.Exit as exit_:
        code = exit_.exit_code
    except (SettingsError, ConfigurationError) as error:
        code = _say(error, 2)
    except (Fatal, KafkaFailure, CallFailure) as error:
        code = _say(error, 1)
    sys.exit(code or 0)


def _say(error: BaseException, code: int) -> int:
    print(f"cor: {error}", file=sys.stderr)  # noqa: T201 - what a person at the terminal reads
    return code
