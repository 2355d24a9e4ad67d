"""A poller as a stage: the instances share the partitions of the poll state, and with them the accounts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

from producers.account import AccountSettings
from producers.partition import PartitionPoller, SourceMaker, utc_now
from producers.publish.publisher import PollTopics
from relay.domain.identity import tenant_partition
from relay.engine.kafka import Cluster, CommitFailed, Fenced, GroupReader, KafkaUnreachable, Polled
from relay.engine.stages.context import StageContext
from relay.engine.telemetry import events
from relay.engine.topics import LETTERS, POLL_STATE

_log = structlog.get_logger(__name__)

_THREADS = 8
"""Accounts that are polled at the same time; each has its own rate limit."""

_GLANCE = 0.1
"""Seconds between two looks at what has arrived or is due."""

_PAUSE = 2.0
"""Seconds before a poller that lost Kafka tries again."""

Accounts = Callable[[], Mapping[str, AccountSettings]]


class PollStage:
    """Polls the accounts of one system. ``run`` belongs to one thread."""

    def __init__(
        self,
        context: StageContext,
        *,
        system: str,
        accounts: Accounts,
        source_of: SourceMaker,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = f"poll-{system}"
        self.group = f"{context.prefix}{self.name}"
        self._context = context
        self._system = system
        self._accounts = accounts
        self._source_of = source_of
        self._clock = clock
        self._owners: dict[int, PartitionPoller] = {}
        self._partitions = 0
        self._letter_partitions = 0
        self._well_at = time.monotonic()

    def run(self) -> None:
        """Until the context says stop. Raises ``Fatal``, or that Kafka stayed unreachable for ``COR_PATIENCE``."""
        context = self._context
        while not context.stop.is_set():
            try:
                self._session()
            except KafkaUnreachable as error:
                self._wait_after(error)

    def _session(self) -> None:
        context = self._context
        topic = POLL_STATE.name(context.prefix)
        with Cluster(context.connection) as cluster:
            self._partitions = cluster.partitions(topic)
            self._letter_partitions = cluster.partitions(LETTERS.name(context.prefix))
        # Membership alone is what the group is for: the owner of a partition reads it by itself.
        reader = GroupReader(
            context.connection,
            group=self.group,
            topics=[topic],
            instance=context.instance,
            session_timeout_s=context.settings.session_timeout,
        )
        pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix=self.name)
        try:
            while not context.stop.is_set():
                self._turn(reader, pool)
        finally:
            context.health.ready(self.name, False)
            for owner in self._owners.values():
                owner.close()
            self._owners = {}
            pool.shutdown(wait=False, cancel_futures=True)
            reader.close(leave=context.instance is None)

    def _wait_after(self, error: KafkaUnreachable) -> None:
        context = self._context
        if time.monotonic() - self._well_at > context.settings.patience:
            raise error
        _log.warning(events.STAGE_RESTARTED, stage=self.name, message=str(error), pause=_PAUSE)
        context.health.beat(self.name)
        context.health.idle(self.name, False)
        context.stop.wait(_PAUSE)

    def _turn(self, reader: GroupReader, pool: ThreadPoolExecutor) -> None:
        context = self._context
        context.health.beat(self.name)
        context.configuration.refresh()
        polled = reader.poll(_GLANCE)
        reader.pause(polled.assigned)
        self._follow(polled)
        worked = [self._work(number, owner, pool) for number, owner in self._owners.items()]
        joined = polled.generation.number >= 0
        context.health.ready(self.name, joined)
        context.metrics.partitions_owned.labels(self.name).set(len(polled.assigned))
        quiet = joined and not any(worked) and all(owner.is_quiet for owner in self._owners.values())
        context.health.idle(self.name, quiet)
        self._well_at = time.monotonic()

    def _follow(self, polled: Polled) -> None:
        """Owners follow the assignment and the configuration. What was lost and came back is opened anew."""
        for partition in polled.lost:
            owner = self._owners.pop(partition.number, None)
            if owner is not None:
                owner.close()
                _log.info(events.PARTITION_LOST, stage=self.name, partition=partition.number)
        mine = {partition.number for partition in polled.assigned}
        placed = self._by_partition()
        for number in self._owners.keys() - (mine & placed.keys()):
            self._owners.pop(number).close()
        for number in sorted((mine & placed.keys()) - self._owners.keys()):
            self._owners[number] = self._owner(number)
        for number, owner in self._owners.items():
            if not owner.is_open:
                owner.open()
                _log.info(events.PARTITION_OWNED, stage=self.name, partition=number)
            owner.follow(placed[number])

    def _work(self, number: int, owner: PartitionPoller, pool: ThreadPoolExecutor) -> bool:
        """A commit that is not certain: the owner is opened anew, once it is certain that it still is one."""
        try:
            return owner.work(pool)
        except CommitFailed as error:
            result = "fenced" if isinstance(error, Fenced) else "failed"
            self._context.metrics.transactions.labels(self.name, result).inc()
            _log.warning(events.OWNER_RESTARTED, partition=number, message=str(error))
            return True

    def _by_partition(self) -> dict[int, dict[str, AccountSettings]]:
        placed: dict[int, dict[str, AccountSettings]] = {}
        for name, settings in self._accounts().items():
            number = tenant_partition(self._system, name, self._partitions)
            placed.setdefault(number, {})[name] = settings
        return placed

    def _owner(self, number: int) -> PartitionPoller:
        shelf = PollTopics(
            stage=self.name,
            prefix=self._context.prefix,
            number=number,
            letter_partitions=self._letter_partitions,
        )
        return PartitionPoller(
            self._context, system=self._system, shelf=shelf, source_of=self._source_of, clock=self._clock
        )
