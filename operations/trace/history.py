"""Everything that the topics hold about one change order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from operations.environment import Environment
from operations.reading import known_accounts, offsets_at
from operations.status.inbox import claim_of, is_open, stands_behind
from relay.domain.commands import CinxCommand, Lane, ProcoreCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.identity import tenant_partition
from relay.domain.ledger import Hold, HoldKind, InboxRecord, Intent, LedgerEntry, Slot, Waiting
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.records import OperatorAction
from relay.engine.kafka import Partition, Record, partition_of, read_to_end
from relay.engine.topics import AUDIT, FAMILIES, LETTERS, NAMES, OBSERVED, OUTCOMES, Topic
from relay.engine.writer.state.holds import tenant_of
from relay.engine.writer.state.store import slot_and_subject
from schemas import Unreadable

T = TypeVar("T")

_SKEW_MS = 3_600_000
"""Clocks of two machines differ by less; commands are looked for from this long before the first event."""

TOPICS: tuple[Topic, ...] = (
    OBSERVED,
    OUTCOMES,
    LETTERS,
    AUDIT,
    NAMES,
    *(topic for family in FAMILIES.values() for topic in family.all),
)
"""What is read."""


@dataclass(frozen=True, slots=True)
class SentCommand:
    """A command, the lane that it took, and when it was put there."""

    command: ProcoreCommand | CinxCommand
    lane: Lane
    at: datetime


@dataclass(slots=True)
class History:
    """What is known of one change order. Lists are in the order of their partitions.

    ``waiting`` holds the inbox's slots by ``{slot} {origin id}``; ``holds`` are those of the tenants
    that anything waits for; ``ahead`` are other change orders' open submissions, by the origin id that
    waits for them to end. ``unreadable`` counts records that this release cannot read.
    """

    key: str
    events: list[ChangeOrderObserved] = field(default_factory=list)
    commands: list[SentCommand] = field(default_factory=list)
    outcomes: list[ChangeOrderOutcome] = field(default_factory=list)
    letters: dict[str, DeadLetter] = field(default_factory=dict)
    ledger: dict[str, LedgerEntry] = field(default_factory=dict)
    waiting: dict[tuple[Slot, str], Waiting] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    ahead: dict[str, Intent] = field(default_factory=dict)
    actions: list[OperatorAction] = field(default_factory=list)
    unreadable: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not (self.events or self.commands or self.outcomes or self.letters or self.ledger or self.waiting)


def read_history(environment: Environment, key: str, counts: dict[Topic, int]) -> History:
    """Reads, of each topic, the one partition in which the change order's records lie."""
    return _HistoryReader(environment, key, counts).read()


