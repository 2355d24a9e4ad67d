"""A poller's transactions: events, what follows from them, and the poll state that then holds, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from producers.poll_state import AccountState
from producers.publish.records import EncodedObservation, PollerRecords
from relay.domain.outcomes import OutcomeKind
from relay.domain.records import PollState
from relay.engine.kafka import Outgoing, Transaction, Transactions
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.telemetry.metrics import Metrics

_REMOTE_STATUS = OutcomeKind.REMOTE_STATUS.value


@dataclass(slots=True)
class _Following:
    """What is written after the events, since it says where they stand."""

    states: list[PollState] = field(default_factory=list)
    current: list[Outgoing] = field(default_factory=list)
    outcomes: list[Outgoing] = field(default_factory=list)


class PollCommits:
    """Commits, and takes the committed poll state over into the account's. Belongs to the stage's thread."""

    def __init__(self, transactions: Transactions, records: PollerRecords, stage: str, metrics: Metrics) -> None:
        self._transactions = transactions
        self._records = records
        self._stage = stage
        self._metrics = metrics

    def commit_observations(self, state: AccountState, batch: Sequence[EncodedObservation]) -> int:
        """Commits events with their outcomes and poll states; returns the number of events.

        Raises ``CommitFailed``: then ``state`` is as it was.
        """
        with self._transactions.transaction() as transaction:
            following = self._send_events(transaction, batch)
            for record in (*following.current, *following.outcomes, *map(self._records.state, following.states)):
                transaction.send(record)
            reached(CrashPoint.POLLER_BEFORE_COMMIT)
        reached(CrashPoint.POLLER_AFTER_COMMIT)
        for poll_state in following.states:
            state.apply(poll_state)
        self._count(state, batch, len(following.outcomes))
        return sum(encoded.observation.event is not None for encoded in batch)

    def commit_account(self, state: AccountState, account_state: PollState, letters: Sequence[Outgoing] = ()) -> None:
        """Commits the account's own poll state with letters and tombstones of letters.

        Raises ``CommitFailed``: then ``state`` is as it was.
        """
        with self._transactions.transaction() as transaction:
            for record in letters:
                transaction.send(record)
            reached(CrashPoint.POLLER_AFTER_SEND)
            transaction.send(self._records.state(account_state))
            reached(CrashPoint.POLLER_BEFORE_COMMIT)
        reached(CrashPoint.POLLER_AFTER_COMMIT)
        state.apply(account_state)
        self._metrics.transactions.labels(self._stage, "committed").inc()

    def _send_events(self, transaction: Transaction, batch: Sequence[EncodedObservation]) -> _Following:
        for encoded in batch:
            if encoded.record is not None:
                transaction.send(encoded.record)
        reached(CrashPoint.POLLER_AFTER_SEND)
        places = iter(transaction.flush())
        following = _Following()
        for encoded in batch:
            poll_state, place = encoded.observation.state, None
            if encoded.record is not None:
                place = next(places)
                partition, offset = place
                poll_state = replace(poll_state, partition=partition.number, offset=offset)
            outcome = self._records.outcome(encoded.observation, encoded.record, place)
            following.outcomes += [outcome] if outcome is not None else []
            following.current += [encoded.current] if encoded.current is not None else []
            following.states.append(poll_state)
        return following

    def _count(self, state: AccountState, batch: Sequence[EncodedObservation], outcomes: int) -> None:
        for encoded in batch:
            if encoded.observation.event is not None:
                change = encoded.observation.event.change.value
                self._metrics.events_published.labels(state.system, state.account, change).inc()
        if outcomes:
            self._metrics.outcomes.labels(self._stage, _REMOTE_STATUS).inc(outcomes)
        self._metrics.transactions.labels(self._stage, "committed").inc()
