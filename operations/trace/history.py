"""Everything that the topics hold about one change order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from operations.audit import now
from operations.environment import Environment
from operations.holds.standing import holds_on, in_force, read_standing
from operations.reading import known_accounts, offsets_at, pass_over
from operations.route_names import route_names
from operations.status.inbox import claim_of, holds_back, inbox_starts, is_open
from relay.domain.commands import COMMAND_TYPES, Lane, TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.identity import project_letter_id, tenant_partition
from relay.domain.json_object import object_in
from relay.domain.ledger import Hold, InboxRecord, Intent, LedgerEntry, Slot, Waiting
from relay.domain.letters import DeadLetter
from relay.domain.mapping.events import starts_here
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.person_holds import AnyHold
from relay.domain.records import OperatorAction
from relay.domain.route_names import RouteNames
from relay.engine.kafka import (
    BatchFilter,
    Cluster,
    Partition,
    Progress,
    Record,
    Withheld,
    holding,
    partition_of,
    read_to_end,
    unwatched,
)
from relay.engine.topics import AUDIT, CONTROL, FAMILIES, LETTERS, NAMES, OBSERVED, OUTCOMES, WRITERS, Family, Topic
from relay.engine.writer.state.store import slot_and_subject
from schemas import Unreadable

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")

_SKEW_MS = 3_600_000
"""Clocks of two machines differ by less; commands are looked for from this long before the first event."""

TOPICS: tuple[Topic, ...] = (
    OBSERVED,
    OUTCOMES,
    LETTERS,
    AUDIT,
    NAMES,
    CONTROL,
    *(topic for family in FAMILIES.values() for topic in family.all),
)
"""Every topic that may hold something of a change order, that of the accounts' names, and that of people's holds."""


@dataclass(frozen=True, slots=True)
class SentCommand:
    """A command, the lane that it took, and when it was put there."""

    command: TargetCommand
    lane: Lane
    at: datetime


@dataclass(slots=True)
class History:
    """What is known of one change order. Lists are in the order of their partitions.

    ``waiting`` holds the inbox's commands by slot and origin id; ``holds`` are those that hold one of them back, by
    scope; ``ahead`` are other change orders' open submissions, by the origin id that waits for them to end. ``places``:
    by target where today's routes send it. ``names``: what targets are called to people. ``people_holds`` are holds by
    people that are in force, on whatever.
    ``unreadable`` counts records that this release cannot read.
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
    places: dict[str, str] = field(default_factory=dict)
    names: RouteNames = field(default_factory=RouteNames)
    people_holds: list[AnyHold] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not (self.events or self.commands or self.outcomes or self.letters or self.ledger or self.waiting)

    def is_held(self, origin_id: str, hold: Hold) -> bool:
        """Whether what waits for this origin id waits for the end of the hold."""
        command = self.latest_command(origin_id)
        return command is not None and holds_back(hold, command)

    def on_hold(self, origin_id: str) -> list[AnyHold]:
        """People's holds on what goes to this origin id."""
        entry = self.ledger.get(origin_id)
        return holds_on(self.people_holds, self.latest_command(origin_id), entry.destination if entry else None)

    def latest_command(self, origin_id: str) -> TargetCommand | None:
        """The last command for an origin id, or ``None`` where retention has removed it."""
        commands = (sent.command for sent in reversed(self.commands) if sent.command.origin_id == origin_id)
        return next(commands, None)


def read_history(
    environment: Environment, key: str, counts: Mapping[Topic, int], progress: Progress = unwatched
) -> History:
    """Reads, of each topic, the one partition in which the change order's records lie; what is not of it is not kept.

    ``progress`` is told of each part of the reading anew.
    """
    history = _HistoryReader(environment, key, counts, progress).read()
    history.names = route_names(environment)
    history.places = _places_today(history)
    history.people_holds = in_force(read_standing(environment), now())
    return history


