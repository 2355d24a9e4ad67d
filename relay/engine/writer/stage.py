"""The worker around the owners: it reads the lanes, follows the assignment, and keeps every owner at work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import structlog

from relay.domain.commands import Command, Lane
from relay.domain.failures import Unavailable
from relay.domain.identity import tenant_partition
from relay.engine.kafka import Cluster, CommitFailed, Generation, GroupReader, KafkaUnreachable, Partition, Polled
from relay.engine.stages.context import StageContext
from relay.engine.telemetry import events
from relay.engine.topics import LETTERS, Family
from relay.engine.writer.adapter import TargetAdapter
from relay.engine.writer.metrics import WriterMetrics
from relay.engine.writer.partition import PartitionWriter
from relay.engine.writer.state.store import PartitionTopics
from relay.engine.writer.state.timing import Timing

_log = structlog.get_logger(__name__)

_THREADS = 16
_INBOX_CAP = 50_000  # Change orders that wait; beyond it a partition is paused until there is room.
_BUSY_POLL = 0.02  # Seconds; while answers are expected, they are looked for this often.
_IDLE_POLL = 0.5
_NEWS_OF_THE_GROUP = 1.5  # A heartbeat and a half: by then a member knows that the group has changed.
_BREATH = 1.0
_LOOK_EVERY = 2.0  # Seconds between two countings of what waits.

PATIENCE = 120.0
"""Seconds for which Kafka or the schema registry may be unreachable before the process gives up."""


class WriterStage:
    """Carries one target system's commands. ``run`` belongs to one thread.

    ``closing`` is called at the end: it ends the carrier's connections.
    """

    def __init__(
        self,
        name: str,
        context: StageContext,
        family: Family,
        carrier: TargetAdapter[Any],
        command_type: type[Command],
        accounts: Callable[[], frozenset[str]],
        closing: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._context = context
        self._family = family
        self._carrier = carrier
        self._command_type = command_type
        self._accounts = accounts
        self._closing = closing
        self._owners: dict[int, PartitionWriter[Any]] = {}
        self._uncertain: dict[int, tuple[PartitionWriter[Any], CommitFailed]] = {}
        self._well_at = time.monotonic()
        self._counting = WriterMetrics(context.metrics, name)
        self._looked_at = 0.0
        self._news = threading.Event()
        prefix = context.prefix
        self._lanes = {family.commands.name(prefix): Lane.LIVE, family.backfill.name(prefix): Lane.BACKFILL}
        settings = context.settings
        self._timing = Timing(send_window=settings.send_window, quarantine=settings.quarantine)

    def run(self) -> None:
        """Until the context says stop. Raises ``Fatal``, or what stayed unreachable too long."""
        try:
            while not self._context.stop.is_set():
                try:
                    self._session()
                except (KafkaUnreachable, Unavailable) as error:
                    self._wait_after(error)
        finally:
            self._closing()

    def _session(self) -> None:
        """From joining the group to leaving it."""
        context = self._context
        with Cluster(context.connection) as self._cluster:
            self._partitions = self._cluster.partitions(self._family.commands.name(context.prefix))
            self._letter_partitions = self._cluster.partitions(LETTERS.name(context.prefix))
            reader = GroupReader(
                context.connection,
                group=self.group,
                topics=list(self._lanes),
                instance=context.instance,
                session_timeout_s=context.settings.session_timeout,
            )
            pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix=self.name)
            try:
                while not context.stop.is_set():
                    self._turn(reader, pool)
                self._wind_up()
            finally:
                self._leave(reader, pool)

    def _leave(self, reader: GroupReader, pool: ThreadPoolExecutor) -> None:
        self._context.health.ready(self.name, ready=False)
        for owner in self._owners.values():
            owner.close()
        self._owners.clear()
        self._uncertain.clear()
        pool.shutdown(wait=False, cancel_futures=True)
        reader.close(leave=False)

    def _wait_after(self, error: Exception) -> None:
        """Kafka or the registry does not answer: it is waited for, but not for ever."""
        away = time.monotonic() - self._well_at
        if away > PATIENCE:
            raise error
        _log.warning(events.STAGE_RESTARTED, stage=self.name, message=str(error), pause=_BREATH)
        self._context.health.beat(self.name)
        self._context.stop.wait(_BREATH)

    @property
    def group(self) -> str:
        """The consumer group."""
        return f"{self._context.prefix}{self.name}"

    # -- one turn of the loop

    def _turn(self, reader: GroupReader, pool: ThreadPoolExecutor) -> None:
        health = self._context.health
        health.beat(self.name)
        self._well_at = time.monotonic()
        wait = min((self._work(number, owner) for number, owner in self._owners.items()), default=_IDLE_POLL)
        polled = reader.poll(_NEWS_OF_THE_GROUP) if self._uncertain else self._poll(reader, wait)
        # After the poll: what wrote these commands may have taken over a changed file before.
        self._context.configuration.refresh()
        self._follow(reader, polled, pool)
        begun_again = self._begin_again(reader)
        self._receive(reader, polled, begun_again)
        self._hold_back(reader)
        self._look()
        joined = polled.generation.number >= 0
        if joined:
            health.ready(self.name, ready=True)
            self._context.metrics.partitions_owned.labels(self.name).set(len(self._owners))
        quiet = joined and not any(polled.records.values()) and self._is_idle()
        health.idle(self.name, quiet and (not self._context.once or reader.has_read_everything()))

    def _poll(self, reader: GroupReader, wait: float) -> Polled:
        """While answers are expected, the first of them ends the wait; commands are looked for every time."""
        if wait > _BUSY_POLL:
            return reader.poll(wait)
        self._news.wait(wait)
        self._news.clear()
        return reader.poll(0)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            self._counting.look([owner.state for owner in self._owners.values()], datetime.now(UTC))

    def _work(self, number: int, owner: PartitionWriter[Any]) -> float:
        if number in self._uncertain:
            return _IDLE_POLL
        try:
            due = owner.run_once()
        except CommitFailed as error:
            self._uncertain[number] = (owner, error)
            return _IDLE_POLL
        if owner.calls_under_way:
            return _BUSY_POLL
        if owner.state.scheduler.has_work() and due is None:
            return _BUSY_POLL
        return _IDLE_POLL if due is None else min(due, _IDLE_POLL)

    def _follow(self, reader: GroupReader, polled: Polled, pool: ThreadPoolExecutor) -> None:
        """The owners follow the assignment and the configuration."""
        accounts = self._by_partition()
        owned = {
            number
            for number in range(self._partitions)
            if all(Partition(topic, number) in polled.assigned for topic in self._lanes)
        }
        taken = {partition.number for partition in polled.lost}
        for number in [one for one in self._owners if one in taken or one not in owned]:
            self._owners.pop(number).close()
            _log.info(events.PARTITION_LOST, stage=self.name, partition=number)
        for number in sorted(owned & set(accounts) - set(self._owners)):
            self._owners[number] = self._owner(number, accounts[number], polled.generation, pool)
            _log.info(events.PARTITION_OWNED, stage=self.name, partition=number)
        for number, owner in self._owners.items():
            owner.on_assignment(polled.generation, accounts.get(number, frozenset()))
        idle = {Partition(topic, number) for topic in self._lanes for number in owned - set(self._owners)}
        reader.pause(idle)

    def _by_partition(self) -> dict[int, frozenset[str]]:
        found: dict[int, set[str]] = {}
        for account in self._accounts():
            number = tenant_partition(self._family.system, account, self._partitions)
            found.setdefault(number, set()).add(account)
        return {number: frozenset(accounts) for number, accounts in found.items()}

    def _owner(
        self, number: int, accounts: frozenset[str], generation: Generation, pool: ThreadPoolExecutor
    ) -> PartitionWriter[Any]:
        context = self._context
        return PartitionWriter(
            connection=context.connection,
            transactional_id=f"{context.prefix}{self.name}-{number}",
            group=self.group,
            generation=generation,
            stage=self.name,
            adapter=self._carrier,
            command_type=self._command_type,
            codec=context.codec,
            topics=PartitionTopics(
                family=self._family,
                prefix=context.prefix,
                number=number,
                letter_partitions=self._letter_partitions,
            ),
            accounts=accounts,
            pool=pool,
            on_completed=self._news.set,
            timing=self._timing,
            metrics=self._counting,
            transaction_timeout=context.settings.transaction_timeout,
        )

    def _begin_again(self, reader: GroupReader) -> set[int]:
        """Owners whose commit was uncertain fence and restore, and read on from where the group really stands.

        Only after the group has been heard: where the partition has gone to another, fencing would hit its new owner.
        """
        uncertain, self._uncertain = self._uncertain, {}
        begun = {number for number, (owner, _) in uncertain.items() if self._owners.get(number) is owner}
        for number in begun:
            owner, error = uncertain[number]
            owner.recover(error)
            committed = self._cluster.committed(self.group)
            for partition in (Partition(topic, number) for topic in self._lanes):
                if partition in committed:
                    owner.state.offsets[partition] = committed[partition]
                    reader.seek(partition, committed[partition])
        return begun

    def _receive(self, reader: GroupReader, polled: Polled, begun_again: set[int]) -> None:
        for partition, records in polled.records.items():
            owner = self._owners.get(partition.number)
            if owner is None:
                reader.seek(partition, records[0].offset)
            elif partition.number not in begun_again and partition.number not in self._uncertain:
                try:
                    owner.receive(self._lanes[partition.topic], records)
                except CommitFailed as error:
                    self._uncertain[partition.number] = (owner, error)

    def _hold_back(self, reader: GroupReader) -> None:
        for number, owner in self._owners.items():
            lanes = {Partition(topic, number) for topic in self._lanes}
            if len(owner.state.scheduler) > _INBOX_CAP:
                reader.pause(lanes)
            else:
                reader.resume(lanes)

    def _is_idle(self) -> bool:
        return all(owner.is_idle for owner in self._owners.values())

    def _wind_up(self) -> None:
        """Nothing new goes out; calls in hand get their time, and what they answer is recorded."""
        until = time.monotonic() + self._context.settings.http_deadline
        while time.monotonic() < until and any(o.calls_under_way for o in self._owners.values()):
            for owner in self._owners.values():
                owner.collect()
            time.sleep(_BUSY_POLL)
        for owner in self._owners.values():
            owner.collect()
