"""One owned partition of the poll state, with the accounts in it: fence, restore, poll, detect, publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, datetime

from producers.account import AccountPoll, AccountSettings
from producers.changes.detection import observations
from producers.changes.published_events import PublishedEvents
from producers.poll_state import AccountState, blank
from producers.publish.commits import PollCommits
from producers.publish.current_fill import CurrentFill
from producers.publish.deletion_review import DeletionReview
from producers.publish.lost_states import LostStates
from producers.publish.publisher import PollTopics, Publisher
from producers.publish.records import PollerRecords
from producers.restored_states import restored_states
from producers.source import PollResult, Source, UnreadableRow
from relay.clients.http.clock import running_seconds
from relay.domain.control import PollRequest
from relay.domain.mapping import in_milliseconds
from relay.engine.directory import Directory
from relay.engine.kafka import CommitFailed, Partition, Record, Transactions
from relay.engine.letters import LetterRecords
from relay.engine.stages.context import StageContext
from relay.engine.topics import CURRENT, DIRECTORY, OBSERVED, POLL_STATE

SourceFactory = Callable[[str, AccountSettings], Source]


class PartitionPoller:
    """Belongs to the stage's thread. ``open`` before anything else, and again after a ``CommitFailed``."""

    def __init__(
        self,
        context: StageContext,
        *,
        system: str,
        topics: PollTopics,
        source_of: SourceFactory,
        clock: Callable[[], datetime],
    ) -> None:
        self._context = context
        self._system = system
        self._topics = topics
        self._source_of = source_of
        self._clock = clock
        self._transactions = Transactions(
            context.connection,
            f"{context.prefix}{topics.stage}-{topics.number}",
            timeout_s=context.settings.transaction_timeout,
        )
        records = PollerRecords(
            context.codec, topics.prefix, topics.stage, topics.number, topics.largest_event, topics.limits
        )
        letters = LetterRecords(context.codec, topics.prefix, topics.letter_topic)
        commits = PollCommits(self._transactions, records, topics.stage, context.metrics)
        self._review = DeletionReview(context.connection, commits, letters, topics.stage, context.metrics)
        observed, current = OBSERVED.name(topics.prefix), CURRENT.name(topics.prefix)
        self._published = PublishedEvents(context.connection, context.codec, observed, current)
        self._lost = LostStates(context.connection, context.codec, commits, current, beat=self._beat, clock=clock)
        self._fill = CurrentFill(context.connection, context.codec, commits, records, observed)
        self._publisher = Publisher(
            commits=commits,
            records=records,
            letters=letters,
            stage=topics.stage,
            metrics=context.metrics,
            beat=self._beat,
        )
        self._directory = Directory(context.connection, context.codec, DIRECTORY.name(topics.prefix))
        self._states: dict[str, AccountState] = {}
        self.polls: dict[str, AccountPoll] = {}
        self.is_open = False

    def open(self) -> None:
        """Fences the owner before this one, then reads the poll state to its end."""
        self._close_polls()
        self._transactions.fence()
        self._states = self._restore()
        # An id never comes back: what was read is of the topic that was written before.
        self._context.prove_topics(self._topics.stage)
        self.is_open = True

    def follow(self, accounts: Mapping[str, AccountSettings]) -> None:
        """Polls the accounts that the configuration places here now, each with its settings of now."""
        outdated = [name for name, poll in self.polls.items() if accounts.get(name) != poll.settings]
        for name in outdated:
            poll = self.polls.pop(name)
            poll.close()
            if name not in accounts:
                poll.forget()
        for name in accounts.keys() - self.polls.keys():
            state = self._states.setdefault(name, blank(self._system, name))
            source = self._source_of(name, accounts[name])
            source.restore(state.account_state.used)
            source.restore(self._context.control.lent(self._topics.stage, state.key))
            self.polls[name] = AccountPoll(
                settings=accounts[name],
                source=source,
                state=state,
                metrics=self._context.metrics,
                hold=state.account_state.hold,
            )
            self.polls[name].take_over(self._clock())

    def work(self, pool: Executor, wishes: Mapping[str, PollRequest]) -> bool:
        """Publishes what has arrived and begins what is due; returns whether it did anything.

        ``wishes``: what people have asked for, by account as ``{system}:{account}``. Raises ``CommitFailed``: then
        :meth:`open` comes next, if the partition is still ours.
        """
        states = [poll.state for poll in self.polls.values()]
        for poll in self.polls.values():
            poll.ask(wishes.get(poll.state.key), self._clock())
        try:
            self._lost.recall(states)
            filled = self._fill.step(states)
            worked = [self._work(poll, pool) for poll in self.polls.values()]
        except CommitFailed:
            self.is_open = False
            raise
        return filled or any(worked)

    def close(self) -> None:
        """Gives the partition up."""
        self._close_polls()
        self._transactions.close()
        self.is_open = False

    @property
    def is_quiet(self) -> bool:
        """Whether every account was polled and nothing is under way."""
        polls = self.polls.values()
        return self.is_open and all(poll.is_quiet and poll.state.account_state.current_complete for poll in polls)

    def _work(self, poll: AccountPoll, pool: Executor) -> bool:
        result = poll.completed(running_seconds(), self._clock())
        try:
            if result is None:
                self._publisher.publish_hold(poll.state, poll.hold, poll.source.used)
                return poll.start(pool, running_seconds(), self._clock())
            told = replace(
                result, at=in_milliseconds(result.at), used=poll.source.used(), interval=poll.planned_interval
            )
            published = self._publish(poll, told)
        except CommitFailed:
            self.is_open = False
            raise
        if result.directory or result.listed:
            self._directory.note(result.directory, result.listed)
        poll.finish(result, published, running_seconds(), self._clock())
        return published > 0

    def _publish(self, poll: AccountPoll, result: PollResult) -> int:
        """Returns the number of events; 0 where a person is asked first."""
        state = poll.state
        answered = self._review.with_answer(state, result)
        if answered.question is not None:
            self._review.ask(state, answered, answered.question)
            return 0
        failed: list[UnreadableRow] = []
        news = observations(state, answered, self._published, poll.source.read_raw, failed)
        return self._publisher.publish(state, answered, news, failed)

    def _beat(self) -> None:
        self._context.health.beat(self._topics.stage)

    def _close_polls(self) -> None:
        self._fill.stop()
        for poll in self.polls.values():
            poll.close()
        self.polls = {}

    def _restore(self) -> dict[str, AccountState]:
        place = Partition(POLL_STATE.name(self._topics.prefix), self._topics.number)
        return restored_states(self._context.connection, self._context.codec, place, self._system, self._count_foreign)

    def _count_foreign(self, record: Record) -> None:
        self._context.metrics.records_foreign.labels(self._topics.stage, record.topic).inc()


def utc_now() -> datetime:
    return datetime.now(UTC)
