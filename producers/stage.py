"""A poller as a stage: the instances share the partitions of the poll state, and with them the accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime

import structlog

from producers.account import AccountSettings
from producers.partition import PartitionPoller, SourceFactory, utc_now
from producers.publish.publisher import PollTopics
from relay.domain.identity import tenant_partition
from relay.engine.control.membership import Membership
from relay.engine.kafka import Cluster, CommitFailed, Fenced, GroupReader, Polled
from relay.engine.letters import LetterTopic, letter_topic
from relay.engine.sizes import TopicLimits, largest_of_event
from relay.engine.stages.context import StageContext
from relay.engine.stages.session_loop import SessionLoop, Turn
from relay.engine.telemetry import events
from relay.engine.topics import CURRENT, LETTERS, OBSERVED, OUTCOMES, POLL_STATE

_log = structlog.get_logger(__name__)

_THREADS = 8
"""Accounts that are polled at the same time; each has its own rate limit."""

_POLL = 0.1
"""Seconds that a poll of the group waits: so often the stage publishes what has arrived and begins what is due."""

_WRITTEN = (OBSERVED, CURRENT, OUTCOMES, LETTERS, POLL_STATE)
"""The topics of its transactions."""

Accounts = Callable[[], Mapping[str, AccountSettings]]


class PollStage:
    """Polls the accounts of one system. ``run`` belongs to one thread."""

    def __init__(
        self,
        context: StageContext,
        *,
        system: str,
        accounts: Accounts,
        source_of: SourceFactory,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = f"poll-{system}"
        self._context = context
        self._system = system
        self._accounts = accounts
        self._source_of = source_of
        self._clock = clock
        self._loop = SessionLoop(context, name=self.name, topics=[POLL_STATE.name(context.prefix)])

    def run(self) -> None:
        """Works until the context says stop. Raises ``Fatal``, or what stayed unreachable for ``COR_PATIENCE``."""
        self._loop.run(self._open_session)

    def _open_session(self, reader: GroupReader, resources: ExitStack) -> PollSession:
        context = self._context
        with Cluster(context.connection) as cluster:
            partitions = cluster.partitions(POLL_STATE.name(context.prefix))
            letters = letter_topic(cluster, context.prefix)
            largest_event = largest_of_event(cluster, context.prefix)
            limits = TopicLimits.on_cluster(cluster, context.prefix, _WRITTEN)
        pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix=self.name)
        resources.callback(pool.shutdown, wait=False, cancel_futures=True)
        session = PollSession(
            context,
            name=self.name,
            system=self._system,
            reader=reader,
            member=self._loop.member,
            pool=pool,
            accounts=lambda: self._accounts_by_partition(partitions),
            poller_of=lambda number: self._poller(number, letters, largest_event, limits),
        )
        resources.callback(session.close)
        return session

    def _accounts_by_partition(self, partitions: int) -> dict[int, dict[str, AccountSettings]]:
        placed: dict[int, dict[str, AccountSettings]] = {}
        for name, settings in self._accounts().items():
            number = tenant_partition(self._system, name, partitions)
            placed.setdefault(number, {})[name] = settings
        return placed

    def _poller(self, number: int, letters: LetterTopic, largest_event: int, limits: TopicLimits) -> PartitionPoller:
        topics = PollTopics(
            stage=self.name,
            prefix=self._context.prefix,
            number=number,
            letter_topic=letters,
            largest_event=largest_event,
            limits=limits,
        )
        return PartitionPoller(
            self._context, system=self._system, topics=topics, source_of=self._source_of, clock=self._clock
        )


class PollSession:
    """One membership of a :class:`PollStage` in its group. Belongs to the stage's thread.

    Membership alone is what the group is for: who owns a partition reads it without the group. ``accounts`` gives
    those of each partition as they are configured now.
    """

    def __init__(
        self,
        context: StageContext,
        *,
        name: str,
        system: str,
        reader: GroupReader,
        member: Membership,
        pool: Executor,
        accounts: Callable[[], Mapping[int, Mapping[str, AccountSettings]]],
        poller_of: Callable[[int], PartitionPoller],
    ) -> None:
        self._context = context
        self._name = name
        self._system = system
        self._reader = reader
        self._member = member
        self._pool = pool
        self._accounts = accounts
        self._poller_of = poller_of
        self._pollers: dict[int, PartitionPoller] = {}

    def turn(self) -> Turn:
        """Follows the assignment and the configuration, publishes what has arrived and begins what is due."""
        self._context.configuration.refresh()
        polled = self._reader.poll(_POLL)
        self._reader.pause(polled.assigned)
        self._follow(polled)
        worked = [self._work(number, poller) for number, poller in self._pollers.items()]
        quiet = not any(worked) and all(poller.is_quiet for poller in self._pollers.values())
        owns = frozenset(f"{self._system}:{name}" for poller in self._pollers.values() for name in poller.polls)
        return Turn(polled=polled, partitions=len(polled.assigned), quiet=quiet, owns=owns)

    def finish(self) -> None:
        """Does nothing: a poll that is under way is taken again by the next session."""

    def close(self) -> None:
        """Gives every partition up."""
        for poller in self._pollers.values():
            poller.close()

    def _follow(self, polled: Polled) -> None:
        """Opens and closes pollers as the assignment and the configuration say; what was lost and came back anew."""
        for partition in polled.lost:
            poller = self._pollers.pop(partition.number, None)
            if poller is not None:
                poller.close()
                _log.info(events.PARTITION_LOST, stage=self._name, partition=partition.number)
        mine = {partition.number for partition in polled.assigned}
        accounts = self._accounts()
        for number in self._pollers.keys() - (mine & accounts.keys()):
            poller = self._pollers.pop(number)
            poller.follow({})  # The configuration has no account here any more: metrics must not tell of them, either.
            poller.close()
        for number in sorted((mine & accounts.keys()) - self._pollers.keys()):
            self._pollers[number] = self._poller_of(number)
        for number, poller in self._pollers.items():
            if not poller.is_open:
                poller.open()
                _log.info(events.PARTITION_OWNED, stage=self._name, partition=number)
            poller.follow(accounts[number])

    def _work(self, number: int, poller: PartitionPoller) -> bool:
        """Returns whether the poller did anything. One whose commit is not certain is opened anew in the next turn."""
        try:
            return poller.work(self._pool, self._member.view.polls)
        except CommitFailed as error:
            result = "fenced" if isinstance(error, Fenced) else "failed"
            self._context.metrics.transactions.labels(self._name, result).inc()
            _log.warning(events.OWNER_RESTARTED, partition=number, message=str(error))
            return True
