"""``cor run``: the stages of one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer

from cli.errors import Exit
from cli.screen import AsJson
from cli.stages import ALL, FACTORIES, LOGS_IN_AT, chosen
from operations.environment import codec_of, connection_of
from operations.preflight import await_registry, prove_start
from relay.engine.configuration import LiveConfiguration
from relay.engine.settings import Settings, read_settings
from relay.engine.stages.context import Stage, StageContext
from relay.engine.stages.process import run_stages
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.logging import LogFormat, configure_logging
from relay.engine.telemetry.metrics import Metrics
from relay.engine.telemetry.serving import TelemetryServer

Factory = Callable[[StageContext], Stage]


def run_command(
    stages: Annotated[list[str], typer.Argument(help=f"{', '.join(FACTORIES)}, or {ALL}.", show_default=False)],
    *,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left to do.")] = False,
    as_json: AsJson = False,
) -> None:
    """Runs stages in one process, until they are told to stop. With --json the log lines are JSON."""
    try:
        names = chosen(stages)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="STAGES...") from None
    settings = read_settings()
    configure_logging(settings.log_level, LogFormat.JSON if as_json else settings.log_format)
    raise typer.Exit(run(settings, names, FACTORIES, once=once))


def run(settings: Settings, names: Sequence[str], factories: Mapping[str, Factory], *, once: bool) -> int:
    """Runs the named stages until they are told to stop; returns the exit code.

    Raises ``Fatal`` before anything is consumed where topics are missing or a name has changed its
    meaning, and what Kafka or the registry last met where they stay unreachable.
    """
    metrics, health, stop = Metrics(), Health(), threading.Event()
    systems = {LOGS_IN_AT[name] for name in names if name in LOGS_IN_AT}
    configuration = LiveConfiguration(settings.configuration_file(), metrics, secrets_of=systems)
    connection, codec = connection_of(settings), codec_of(settings)
    with TelemetryServer(health, metrics.registry, port=settings.metrics_port, address=settings.metrics_address):
        connection.wait(settings.patience, stop)
        await_registry(settings, stop)
        prove_start(connection, codec, settings.topic_prefix, configuration.current)
        context = StageContext(
            settings=settings,
            configuration=configuration,
            connection=connection,
            codec=codec,
            stop=stop,
            health=health,
            metrics=metrics,
            once=once,
        )
        stages = [factories[name](context) for name in names]
        code = run_stages(stages, stop=stop, health=health, shutdown_budget=settings.shutdown_budget, once=once)
    return Exit.DEAD_LETTERS if once and code == Exit.DONE and _letters(metrics) else code


def _letters(metrics: Metrics) -> float:
    """How many letters this process has written."""
    samples = (sample for family in metrics.letters.collect() for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))
