"""``cor run``: the stages of one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from relay.engine.configuration import LiveConfiguration
from relay.engine.running import run_stages
from relay.engine.settings import Settings
from relay.engine.stage import Stage, StageContext
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics
from relay.engine.telemetry.serving import TelemetryServer
from relay.ops.assembly import codec_of, connection_of

KAFKA_PATIENCE = 120.0
"""Seconds for which Kafka may be unreachable at start."""

Factory = Callable[[StageContext], Stage]


def run(settings: Settings, names: Sequence[str], factories: dict[str, Factory], *, once: bool) -> int:
    """Runs the named stages until they are told to stop; returns the exit code."""
    metrics, health, stop = Metrics(), Health(), threading.Event()
    configuration = LiveConfiguration(settings.configuration_file(), metrics)
    connection = connection_of(settings)
    with TelemetryServer(health, metrics.registry, port=settings.metrics_port, address=settings.metrics_address):
        connection.wait(KAFKA_PATIENCE, stop)
        context = StageContext(
            settings=settings,
            configuration=configuration,
            connection=connection,
            codec=codec_of(settings),
            stop=stop,
            health=health,
            metrics=metrics,
            once=once,
        )
        stages = [factories[name](context) for name in names]
        return run_stages(stages, stop=stop, health=health, shutdown_budget=settings.shutdown_budget, once=once)
