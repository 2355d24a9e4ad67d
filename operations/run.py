"""``cor run``: the stages of one process."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version

import structlog

from operations.environment import Environment, codec_of, connection_of
from operations.known_losses import known_losses
from operations.preflight import await_provisioning, await_registry
from operations.recorded_pins import RecordedPins
from operations.stages import LOGS_IN_AT, factory_of
from relay.engine import provision
from relay.engine.configuration.digest import routes_digest
from relay.engine.configuration.live import LiveConfiguration
from relay.engine.control.follower import AboutProcess, ControlFollower
from relay.engine.kafka import Cluster, Connection
from relay.engine.provision import TopicsLost
from relay.engine.settings import Settings, read_settings
from relay.engine.stages.context import StageContext
from relay.engine.stages.process import run_stages
from relay.engine.stages.topic_watch import TopicWatch
from relay.engine.telemetry import events
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.logging import LogFormat, configure_logging
from relay.engine.telemetry.metrics import Metrics
from relay.engine.telemetry.serving import TelemetryServer
from relay.engine.topics import GROUPS, WORKS_ON
from schemas import Codec
from schemas.catalog import RECORDS, published

_log = structlog.get_logger(__name__)


def run(names: Sequence[str], *, once: bool, json_logs: bool) -> tuple[int, bool]:
    """Runs the named stages until they are told to stop; returns the exit code, and whether letters were written.

    Raises ``Fatal`` before anything is consumed where topics are lost or stay missing, or a name has changed its
    meaning, and what Kafka or the registry last met where they stay unreachable.
    """
    settings = read_settings()
    configure_logging(settings.log_level, LogFormat.JSON if json_logs else settings.log_format)
    metrics = Metrics()
    try:
        code = _run(settings, names, metrics, once=once)
    except Exception as error:
        # For who collects JSON; a person reads the sentence that the command ends with.
        if settings.log_format is LogFormat.JSON and not json_logs:
            _log.error(events.PROCESS_REFUSED, error=type(error).__name__, message=str(error))
        raise
    return code, _letters(metrics) > 0


def _run(settings: Settings, names: Sequence[str], metrics: Metrics, *, once: bool) -> int:
    health, stop = Health(), threading.Event()
    # Before Kafka is waited for: where it stays away this is all that an alert can go by.
    for name in GROUPS.keys() & set(names):
        metrics.partitions_owned.labels(name).set(0)
    for name in names:
        metrics.stage_ready.labels(name).set_function(partial(health.is_ready, name))
    systems = {LOGS_IN_AT[name] for name in names if name in LOGS_IN_AT}
    connection, codec = connection_of(settings), codec_of(settings)
    pins = RecordedPins(
        connection, codec, settings.topic_prefix, first=lambda: connection.wait(settings.patience, stop)
    )
    configuration = LiveConfiguration(settings.configuration_file(), metrics, secrets_of=systems, pins=pins)
    with TelemetryServer(health, metrics.registry, port=settings.metrics_port, address=settings.metrics_address):
        connection.wait(settings.patience, stop)
        await_registry(settings, stop)
        _refuse_losses(Environment(settings, connection, codec), names)  # What is lost is not waited for.
        await_provisioning(settings, connection, codec, configuration.current, stop)
        with (
            _watch(settings, connection, codec, metrics) as topics,
            ControlFollower(
                connection,
                codec,
                settings.topic_prefix,
                _about(settings, configuration),
                window=settings.send_window,
                metrics=metrics,
            ) as control,
        ):
            context = StageContext(
                settings=settings,
                configuration=configuration,
                connection=connection,
                codec=codec,
                stop=stop,
                health=health,
                metrics=metrics,
                control=control,
                once=once,
                topics=topics,
            )
            stages = [factory_of(name)(context) for name in names]
            return run_stages(
                stages,
                stop=stop,
                health=health,
                shutdown_budget=settings.shutdown_budget,
                once=once,
                condemned=topics.lost_to,
            )


def _refuse_losses(environment: Environment, names: Sequence[str]) -> None:
    """Raises ``TopicsLost`` where a topic that one of the stages works on is not what it was."""
    with Cluster(environment.connection) as cluster:
        lost = known_losses(environment, cluster)
    concerned = [found for found in lost if any(found.topic in WORKS_ON[name] for name in names)]
    if concerned:
        raise TopicsLost(concerned)


def _watch(settings: Settings, connection: Connection, codec: Codec, metrics: Metrics) -> TopicWatch:
    prefix = settings.topic_prefix
    return TopicWatch(connection, prefix, lambda: provision.recorded_ids(connection, codec, prefix), metrics)


def _about(settings: Settings, configuration: LiveConfiguration) -> AboutProcess:
    """What the stages of this process state of it on the control topic."""
    return AboutProcess(
        instance=settings.instance or f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}",
        release=version("change-order-relay"),
        reads={record: published(record)[-1].version for record in RECORDS},
        routes=lambda: routes_digest(configuration.current),
    )


def _letters(metrics: Metrics) -> float:
    """How many letters this process has written."""
    samples = (sample for family in metrics.letters.collect() for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))
