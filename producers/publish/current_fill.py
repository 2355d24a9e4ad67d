"""Brings onto ``current`` what was observed before that topic was there, beside the poller.

One scan of ``observed``, a bounded number of records at a time, between what the poller publishes. An event goes out
only while poll state says that it is the newest of its change order, in a transaction with that poll state: what the
poller has published meanwhile is never overwritten by what the scan read before. Where the scan is broken off, it
begins anew, and writes the same again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby, islice

import structlog

from producers.changes.events import Observation
from producers.poll_state import AccountState, account_and_number
from producers.publish.commits import PollCommits
from producers.publish.records import EncodedObservation, PollerRecords
from relay.domain.change_order import Status
from relay.domain.events import ChangeOrderObserved
from relay.domain.records import PollState
from relay.engine.kafka import Cluster, Connection, Partition, Record, Withheld, bounded_batches, read_to_end
from relay.engine.telemetry import events
from schemas.codec import Codec
from schemas.failures import Unreadable, Unwritable

_AT_ONCE = 1_000
"""Records that one step looks at: the poller waits for no more than these."""

_MOST_CHANGE_ORDERS = 200
"""Change orders of one transaction; what they take in bytes bounds it too."""

_log = structlog.get_logger(__name__)


class CurrentFill:
    """The scan of one partition's accounts. Belongs to the stage's thread. ``observed`` is the topic's name.

    On its way it learns when each change order was first seen approved, which no earlier release noted.
    """

    def __init__(
        self, connection: Connection, codec: Codec, commits: PollCommits, records: PollerRecords, observed: str
    ) -> None:
        self._connection = connection
        self._codec = codec
        self._commits = commits
        self._records = records
        self._observed = observed
        self._accounts: dict[str, AccountState] = {}
        self._approved: dict[tuple[str, str], datetime] = {}
        self._filled = 0
        self._scan: Iterator[Record] | None = None

    def step(self, states: Iterable[AccountState]) -> bool:
        """Goes on for those accounts whose poll state does not say that it is done; returns whether there was any.

        Raises ``CommitFailed``: then :meth:`stop` comes next, and reading the poll state anew.
        """
        if self._scan is None:
            self._accounts = {state.key: state for state in states if _is_to_be_filled(state)}
            if not self._accounts:
                return False
            self._scan = self._scanned()
        seen = list(islice(self._scan, _AT_ONCE))
        self._publish(seen)
        if not seen:
            self._finish()
        return True

    def stop(self) -> None:
        """Breaks the scan off."""
        self._scan = None  # Nothing else has it, so that its connection closes here.
        self._accounts, self._approved, self._filled = {}, {}, 0

    def _scanned(self) -> Iterator[Record]:
        with Cluster(self._connection) as cluster:
            count = cluster.partitions(self._observed)
        partitions = [Partition(self._observed, number) for number in range(count)]
        return read_to_end(self._connection, partitions, pass_over=_note_withheld)

    def _publish(self, seen: Iterable[Record]) -> None:
        found = (newest for record in seen if (newest := self._newest(record)) is not None)
        for _, group in groupby(found, key=lambda each: each[0].key):
            self._commit(group)

    def _commit(self, found: Iterable[tuple[AccountState, EncodedObservation]]) -> None:
        for batch in bounded_batches(found, lambda each: each[1].size, most=_MOST_CHANGE_ORDERS):
            self._commits.commit_observations(batch[0][0], [encoded for _, encoded in batch])
            self._filled += len(batch)

    def _newest(self, record: Record) -> tuple[AccountState, EncodedObservation] | None:
        """The record's event as the newest of its change order, with its account; ``None`` where it is not that."""
        account, number = account_and_number(record.key)
        state = self._accounts.get(account)
        before = state.states.get(number) if state is not None else None
        event = self._decoded(record) if before is not None else None
        if state is None or before is None or event is None:
            return None
        self._note_approval(account, event)
        if event.sequence != before.sequence:
            return None
        encoded = self._encoded(event, record, self._with_approval(account, before))
        return (state, encoded) if encoded is not None else None

    def _encoded(self, event: ChangeOrderObserved, record: Record, poll_state: PollState) -> EncodedObservation | None:
        try:
            current = self._records.current(event, record.headers)
        except Unwritable as error:
            _log_unreadable(record, str(error))
            return None
        return EncodedObservation(Observation(state=poll_state), current=current)

    def _decoded(self, record: Record) -> ChangeOrderObserved | None:
        try:
            return self._codec.decode(record.value or b"", ChangeOrderObserved)
        except Unreadable as error:
            _log_unreadable(record, error.message)
            return None

    def _note_approval(self, account: str, event: ChangeOrderObserved) -> None:
        if event.change_order.status is Status.APPROVED:
            seen_at = event.approved_seen_at or event.observed_at
            self._approved.setdefault((account, event.change_order_id), seen_at)

    def _with_approval(self, account: str, before: PollState) -> PollState:
        seen_at = self._approved.pop((account, before.change_order_id or ""), None)
        known = [moment for moment in (seen_at, before.approved_seen_at) if moment is not None]
        return replace(before, approved_seen_at=min(known, default=None))

    def _finish(self) -> None:
        """What was approved in the scan and published beside it gets its first approval; then all is said."""
        left = [(self._accounts[account], number) for account, number in self._approved]
        late = (
            (state, EncodedObservation(Observation(state=self._with_approval(state.key, state.states[number]))))
            for state, number in left
        )
        for _, group in groupby(late, key=lambda each: each[0].key):
            self._commit(group)
        for state in self._accounts.values():
            self._commits.commit_account(state, replace(state.account_state, current_complete=True))
            _log.info(events.CURRENT_FILLED, system=state.system, account=state.account, filled=self._filled)
        self.stop()


def _is_to_be_filled(state: AccountState) -> bool:
    """An account of which nothing is known yet has nothing to bring: its first commit says so."""
    if not state.states and not state.account_state.current_complete:
        state.account_state = replace(state.account_state, current_complete=True)
    return not state.account_state.current_complete


def _note_withheld(withheld: Withheld) -> None:
    _log.error(
        events.EVENT_UNREADABLE,
        topic=withheld.partition.topic,
        partition=withheld.partition.number,
        offset=withheld.last_offset,
        message=str(withheld),
    )


def _log_unreadable(record: Record, why: str) -> None:
    _log.error(
        events.EVENT_UNREADABLE, topic=record.topic, partition=record.partition, offset=record.offset, message=why
    )
