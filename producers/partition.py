"""One owned partition of the poll state, with the accounts in it: fence, restore, poll, publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime

import structlog

from producers.account import AccountPoll, AccountSettings
from producers.poll_state import AccountState, blank
from producers.publish.publisher import PollTopics, Publisher
from producers.source import Source
from relay.clients.http.clock import running_seconds
from relay.domain.records import PollState
from relay.engine.kafka import CommitFailed, Partition, Record, Transactions, read_to_end
from relay.engine.stages.context import StageContext
from relay.engine.telemetry import events
from relay.engine.topics import POLL_STATE
from schemas.failures import Unreadable

_log = structlog.get_logger(__name__)

_SYSTEMS = ("constructiononline:", "procore:", "cinx:")
"""With one of these every key of the poll state begins."""

SourceMaker = Callable[[str, AccountSettings], Source]


class PartitionPoller:
    """Belongs to the stage's thread. ``open`` before anything else, and again after a ``CommitFailed``."""

    def __init__(
        self,
        context: StageContext,
        *,
        system: str,
        shelf: PollTopics,
        source_of: SourceMaker,
        clock: Callable[[], datetime],
    ) -> None:
        self._context = context
        self._system = system
        self._shelf = shelf
        self._source_of = source_of
        self._clock = clock
        self._transactions = Transactions(
            context.connection,
            f"{context.prefix}{shelf.stage}-{shelf.number}",
            timeout_s=context.settings.transaction_timeout,
        )
        self._publisher = Publisher(
            connection=context.connection,
            transactions=self._transactions,
            codec=context.codec,
            shelf=shelf,
            metrics=context.metrics,
            beat=lambda: context.health.beat(shelf.stage),
        )
        self._memories: dict[str, AccountState] = {}
        self.polls: dict[str, AccountPoll] = {}
        self.is_open = False

    def open(self) -> None:
        """Fences whoever was here before, then reads the poll state to its end."""
        self._close_polls()
        self._transactions.fence()
        self._memories = self._restore()
        self.is_open = True

    def follow(self, accounts: Mapping[str, AccountSettings]) -> None:
        """The accounts that the configuration places here now."""
        for name in [one for one, poll in self.polls.items() if accounts.get(one) != poll.settings]:
            self.polls.pop(name).close()
        for name in accounts.keys() - self.polls.keys():
            memory = self._memories.setdefault(name, blank(self._system, name))
            self.polls[name] = AccountPoll(
                settings=accounts[name],
                source=self._source_of(name, accounts[name]),
                memory=memory,
                metrics=self._context.metrics,
                hold=memory.account_state.hold,
            )

    def work(self, pool: Executor) -> bool:
        """Publishes what has arrived and begins what is due; returns whether it did anything.

        Raises ``CommitFailed``: then :meth:`open` comes next, if the partition is still ours.
        """
        worked = [self._work(poll, pool) for poll in self.polls.values()]
        return any(worked)

    def close(self) -> None:
        """Gives the partition up."""
        self._close_polls()
        self._transactions.close()
        self.is_open = False

    @property
    def is_quiet(self) -> bool:
        """Whether every account was polled and nothing is under way."""
        return self.is_open and all(poll.is_quiet for poll in self.polls.values())

    def _work(self, poll: AccountPoll, pool: Executor) -> bool:
        survey = poll.arrived(running_seconds(), self._clock())
        try:
            if survey is None:
                self._publisher.note_hold(poll.memory, poll.hold)
                return poll.start(pool, running_seconds(), self._clock())
            published = self._publisher.publish(poll.memory, survey, poll.source.read_raw)
        except CommitFailed:
            self.is_open = False
            raise
        poll.ended(survey, published, running_seconds(), self._clock())
        return published > 0

    def _close_polls(self) -> None:
        for poll in self.polls.values():
            poll.close()
        self.polls = {}

    def _restore(self) -> dict[str, AccountState]:
        """What the partition holds of this system's accounts. What cannot be read of it is observed anew."""
        topic = POLL_STATE.name(self._shelf.prefix)
        memories: dict[str, AccountState] = {}
        for record in read_to_end(self._context.connection, [Partition(topic, self._shelf.number)]):
            key = (record.key or b"").decode("utf-8", "replace")
            if not key.startswith(_SYSTEMS):
                self._pass_over(record)
            if not key.startswith(f"{self._system}:"):
                continue
            account, _, number = key.removeprefix(f"{self._system}:").partition(":")
            memory = memories.setdefault(account, blank(self._system, account))
            state = self._state(record, key)
            if state is None:
                _forget(memory, number)
            else:
                memory.apply(state)
        return memories

    def _state(self, record: Record, key: str) -> PollState | None:
        """The state that a record holds; ``None`` where it holds none, or none that can be read."""
        if record.value is None:
            return None
        try:
            state = self._context.codec.decode(record.value, PollState)
        except Unreadable as error:
            why = error.message
        else:
            if _key_of(state) == key:
                return state
            why = f"it is the state of {_key_of(state)}"
        _log.error(
            events.POLL_STATE_UNREADABLE,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=key,
            message=why,
        )
        return None

    def _pass_over(self, record: Record) -> None:
        self._context.metrics.records_foreign.labels(self._shelf.stage, record.topic).inc()
        _log.error(
            events.RECORD_FOREIGN,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=repr(record.key),
        )


def _key_of(state: PollState) -> str:
    key = f"{state.system}:{state.account}"
    return key if state.change_order_id is None else f"{key}:{state.change_order_id}"


def _forget(memory: AccountState, number: str) -> None:
    if number:
        memory.states.pop(number, None)
    else:
        memory.account_state = blank(memory.system, memory.account).account_state


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)
