"""Poll state that was lost, taken over again from ``current``.

Without it a change order that was deleted meanwhile would never be missed. The newest event says all that poll state
has to know of it, so that what is still the same is not published again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import structlog

from producers.changes.events import Observation
from producers.poll_state import AccountState, account_and_number
from producers.publish.commits import PollCommits
from producers.publish.records import EncodedObservation
from relay.domain.events import ChangeOrderObserved
from relay.domain.records import PollState
from relay.engine.kafka import Cluster, Connection, Partition, Record, bounded_batches, read_to_end
from relay.engine.kafka.foreign_records import tell_withheld
from relay.engine.telemetry import events
from schemas.codec import Codec
from schemas.failures import Unreadable

_MOST_CHANGE_ORDERS = 200
"""Change orders of one transaction."""

_log = structlog.get_logger(__name__)


class LostStates:
    """Belongs to the stage's thread. ``current`` is the topic's name; ``beat`` is called between transactions."""

    def __init__(
        self,
        connection: Connection,
        codec: Codec,
        commits: PollCommits,
        current: str,
        *,
        beat: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._codec = codec
        self._commits = commits
        self._current = current
        self._beat = beat
        self._clock = clock

    def recall(self, states: Iterable[AccountState]) -> None:
        """Commits the poll state of every change order that stands on ``current`` and that these accounts lack.

        Reads nothing where no account can have lost any. Raises ``CommitFailed``.
        """
        lacking = {state.key: state for state in states if state.may_lack}
        if not lacking:
            return
        found = self._found(lacking)
        for key, state in lacking.items():
            observations = [EncodedObservation(Observation(state=each)) for each in found[key].values() if each]
            for batch in bounded_batches(observations, lambda each: each.size, most=_MOST_CHANGE_ORDERS):
                self._commits.commit_observations(state, batch)
                self._beat()
            state.recalled = True
            if observations:
                _log.warning(
                    events.POLL_STATE_RECALLED, system=state.system, account=state.account, recalled=len(observations)
                )

    def _found(self, lacking: Mapping[str, AccountState]) -> dict[str, dict[str, PollState | None]]:
        """By account and change order; ``None`` for one that was deleted."""
        with Cluster(self._connection) as cluster:
            count = cluster.partitions(self._current)
        found: dict[str, dict[str, PollState | None]] = {key: {} for key in lacking}
        partitions = [Partition(self._current, number) for number in range(count)]
        for record in read_to_end(self._connection, partitions, pass_over=tell_withheld):
            account, number = account_and_number(record.key)
            state = lacking.get(account)
            if state is not None and number and number not in state.states:
                found[account][number] = self._poll_state(state, number, record)
        return found

    def _poll_state(self, state: AccountState, number: str, record: Record) -> PollState | None:
        """What cannot be read is known all the same, so that it is observed anew under a higher sequence."""
        if record.value is None:
            return None
        try:
            event = self._codec.decode(record.value, ChangeOrderObserved)
        except Unreadable as error:
            _log.error(
                events.EVENT_UNREADABLE,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                message=error.message,
            )
            # Higher than any that can have been given: they began at the second of the first observation.
            sequence = int(self._clock().timestamp())
            return PollState(system=state.system, account=state.account, change_order_id=number, sequence=sequence)
        return _state_of(event, number)


def _state_of(event: ChangeOrderObserved, number: str) -> PollState:
    return PollState(
        system=event.system,
        account=event.account,
        change_order_id=number,
        project=event.project,
        sequence=event.sequence,
        fingerprint=event.fingerprint,
        fingerprint_version=event.fingerprint_version,
        modified_at=event.source_modified_at,
        approved_seen_at=event.approved_seen_at,
    )