def _places_today(history: History) -> dict[str, str]:
    """By target, where the routes send the change order; none where there is no configuration that can be read."""
    return {
        target.name: target.destination.name
        for route in (history.names.routes if history.events else ())
        if starts_here(route, history.events[-1])
        for target in route.targets
    }


class _HistoryReader:
    def __init__(self, environment: Environment, key: str, counts: Mapping[Topic, int], progress: Progress) -> None:
        self._environment = environment
        self._progress = progress
        self._counts = counts
        self._key = key.encode()
        self._origins = f"cor:{key}:".encode()
        self._history = History(key)
        self._other_intents: dict[str, Intent] = {}
        self._first: int | None = None
        name = environment.name
        self._by_topic: dict[str, Callable[[Record], None]] = {
            name(OBSERVED): self._event,
            name(OUTCOMES): self._outcome,
            name(LETTERS): self._letter,
            name(AUDIT): self._action,
        }
        for family in FAMILIES.values():
            kind = COMMAND_TYPES[family.system]
            self._by_topic[name(family.commands)] = partial(self._command, kind, Lane.LIVE)
            self._by_topic[name(family.backfill)] = partial(self._command, kind, Lane.BACKFILL)
            self._by_topic[name(family.inbox)] = self._inbox
            self._by_topic[name(family.ledger)] = self._entry

    def read(self) -> History:
        """Reads the change order's own partitions, then its tenants' from its first event on."""
        own, origins = holding(self._key), holding(self._origins)
        self._read_all(self._own_partitions(), pass_over=self._pass_over, batches=own)
        # A letter's end is told by its id alone.
        self._read_all(self._letter_partitions(), pass_over=self._pass_over)
        self._read_all(self._environment.every(AUDIT, self._counts[AUDIT]), pass_over=self._pass_over, batches=own)
        lanes = self._tenant_partitions(lambda family: family.lanes)
        start = offsets_at(self._environment.connection, lanes, self._first) if self._first is not None else {}
        self._read_all(lanes, start, pass_over=self._pass_over, batches=origins)
        self._read_inboxes()
        self._read_all(self._tenant_partitions(lambda family: [family.ledger]), batches=origins)
        history = self._history
        history.holds = {
            scope: hold
            for scope, hold in history.holds.items()
            if any(history.is_held(origin_id, hold) for _, origin_id in history.waiting)
        }
        history.ahead = dict(self._ahead())
        return history

    def _read_inboxes(self) -> None:
        """From where their owners say that they begin."""
        every = self._tenant_partitions(lambda family: [family.inbox])
        for stage, family in WRITERS.items():
            inboxes = [one for one in every if one.topic == self._environment.name(family.inbox)]
            with Cluster(self._environment.connection) as cluster:
                start = inbox_starts(self._environment, cluster, stage, family, inboxes)
            self._read_all(inboxes, start)

    def _own_partitions(self) -> list[Partition]:
        """Where the change order's key lies."""
        return [
            Partition(self._environment.name(topic), partition_of(self._key, self._counts[topic]))
            for topic in (OBSERVED, OUTCOMES)
        ]

    def _letter_partitions(self) -> list[Partition]:
        """Where its letters lie, and that about its project, which lies by its own id."""
        told = {outcome.letter_id for outcome in self._history.outcomes}
        of_projects = {
            project_letter_id(event.system, event.account, event.project)
            for event in self._history.events
            if event.project is not None
        }
        keys = {self._key, *(letter_id.encode() for letter_id in of_projects & told)}
        numbers = {partition_of(key, self._counts[LETTERS]) for key in keys}
        return [Partition(self._environment.name(LETTERS), number) for number in sorted(numbers)]

    def _tenant_partitions(self, topics_of: Callable[[Family], Iterable[Topic]]) -> list[Partition]:
        """The partitions of every known tenant: the change order may have gone to any of them."""
        accounts = known_accounts(self._environment, self._counts[NAMES])
        partitions = []
        for family in FAMILIES.values():
            count = self._counts[family.commands]
            numbers = {
                tenant_partition(account.system, account.name, count)
                for account in accounts
                if account.system == family.system
            }
            for topic in topics_of(family):
                partitions += [Partition(self._environment.name(topic), number) for number in sorted(numbers)]
        return partitions

    def _read_all(
        self,
        partitions: Sequence[Partition],
        start: Mapping[Partition, int] | None = None,
        *,
        pass_over: Callable[[Withheld], None] | None = None,
        batches: BatchFilter | None = None,
    ) -> None:
        records = read_to_end(
            self._environment.connection,
            partitions,
            start=start,
            pass_over=pass_over,
            batches=batches,
            progress=self._progress,
        )
        for record in records:
            try:
                self._by_topic[record.topic](record)
            except (Unreadable, ValueError, OverflowError):  # a timestamp may be of any size
                self._history.unreadable += 1

    def _pass_over(self, withheld: Withheld) -> None:
        self._history.unreadable += 1
        pass_over(withheld)

    def _decoded(self, record: Record, kind: type[T]) -> T:
        return self._environment.codec.decode(record.value or b"", kind)

    # -- one record of each topic

    def _event(self, record: Record) -> None:
        if record.key == self._key:
            if self._first is None:
                self._first = max(0, record.timestamp_ms - _SKEW_MS)
            self._history.events.append(self._decoded(record, ChangeOrderObserved))

    def _outcome(self, record: Record) -> None:
        if record.key == self._key:
            self._history.outcomes.append(self._decoded(record, ChangeOrderOutcome))

    def _letter(self, record: Record) -> None:
        letter_id = (record.key or b"").decode()
        self._history.letters.pop(letter_id, None)
        if record.value is not None:
            letter = self._decoded(record, DeadLetter)
            told = {outcome.letter_id for outcome in self._history.outcomes}
            if letter.change_order_key == self._history.key or (letter.of_project and letter_id in told):
                self._history.letters[letter_id] = letter

    def _action(self, record: Record) -> None:
        if record.key == self._key:
            self._history.actions.append(self._decoded(record, OperatorAction))

    def _command(self, kind: type[TargetCommand], lane: Lane, record: Record) -> None:
        if (record.key or b"").startswith(self._origins):
            self._history.commands.append(SentCommand(self._decoded(record, kind), lane, record.written_at))

    def _entry(self, record: Record) -> None:
        if (record.key or b"").startswith(self._origins) and record.value is not None:
            entry = self._decoded(record, LedgerEntry)
            self._history.ledger[entry.origin_id] = entry

    def _inbox(self, record: Record) -> None:
        key = record.key or b""
        is_own = key.startswith(self._origins)
        if not is_own and not key.endswith((b"|hold", b"|intent")):
            return
        slot, subject = slot_and_subject(key.decode())
        value = self._decoded(record, InboxRecord) if record.value is not None else InboxRecord()
        if slot is Slot.HOLD:
            _put(self._history.holds, subject, value.hold)
        elif slot is Slot.INTENT:
            _put(self._history.intents if is_own else self._other_intents, subject, value.intent)
        else:
            _put(self._history.waiting, (slot, subject), value.waiting)

    def _ahead(self) -> Iterator[tuple[str, Intent]]:
        """What waits with another's open submission before it."""
        open_intents = (intent for intent in self._other_intents.values() if is_open(intent) and intent.exclusive)
        claims = {intent.exclusive: intent for intent in open_intents}
        for _, origin_id in self._history.waiting:
            command = self._history.latest_command(origin_id)
            claim = claim_of(command) if command is not None else None
            if claim in claims and not is_open(self._history.intents.get(origin_id)):
                yield origin_id, claims[claim]


def _put(records: dict[K, V], key: K, value: V | None) -> None:
    if value is None:
        records.pop(key, None)
    else:
        records[key] = value


def details(action: OperatorAction) -> dict[str, Any]:
    """What an operator's action is about; empty where its entry says nothing that can be read."""
    return object_in(action.details) or {}
