"""Mapped change orders per second on one core, beside a bare loop that does the same work.

The bare loop reads, decodes, maps, encodes and writes in transactions of 500, with the same
client, codec and mapping and nothing else: what the stage costs on top is the difference.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks.events import PROJECT, observed
from benchmarks.ground import Ground, awaited
from relay.domain.events import ChangeOrderObserved, EventReference
from relay.domain.identity import tenant_partition
from relay.domain.mapping import in_milliseconds, map_event
from relay.engine.configuration.live import LiveConfiguration
from relay.engine.kafka import GroupReader, Outgoing, Partition, PlainWriter, Transactions
from relay.engine.record_codec import record_codec
from relay.engine.settings import read_settings
from relay.engine.stages.context import StageContext
from relay.engine.stages.process import run_stages
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import OBSERVED, PROCORE
from workers.mapper import mapper

CONFIGURATION = f"""
accounts:
  constructiononline:
    acme: {{email: relay@acme.example, password_file: password, api_key_file: api-key}}
  procore:
    acme: {{company_id: 4200, client_id_file: client-id, client_secret_file: client-secret}}
routes:
  - from: {{system: constructiononline, account: acme, project: {PROJECT}}}
    mode: live
    history: true
    targets:
      - {{name: main, system: procore, account: acme, project_id: 315, contract_id: 44021, contract: work_order,
         tiers: 2}}
"""

BATCH = 500


def measure(fresh: Callable[[], Ground], count: int, items: int) -> dict[str, Any]:
    """Both loops over the same number of events; CPU seconds are those of the process that maps."""
    bare = _timed(fresh, count, items, run_bare)
    ours = _timed(fresh, count, items, run_stage)
    return {
        "items": items,
        "change_orders": count,
        "per_second": round(count / ours[0]),
        "per_cpu_second": round(count / ours[1]),
        "bare_per_second": round(count / bare[0]),
        "share_of_bare": round(bare[0] / ours[0], 3),
        "share_of_bare_cpu": round(bare[1] / ours[1], 3),
    }


def _timed(
    fresh: Callable[[], Ground], count: int, items: int, loop: Callable[[Ground, int], None]
) -> tuple[float, float]:
    here = fresh()
    here.configure(CONFIGURATION)
    load(here, count, items)
    began, cpu = time.perf_counter(), time.process_time()
    loop(here, count)
    return time.perf_counter() - began, time.process_time() - cpu


def load(here: Ground, count: int, items: int) -> None:
    codec, topic = record_codec(), OBSERVED.name(here.prefix)
    with PlainWriter(here.connection) as writer:
        for at, event in enumerate(observed(count, items)):
            writer.send(Outgoing(topic, event.key.encode(), codec.encode(event, topic)))
            if at % BATCH == 0:
                writer.flush()
        writer.flush()


def run_stage(here: Ground, count: int) -> None:
    environment = here.environment()
    settings = read_settings({name: value for name, value in environment.items() if name.startswith("COR_")})
    stop, health, metrics = threading.Event(), Health(), Metrics()
    context = StageContext(
        settings=settings,
        configuration=LiveConfiguration(settings.configuration_file(), metrics),
        connection=here.connection,
        codec=record_codec(),
        stop=stop,
        health=health,
        metrics=metrics,
    )
    watcher = threading.Thread(target=_stop_after, args=(metrics, count, stop))
    watcher.start()
    if run_stages([mapper(context)], stop=stop, health=health, shutdown_budget=30) != 0:
        raise RuntimeError("the mapper failed")
    watcher.join()


def _stop_after(metrics: Metrics, count: int, stop: threading.Event) -> None:
    """Ends the stage as soon as all is mapped: what it takes to find nothing more is not measured."""
    published = metrics.commands_published.labels("procore", "apply", "live")
    awaited(lambda: published._value.get() >= count or stop.is_set(), f"{count} commands")  # noqa: SLF001 - no other way to read it
    stop.set()


def run_bare(here: Ground, count: int) -> None:
    codec, topic = record_codec(), PROCORE.commands.name(here.prefix)
    routing = LiveConfiguration(here.folder / "cor.yaml").current.routing
    number = tenant_partition("procore", "acme", here.partitions)
    group = f"{here.prefix}mapper"
    reader = GroupReader(here.connection, group=group, topics=[OBSERVED.name(here.prefix)], instance=None)
    transactions = Transactions(here.connection, f"{here.prefix}bare", timeout_s=60, watchdog_s=120)
    transactions.fence()
    done = 0
    while done < count:
        polled = reader.poll(1.0)
        records = [record for batch in polled.records.values() for record in batch]
        if not records:
            continue
        now = in_milliseconds(datetime.now(UTC))
        with transactions.transaction() as transaction:
            for record in records:
                event = codec.decode(record.value or b"", ChangeOrderObserved)
                at = EventReference(
                    topic=record.topic, partition=record.partition, offset=record.offset, event_id=event.event_id
                )
                for command in map_event(event, routing, now, reference=at).commands:
                    transaction.send(Outgoing(topic, command.origin_id.encode(), codec.encode(command, topic), number))
            offsets = {Partition(r.topic, r.partition): r.offset + 1 for r in records}
            transaction.offsets(offsets, group, polled.generation)
        done += len(records)
    transactions.close()
    reader.close()
