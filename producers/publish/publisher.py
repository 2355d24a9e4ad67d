"""Publishes what a poll has found, a bounded number of change orders in one Kafka transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from producers.changes.events import Observation
from producers.poll_state import AccountState
from producers.publish.commits import PollCommits
from producers.publish.letters import row_letter
from producers.publish.records import EncodedObservation, PollerRecords
from producers.row_defects import attempted
from producers.source import PollResult, UnreadableRow
from relay.domain.ledger import Hold
from relay.domain.letters import DeadLetter
from relay.domain.rate_use import MinuteUse
from relay.domain.records import POLLS_TOLD_EVERY, PollState
from relay.engine.kafka import bounded_batches
from relay.engine.letters import LetterRecords, LetterTopic
from relay.engine.sizes import TopicLimits
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import LARGEST_VALUE

_log = structlog.get_logger(__name__)

MUCH = 5
"""Requests of one minute that a restart may forget."""

_MOST_CHANGE_ORDERS = 200
"""Change orders of one transaction; what they take in bytes bounds it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollTopics:
    """Where a poller's records go: the poll state's partition by number, the others by key.

    ``largest_event``: bytes of an event that its topics take; ``limits``: of every topic that it writes to.
    """

    stage: str
    prefix: str
    number: int
    letter_topic: LetterTopic
    largest_event: int = LARGEST_VALUE
    limits: TopicLimits | None = None


class Publisher:
    """Belongs to the stage's thread. ``beat`` is called between transactions."""

    def __init__(
        self,
        *,
        commits: PollCommits,
        records: PollerRecords,
        letters: LetterRecords,
        stage: str,
        metrics: Metrics,
        beat: Callable[[], None],
    ) -> None:
        self._commits = commits
        self._records = records
        self._letters = letters
        self._stage = stage
        self._metrics = metrics
        self._beat = beat
        self._written_letters: set[str] = set()

    def publish(
        self,
        state: AccountState,
        result: PollResult,
        observations: Iterable[Observation],
        failed: list[UnreadableRow],
    ) -> int:
        """Publishes ``observations``, then what else ``result`` says of the account; returns the number of events.

        ``failed`` are rows over which the relay itself failed; those that cannot be published are added. Raises
        ``CommitFailed``: what was committed before is in ``state`` then, and the rest is to be polled again after the
        next fence.
        """
        published = 0
        encoded = self._encoded(observations, failed)
        for batch in bounded_batches(encoded, lambda each: each.size, most=_MOST_CHANGE_ORDERS):
            published += self._commits.commit_observations(state, batch)
            self._beat()
        self._finish(state, replace(result, unreadable=(*result.unreadable, *failed)))
        state.window = result.window or state.window
        state.postponed = result.postponed
        return published

    def publish_hold(
        self, state: AccountState, hold: Hold | None, used: Callable[[], tuple[MinuteUse, ...]] = lambda: ()
    ) -> None:
        """Writes into poll state why the account is not polled, where that has changed. Raises ``CommitFailed``.

        ``used`` is asked for what the requests before it have used of the rate limits.
        """
        if state.account_state.hold != hold:
            self._commits.commit_account(state, replace(state.account_state, hold=hold, used=used()))

    def _encoded(
        self, observations: Iterable[Observation], failed: list[UnreadableRow]
    ) -> Iterator[EncodedObservation]:
        """Leaves out those whose event cannot be written: they are read again with the next poll."""
        for observation in observations:
            encoded = attempted(
                partial(self._records.encoded, observation),
                subject=f"change order {observation.state.change_order_id}",
                raw=_bytes_of(observation),
                failed=failed,
            )
            if encoded is not None:
                yield encoded

    def _finish(self, state: AccountState, result: PollResult) -> None:
        """The account's own state comes last: only when all is published does the next poll start later."""
        before = state.account_state
        letters = self._new_letters(state, result)
        records = [self._letters.written(letter) for letter in letters]
        if result.swept and before.asked is not None:
            records.append(self._letters.settled(before.asked, state.key))
        after = replace(
            before,
            watermark=result.watermark,
            followed=result.followed,
            loaded=before.loaded or result.swept,
            swept_at=result.at if result.swept else before.swept_at,
            asked=None if result.swept else before.asked,
            hold=None,
        )
        if after != before or records or _is_told_long_ago(before, result) or _is_used_since(before.used, result.used):
            told = replace(after, polled_at=result.at, used=result.used, interval=result.interval)
            self._commits.commit_account(state, told, records)
        self._note_letters(state, letters)
        if result.swept:
            self._metrics.deletions_asked.labels(state.system, state.account).set(0)

    def _new_letters(self, state: AccountState, result: PollResult) -> list[DeadLetter]:
        """Letters of unreadable rows that this process has not written yet."""
        letters = [row_letter(self._stage, state, row, result.at) for row in result.unreadable]
        return [letter for letter in letters if letter.letter_id not in self._written_letters]

    def _note_letters(self, state: AccountState, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            self._written_letters.add(letter.letter_id)
            self._metrics.letters.labels(self._stage, letter.reason).inc()
            _log.error(
                events.ROW_UNREADABLE,
                system=state.system,
                account=state.account,
                letter=letter.letter_id,
                why=letter.sentence,
            )


def _bytes_of(observation: Observation) -> bytes:
    """What the letter of a change order that cannot be published keeps: the source's own JSON, or the id."""
    raw = observation.event.raw if observation.event is not None else None
    return raw or str(observation.state.change_order_id).encode()


def _is_told_long_ago(before: PollState, result: PollResult) -> bool:
    """Whether the last poll that was told is so old that people would take the account for one that is not read."""
    return before.polled_at is None or result.at - before.polled_at >= POLLS_TOLD_EVERY


def _is_used_since(written: Sequence[MinuteUse], used: Sequence[MinuteUse]) -> bool:
    """Whether there is use in a minute of which none is written, or much more: not each poll is worth a record."""
    if not used or not written:
        return bool(used)
    last, before = used[-1], written[-1]
    return last.at > before.at or last.requests >= before.requests + MUCH
