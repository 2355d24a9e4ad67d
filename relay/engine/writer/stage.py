"""A writer as a stage: reads the lanes, follows the assignment, and keeps every partition's writer at work."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import structlog

from relay.domain.commands import Command, Lane
from relay.domain.identity import tenant_partition
from relay.domain.routes import DestinationName, Routing
from relay.engine.control.membership import Membership
from relay.engine.control.watch import ControlWatch
from relay.engine.kafka import Cluster, CommitFailed, Generation, GroupReader, Partition, Polled
from relay.engine.letters import LetterTopic, letter_topic
from relay.engine.sizes import TargetSizes, TopicLimits, target_sizes
from relay.engine.stages.context import StageContext
from relay.engine.stages.session_loop import SessionLoop, Turn
from relay.engine.telemetry import events
from relay.engine.topics import Family
from relay.engine.writer.adapter import TargetAdapter
from relay.engine.writer.metrics import WriterMetrics
from relay.engine.writer.partition import PartitionWriter
from relay.engine.writer.state.store import PartitionTopics
from relay.engine.writer.state.timing import Timing

_log = structlog.get_logger(__name__)

_THREADS = 16
"""Calls under way at the same time; the rate of each account bounds them before this number does."""

_INBOX_CAP = 50_000
"""Change orders that wait; beyond it a partition is paused until there is room."""

_BUSY_POLL = 0.02
"""Seconds; while answers are expected, they are looked for this often."""

_IDLE_POLL = 0.5
"""Seconds that a poll waits for commands; a delay or a hold that ends is noticed as soon."""

_REBALANCE_NOTICE = 1.5
"""Seconds, a heartbeat and a half: by then a member knows that the group has changed."""

_COUNT_EVERY = 2.0
"""Seconds between two countings of what waits."""


WriterMaker = Callable[[int, frozenset[str], Generation], PartitionWriter[Any]]
"""From a partition's number, its accounts and the group's generation to what owns it: fenced and restored."""


class WriterStage:
    """Carries one target system's commands. ``run`` belongs to one thread.

    ``closing`` is called at the end: it ends the adapter's connections.
    """

    def __init__(
        self,
        name: str,
        context: StageContext,
        family: Family,
        adapter: TargetAdapter[Any],
        command_type: type[Command],
        accounts: Callable[[], frozenset[str]],
        closing: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._context = context
        self._family = family
        self._adapter = adapter
        self._command_type = command_type
        self._accounts = accounts
        self._closing = closing
        self._metrics = WriterMetrics(context.metrics, name)
        self._named: tuple[Routing, frozenset[DestinationName]] | None = None
        settings = context.settings
        self._timing = Timing(send_window=settings.send_window, quarantine=settings.quarantine)
        self._loop = SessionLoop(context, name=name, topics=[topic.name(context.prefix) for topic in family.lanes])

    def run(self) -> None:
        """Works until the context says stop. Raises ``Fatal``, or what stayed unreachable for ``COR_PATIENCE``."""
        try:
            self._loop.run(self._open_session)
        finally:
            self._closing()

    def _open_session(self, reader: GroupReader, resources: ExitStack) -> WriterSession:
        context = self._context
        cluster = resources.enter_context(Cluster(context.connection))
        partitions = cluster.partitions(self._family.commands.name(context.prefix))
        letters = letter_topic(cluster, context.prefix)
        sizes = target_sizes(cluster, context.prefix, self._family)
        limits = TopicLimits.on_cluster(cluster, context.prefix, self._family.written)
        pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix=self.name)
        resources.callback(pool.shutdown, wait=False, cancel_futures=True)
        answered = threading.Event()
        session = WriterSession(
            context,
            name=self.name,
            family=self._family,
            reader=reader,
            cluster=cluster,
            member=self._loop.member,
            accounts=lambda: self._accounts_by_partition(partitions),
            routed=self._routed,
            writer_of=lambda number, accounts, generation: self._writer(
                number,
                accounts,
                generation,
                letters=letters,
                sizes=sizes,
                limits=limits,
                pool=pool,
                on_completed=answered.set,
            ),
            answered=answered,
            metrics=self._metrics,
        )
        resources.callback(session.close)
        return session

    def _routed(self) -> frozenset[DestinationName]:
        """What the routes in force name in this system; asked in every turn, and made anew with the routes."""
        routing = self._context.configuration.current.routing
        if self._named is None or self._named[0] is not routing:
            self._named = (routing, routing.destinations(self._family.system))
        return self._named[1]

    def _accounts_by_partition(self, partitions: int) -> dict[int, frozenset[str]]:
        """The configured accounts of every partition, also of those that have none."""
        placed: dict[int, set[str]] = {number: set() for number in range(partitions)}
        for account in self._accounts():
            placed[tenant_partition(self._family.system, account, partitions)].add(account)
        return {number: frozenset(accounts) for number, accounts in placed.items()}

    def _writer(
        self,
        number: int,
        accounts: frozenset[str],
        generation: Generation,
        *,
        letters: LetterTopic,
        sizes: TargetSizes,
        limits: TopicLimits,
        pool: ThreadPoolExecutor,
        on_completed: Callable[[], None],
    ) -> PartitionWriter[Any]:
        context = self._context
        return PartitionWriter(
            connection=context.connection,
            transactional_id=f"{context.prefix}{self.name}-{number}",
            group=self._loop.group,
            generation=generation,
            stage=self.name,
            adapter=self._adapter,
            command_type=self._command_type,
            codec=context.codec,
            topics=PartitionTopics(
                family=self._family,
                prefix=context.prefix,
                number=number,
                letter_topic=letters,
                largest_command=sizes.limit,
                limits=limits,
            ),
            accounts=accounts,
            routed=self._routed(),
            pool=pool,
            on_completed=on_completed,
            timing=self._timing,
            metrics=self._metrics,
            transaction_timeout=context.settings.transaction_timeout,
            instance=context.instance or f"{platform.node()}/{os.getpid()}",
            prove_topics=lambda: context.prove_topics(self.name),
        )


class WriterSession:
    """One membership of a :class:`WriterStage` in its group. Belongs to the stage's thread.

    ``accounts`` gives those of every partition as they are configured now, ``routed`` the destinations that routes
    name; ``answered`` is set from any thread when a call is answered.
    """

    def __init__(
        self,
        context: StageContext,
        *,
        name: str,
        family: Family,
        reader: GroupReader,
        cluster: Cluster,
        member: Membership,
        accounts: Callable[[], Mapping[int, frozenset[str]]],
        routed: Callable[[], frozenset[DestinationName]],
        writer_of: WriterMaker,
        answered: threading.Event,
        metrics: WriterMetrics,
    ) -> None:
        self._context = context
        self._name = name
        self._reader = reader
        self._cluster = cluster
        self._control = ControlWatch(member, name, context.settings.send_window)
        self._accounts = accounts
        self._routed = routed
        self._writer_of = writer_of
        self._answered = answered
        self._metrics = metrics
        prefix = context.prefix
        self._lanes = {family.commands.name(prefix): Lane.LIVE, family.backfill.name(prefix): Lane.BACKFILL}
        self._writers: dict[int, PartitionWriter[Any]] = {}
        self._uncertain: dict[int, tuple[PartitionWriter[Any], CommitFailed]] = {}
        self._counted_at = 0.0

    def turn(self) -> Turn:
        """Works on every partition, polls, follows the assignment, and receives what came."""
        self._control.look()
        wait = min((self._work(number, writer) for number, writer in self._writers.items()), default=_IDLE_POLL)
        polled = self._reader.poll(_REBALANCE_NOTICE) if self._uncertain else self._poll(wait)
        # After the poll: what wrote these commands may have taken over a changed file before.
        self._context.configuration.refresh()
        self._follow(polled)
        recovered = self._recover()
        self._receive(polled, recovered)
        self._limit_inboxes()
        self._count()
        quiet = not any(polled.records.values()) and all(writer.is_idle for writer in self._writers.values())
        owns = frozenset(str(tenant) for writer in self._writers.values() for tenant in writer.state.tenants())
        return Turn(polled=polled, partitions=len(self._writers), quiet=quiet, owns=owns)

    def finish(self) -> None:
        """Starts nothing new; calls in hand get their time, and what they answer is recorded."""
        until = time.monotonic() + self._context.settings.http_deadline
        while time.monotonic() < until and any(writer.calls_under_way for writer in self._writers.values()):
            for writer in self._writers.values():
                writer.collect()
            time.sleep(_BUSY_POLL)
        for writer in self._writers.values():
            writer.collect()

    def close(self) -> None:
        """Gives every partition up."""
        for writer in self._writers.values():
            writer.close()

    def _poll(self, wait: float) -> Polled:
        """While answers are expected, the first of them ends the wait; commands are looked for every time."""
        if wait > _BUSY_POLL:
            return self._reader.poll(wait)
        self._answered.wait(wait)
        self._answered.clear()
        return self._reader.poll(0)

    def _count(self) -> None:
        now = time.monotonic()
        if now - self._counted_at >= _COUNT_EVERY:
            self._counted_at = now
            self._metrics.look([writer.state for writer in self._writers.values()], datetime.now(UTC))

    def _work(self, number: int, writer: PartitionWriter[Any]) -> float:
        """Takes one partition's work a step further; returns the seconds after which there is more to do."""
        if number in self._uncertain:
            return _IDLE_POLL
        try:
            due = writer.run_once(self._control.view)
        except CommitFailed as error:
            self._uncertain[number] = (writer, error)
            return _IDLE_POLL
        if writer.calls_under_way:
            return _BUSY_POLL
        if writer.state.scheduler.has_work() and due is None:
            return _BUSY_POLL
        return _IDLE_POLL if due is None else min(due, _IDLE_POLL)

    def _follow(self, polled: Polled) -> None:
        """Opens and closes partition writers as the assignment and the configuration say."""
        accounts = self._accounts()
        owned = {
            number for number in accounts if all(Partition(topic, number) in polled.assigned for topic in self._lanes)
        }
        lost = {partition.number for partition in polled.lost}
        for number in [number for number in self._writers if number in lost or number not in owned]:
            self._writers.pop(number).close()
            _log.info(events.PARTITION_LOST, stage=self._name, partition=number)
        for number in sorted(owned - self._writers.keys()):
            if accounts[number]:
                self._writers[number] = self._writer_of(number, accounts[number], polled.generation)
                _log.info(events.PARTITION_OWNED, stage=self._name, partition=number)
        routed = self._routed()
        for number, writer in self._writers.items():
            writer.on_assignment(polled.generation, accounts[number], routed)
        unused = owned - self._writers.keys()
        self._reader.pause({Partition(topic, number) for topic in self._lanes for number in unused})

    def _recover(self) -> set[int]:
        """Lets writers whose commit is uncertain fence, restore, and read on from where the group stands.

        Returns their partitions. This comes after the group was heard: where a partition has gone to another member,
        fencing would hit its new owner.
        """
        uncertain, self._uncertain = self._uncertain, {}
        recovered = {number for number, (writer, _) in uncertain.items() if self._writers.get(number) is writer}
        for number in recovered:
            writer, error = uncertain[number]
            writer.recover(error)
            committed = self._cluster.committed(self._reader.group)
            for partition in (Partition(topic, number) for topic in self._lanes):
                if partition in committed:
                    writer.state.offsets[partition] = committed[partition]
                    self._reader.seek(partition, committed[partition])
        return recovered

    def _receive(self, polled: Polled, recovered: set[int]) -> None:
        for partition, records in polled.records.items():
            writer = self._writers.get(partition.number)
            if writer is None:
                self._reader.seek(partition, records[0].offset)
            elif partition.number not in recovered and partition.number not in self._uncertain:
                try:
                    writer.receive(self._lanes[partition.topic], records)
                except CommitFailed as error:
                    self._uncertain[partition.number] = (writer, error)

    def _limit_inboxes(self) -> None:
        """Pauses partitions in which too many change orders wait for something else than a person's hold."""
        for number, writer in self._writers.items():
            lanes = {Partition(topic, number) for topic in self._lanes}
            scheduler = writer.state.scheduler
            if len(scheduler) - scheduler.on_hold > _INBOX_CAP:
                self._reader.pause(lanes)
            else:
                self._reader.resume(lanes)