class _HistoryReader:
    def __init__(self, environment: Environment, key: str, counts: dict[Topic, int]) -> None:
        self._environment = environment
        self._counts = counts
        self._key = key.encode()
        self._origins = f"cor:{key}:".encode()
        self._life = History(key)
        self._others: dict[str, Intent] = {}
        self._first: int | None = None
        name = environment.name
        self._by_topic = {
            name(OBSERVED): self._event,
            name(OUTCOMES): self._outcome,
            name(LETTERS): self._letter,
            name(AUDIT): self._action,
        }
        for family in FAMILIES.values():
            kind: type[Any] = CinxCommand if family.system == "cinx" else ProcoreCommand
            self._by_topic[name(family.commands)] = self._commands(kind, Lane.LIVE)
            self._by_topic[name(family.backfill)] = self._commands(kind, Lane.BACKFILL)
            self._by_topic[name(family.inbox)] = self._inbox
            self._by_topic[name(family.ledger)] = self._entry

    def read(self) -> History:
        """All of it."""
        self._take(self._mine())
        lanes = [Partition(self._environment.name(topic), number) for topic, number in self._shelves(lanes=True)]
        books = [Partition(self._environment.name(topic), number) for topic, number in self._shelves(lanes=False)]
        start = offsets_at(self._environment.connection, lanes, self._first) if self._first is not None else {}
        self._take([*lanes, *books], dict(start))
        self._life.holds = {scope: one for scope, one in self._life.holds.items() if self._concerns(one)}
        self._life.ahead = dict(self._ahead())
        return self._life

    def _mine(self) -> list[Partition]:
        name, counts = self._environment.name, self._counts
        keyed = [
            Partition(name(topic), partition_of(self._key, counts[topic])) for topic in (OBSERVED, OUTCOMES, LETTERS)
        ]
        return [*keyed, *self._environment.every(AUDIT, counts[AUDIT])]

    def _shelves(self, *, lanes: bool) -> Iterator[tuple[Topic, int]]:
        """The partitions of every known tenant: the change order may have gone to any of them."""
        accounts = known_accounts(self._environment, self._counts[NAMES])
        for family in FAMILIES.values():
            count = self._counts[family.commands]
            numbers = {
                tenant_partition(account.system, account.name, count)
                for account in accounts
                if account.system == family.system
            }
            topics = family.lanes if lanes else family.stores
            yield from ((topic, number) for topic in topics for number in sorted(numbers))

    def _take(self, partitions: Sequence[Partition], start: dict[Partition, int] | None = None) -> None:
        for record in read_to_end(self._environment.connection, partitions, start=start):
            try:
                self._by_topic[record.topic](record)
            except (Unreadable, ValueError):
                self._life.unreadable += 1

    def _decoded(self, record: Record, kind: type[T]) -> T:
        return self._environment.codec.decode(record.value or b"", kind)

    # -- one record of each topic

    def _event(self, record: Record) -> None:
        if record.key == self._key:
            if self._first is None:
                self._first = record.timestamp_ms - _SKEW_MS
            self._life.events.append(self._decoded(record, ChangeOrderObserved))

    def _outcome(self, record: Record) -> None:
        if record.key == self._key:
            self._life.outcomes.append(self._decoded(record, ChangeOrderOutcome))

    def _letter(self, record: Record) -> None:
        letter_id = (record.key or b"").decode()
        self._life.letters.pop(letter_id, None)
        if record.value is not None:
            letter = self._decoded(record, DeadLetter)
            if letter.change_order_key == self._life.key:
                self._life.letters[letter_id] = letter

    def _action(self, record: Record) -> None:
        if record.key == self._key:
            self._life.actions.append(self._decoded(record, OperatorAction))

    def _commands(self, kind: type[ProcoreCommand | CinxCommand], lane: Lane) -> Any:
        def take(record: Record) -> None:
            if (record.key or b"").startswith(self._origins):
                at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
                self._life.commands.append(SentCommand(self._decoded(record, kind), lane, at))

        return take

    def _entry(self, record: Record) -> None:
        if (record.key or b"").startswith(self._origins) and record.value is not None:
            entry = self._decoded(record, LedgerEntry)
            self._life.ledger[entry.origin_id] = entry

    def _inbox(self, record: Record) -> None:
        key = record.key or b""
        own = key.startswith(self._origins)
        if not own and not key.endswith((b"|hold", b"|intent")):
            return
        slot, about = slot_and_subject(key.decode())
        found = self._decoded(record, InboxRecord) if record.value is not None else InboxRecord()
        if slot is Slot.HOLD:
            _put(self._life.holds, about, found.hold)
        elif slot is Slot.INTENT:
            _put(self._life.intents if own else self._others, about, found.intent)
        else:
            _put(self._life.waiting, (slot, about), found.waiting)

    def _concerns(self, hold: Hold) -> bool:
        """Whether a hold is on a tenant that something of the change order goes to.

        Another change order's doubt counts only where both go to the same place.
        """
        commands = [sent.command for sent in self._life.commands]
        if hold.kind is not HoldKind.DOUBT:
            return tenant_of(hold.scope) in {command.tenant for command in commands}
        return any(stands_behind(one, hold) for one in commands)

    def _ahead(self) -> Iterator[tuple[str, Intent]]:
        """What waits with another's open submission before it."""
        claims = {intent.exclusive: intent for intent in self._others.values() if is_open(intent) and intent.exclusive}
        newest = {sent.command.origin_id: sent.command for sent in self._life.commands}
        for _, origin_id in self._life.waiting:
            claim = claim_of(newest[origin_id]) if origin_id in newest else None
            if claim in claims and not is_open(self._life.intents.get(origin_id)):
                yield origin_id, claims[claim]


def _put(shelf: dict[Any, Any], key: object, value: object | None) -> None:
    if value is None:
        shelf.pop(key, None)
    else:
        shelf[key] = value


def details(action: OperatorAction) -> dict[str, Any]:
    """What an operator's action is about."""
    try:
        found = json.loads(action.details)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
