"""Publishes a survey: a bounded number of change orders and their new poll state in one Kafka transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import structlog

from producers.changes.compare import Verdict, compare, compare_with_event
from producers.changes.events import Observation, deleted, observed, rebased
from producers.poll_state import AccountState
from producers.publish.letters import is_open, question_id, question_letter, row_letter
from producers.publish.records import PollerRecords
from producers.source import PollResult, ReadChangeOrder
from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger import Hold
from relay.domain.letters import DeadLetter
from relay.domain.mapping import in_milliseconds
from relay.domain.outcomes import OutcomeKind
from relay.domain.records import PollState
from relay.domain.sources.reading import Reading
from relay.engine.kafka import (
    Connection,
    Outgoing,
    Partition,
    RecordFetcher,
    Transaction,
    Transactions,
    bounded_batches,
)
from relay.engine.letters import LetterRecords
from relay.engine.stages.crash_points import CrashPoint, reached
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import OBSERVED
from schemas.codec import Codec
from schemas.failures import Unreadable

_log = structlog.get_logger(__name__)

_MOST_CHANGE_ORDERS = 200
"""Change orders of one transaction; what they take in bytes bounds it too."""

_CHANGE_LABELS = OutcomeKind.REMOTE_STATUS.value


@dataclass(frozen=True, slots=True, kw_only=True)
class PollTopics:
    """Where a poller's records go: the poll state's partition by number, the others by key."""

    stage: str
    prefix: str
    number: int
    letter_partitions: int


@dataclass(frozen=True, slots=True)
class _Ready:
    """An observation, and the record of its event if it has one."""

    observation: Observation
    outgoing: Outgoing | None = None

    @property
    def size(self) -> int:
        return self.outgoing.size if self.outgoing else 0


@dataclass(slots=True)
class _Written:
    """What follows from events that were sent."""

    states: list[PollState] = field(default_factory=list)
    outcomes: list[Outgoing] = field(default_factory=list)


class Publisher:
    """Belongs to the stage's thread. ``beat`` is called between transactions."""

    def __init__(
        self,
        *,
        connection: Connection,
        transactions: Transactions,
        codec: Codec,
        shelf: PollTopics,
        metrics: Metrics,
        beat: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._transactions = transactions
        self._codec = codec
        self._shelf = shelf
        self._metrics = metrics
        self._beat = beat
        self._records = PollerRecords(codec, shelf.prefix, shelf.stage, shelf.number)
        self._letters = LetterRecords(codec, shelf.prefix, shelf.letter_partitions)
        self._told: set[str] = set()

    def publish(self, memory: AccountState, survey: PollResult, read_raw: Callable[[bytes], Reading]) -> int:
        """Publishes, and then remembers; returns the number of events.

        Raises ``CommitFailed``: then what was committed before is remembered, and the rest is to be
        polled again by whoever fences next.
        """
        survey = replace(survey, at=in_milliseconds(survey.at))
        survey = self._answered(memory, survey)
        if survey.question is not None:
            self._ask(memory, survey)
            return 0
        published = 0
        ready = self._ready(memory, survey, read_raw)
        for batch in bounded_batches(ready, lambda one: one.size, most=_MOST_CHANGE_ORDERS):
            published += self._commit(memory, batch, [], None)
            self._beat()
        letters = [row_letter(self._shelf.stage, memory, row, survey.at) for row in survey.unreadable]
        fresh = [letter for letter in letters if letter.letter_id not in self._told]
        self._close(memory, survey, [self._letters.written(letter) for letter in fresh])
        self._note(memory, fresh)
        memory.window = survey.window or memory.window
        memory.postponed = survey.postponed
        return published

    def note_hold(self, memory: AccountState, hold: Hold | None) -> None:
        """What keeps the account from being polled is known outside. Raises ``CommitFailed``."""
        if memory.account_state.hold != hold:
            self._commit(memory, (), [], replace(memory.account_state, hold=hold))

    def _note(self, memory: AccountState, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            self._told.add(letter.letter_id)
            self._metrics.letters.labels(self._shelf.stage, letter.reason).inc()
            _log.error(
                events.ROW_UNREADABLE,
                system=memory.system,
                account=memory.account,
                letter=letter.letter_id,
                why=letter.sentence,
            )

    # -- observations

    def _ready(
        self, memory: AccountState, survey: PollResult, read_raw: Callable[[bytes], Reading]
    ) -> Iterator[_Ready]:
        """The observations with their events as records, without those whose event cannot be written."""
        for observation in self._observations(memory, survey, read_raw):
            event = observation.event
            outgoing = self._records.event(event) if event is not None else None
            if event is None or outgoing is not None:
                yield _Ready(observation, outgoing)

    def _observations(
        self, memory: AccountState, survey: PollResult, read_raw: Callable[[bytes], Reading]
    ) -> Iterator[Observation]:
        gone = [state for one in survey.deleted if (state := memory.states.get(one)) and not state.deleted]
        verdicts = [
            (seen, compare(seen.reading.change_order, memory.states.get(seen.change_order_id))) for seen in survey.seen
        ]
        unclear = [memory.states[seen.change_order_id] for seen, verdict in verdicts if verdict is Verdict.UNCLEAR]
        last = self._last_events([*gone, *unclear])
        for seen, verdict in verdicts:
            final = verdict
            if verdict is Verdict.UNCLEAR:
                final = compare_with_event(seen.reading.change_order, last.get(seen.change_order_id), read_raw)
            if final is Verdict.UNCHANGED and _remembers(memory, seen):
                continue
            if final in (Verdict.REBASED, Verdict.UNCHANGED):
                yield rebased(memory, seen)
            else:
                yield observed(memory, seen, survey.at)
        for state in gone:
            yield deleted(memory, state, last.get(state.change_order_id or ""), survey.at)

    def _last_events(self, states: Sequence[PollState]) -> dict[str, ChangeOrderObserved]:
        """What was last published of each, by change order id, as far as it can be read."""
        topic = OBSERVED.name(self._shelf.prefix)
        places: dict[Partition, list[int]] = {}
        for state in states:
            if state.partition is not None and state.offset is not None:
                places.setdefault(Partition(topic, state.partition), []).append(state.offset)
        wanted = {(state.partition, state.offset): state.change_order_id or "" for state in states}
        found: dict[str, ChangeOrderObserved] = {}
        with RecordFetcher(self._connection) as fetcher:
            for record in fetcher.every(places):
                try:
                    event = self._codec.decode(record.value or b"", ChangeOrderObserved)
                except Unreadable:
                    continue
                if event.change_order_id == wanted[(record.partition, record.offset)]:
                    found[event.change_order_id] = event
        return found

    # -- transactions

    def _commit(
        self, memory: AccountState, batch: Sequence[_Ready], extra: Sequence[Outgoing], overall: PollState | None
    ) -> int:
        with self._transactions.transaction() as transaction:
            written = self._write(transaction, batch)
            states = [*written.states, *([] if overall is None else [overall])]
            for record in (*written.outcomes, *map(self._records.state, states), *extra):
                transaction.send(record)
            reached(CrashPoint.POLLER_BEFORE_COMMIT)
        reached(CrashPoint.POLLER_AFTER_COMMIT)
        for state in states:
            memory.apply(state)
        events_published = [one.observation.event for one in batch if one.observation.event]
        for event in events_published:
            self._metrics.events_published.labels(memory.system, memory.account, event.change.value).inc()
        if written.outcomes:
            self._metrics.outcomes.labels(self._shelf.stage, _CHANGE_LABELS).inc(len(written.outcomes))
        self._metrics.transactions.labels(self._shelf.stage, "committed").inc()
        return len(events_published)

    def _write(self, transaction: Transaction, ready: Sequence[_Ready]) -> _Written:
        """Sends the events; where they stand goes into what else has to be sent."""
        for one in ready:
            if one.outgoing is not None:
                transaction.send(one.outgoing)
        reached(CrashPoint.POLLER_AFTER_SEND)
        places = iter(transaction.flush())
        written = _Written()
        for one in ready:
            state = one.observation.state
            if one.outgoing is not None:
                place = next(places)
                state = _placed(state, place)
                outcome = self._records.outcome(one.observation, one.outgoing, place)
                written.outcomes += [outcome] if outcome is not None else []
            written.states.append(state)
        return written

    def _close(self, memory: AccountState, survey: PollResult, letters: Sequence[Outgoing]) -> None:
        """The account's own state comes last: only when all is published does the next poll start later."""
        before, extra = memory.account_state, list(letters)
        if survey.swept and before.asked is not None:
            extra.append(self._letters.settled(before.asked, memory.key))
        after = replace(
            before,
            watermark=survey.watermark,
            loaded=before.loaded or survey.swept,
            swept_at=survey.at if survey.swept else before.swept_at,
            asked=None if survey.swept else before.asked,
            hold=None,
        )
        if after != before or extra:
            self._commit(memory, (), extra, replace(after, polled_at=survey.at))
        if survey.swept:
            self._metrics.deletions_asked.labels(memory.system, memory.account).set(0)

    # -- deletions that a person has to confirm

    def _answered(self, memory: AccountState, survey: PollResult) -> PollResult:
        """A settled letter is the permission for exactly what it asked."""
        question = survey.question
        if question is None:
            return survey
        letter = question_id(self._shelf.stage, memory, question)
        if memory.account_state.asked != letter or is_open(self._connection, self._letters, memory, letter):
            return survey
        return replace(survey, deleted=question.missing, question=None, swept=True)

    def _ask(self, memory: AccountState, survey: PollResult) -> None:
        question = survey.question
        if question is None:
            return
        letter = question_letter(self._shelf.stage, memory, question, survey.at)
        extra: list[Outgoing] = []
        if memory.account_state.asked != letter.letter_id:
            extra.append(self._letters.written(letter))
            if memory.account_state.asked is not None:
                extra.append(self._letters.settled(memory.account_state.asked, memory.key))
        overall = replace(
            memory.account_state, asked=letter.letter_id, swept_at=survey.at, polled_at=survey.at, hold=None
        )
        self._commit(memory, (), extra, overall)
        self._metrics.deletions_asked.labels(memory.system, memory.account).set(len(question.missing))
        _log.error(
            events.DELETIONS_ASKED,
            system=memory.system,
            account=memory.account,
            letter=letter.letter_id,
            missing=len(question.missing),
            known=question.known,
            sentence=letter.sentence,
        )


def _remembers(memory: AccountState, seen: ReadChangeOrder) -> bool:
    """Whether poll state knows also how the listing showed it."""
    return seen.row is None or memory.states[seen.change_order_id].row == seen.row


def _placed(state: PollState, place: tuple[Partition, int]) -> PollState:
    partition, offset = place
    return replace(state, partition=partition.number, offset=offset)
