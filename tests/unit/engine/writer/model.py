"""The protocol between a log, a remote system and a clock, all of them virtual.

The remote knows two kinds of call. ``header`` is an upsert by origin id and carries many records;
``note`` creates a new thing each time it is called and can be listed, as a Procore package or a CINX
order. A request may be lost before it is applied, applied without an answer, or applied late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from relay.domain import identity
from relay.domain.backoff import Backoff
from relay.domain.commands import (
    ContractKind,
    Lane,
    Operation,
    ProcoreCommand,
    ProcoreDestination,
    ProcorePayload,
)
from relay.domain.control import Control, Member, PersonHold, Subject
from relay.domain.failures import Ambiguous, Denied, Rejected, Unavailable
from relay.domain.ledger import LedgerEntry
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.rate_use import MinuteUse
from relay.domain.routes import DestinationName
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenRecord
from relay.engine.control.membership import STATED_EVERY, ControlView, Membership
from relay.engine.control.topic_state import ControlFold
from relay.engine.kafka import CommitFailed, Outgoing, Partition, Record, RecordTooLarge
from relay.engine.letters import LetterTopic
from relay.engine.record_codec import record_codec
from relay.engine.topics import CONTROL, LETTERS, PROCORE, WRAPPING_BYTES
from relay.engine.writer.adapter import Accepted, Batch, Done, NotApplied, Plan, PlannedCall, Reject, Result, Task
from relay.engine.writer.in_flight import InFlightCalls
from relay.engine.writer.partition import load_state, run_once
from relay.engine.writer.state.cache import Cache, Table, restored
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.routed import follow_routes
from relay.engine.writer.state.scheduler import BatchKey
from relay.engine.writer.state.store import PartitionTopics, StateStore
from relay.engine.writer.state.timing import Clock, Timing
from relay.engine.writer.steps.receive import receive_batch
from relay.engine.writer.written import Endpoint, Written
from tests.commands import procore_command

T = TypeVar("T")

ACCOUNT = "acme"
LANE = Partition(PROCORE.commands.name(), 0)
SEND_WINDOW, DEADLINE = 2.0, 5.0
TIMING = Timing(
    send_window=SEND_WINDOW,
    quarantine=SEND_WINDOW + DEADLINE,
    lone_doubts=4,
    backoff=Backoff(first=0.5, longest=4.0),
    held_reported_after=3600.0,
    routes_settle_in=20.0,
)
CODEC = record_codec()
LETTER_TOPIC = LetterTopic(partitions=12, max_message_bytes=8 * 1024 * 1024)
"""On a cluster that permits less than is declared."""
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
DESTINATION = ProcoreDestination(project_id=315, contract_id=44021, contract=ContractKind.WORK_ORDER, tiers=2)
ROUTED = DestinationName(ACCOUNT, DESTINATION.name)


@dataclass
class VirtualTime:
    """Seconds since the start; moves only when told to."""

    seconds: float = 0.0

    def clock(self) -> Clock:
        return Clock(now=lambda: START + timedelta(seconds=self.seconds), running=lambda: self.seconds)


class CommitFate(StrEnum):
    """What becomes of a commit."""

    STANDS = "stands"
    FAILS = "fails"
    STANDS_UNANSWERED = "stands_unanswered"


@dataclass
class Log:
    """Every topic of the partition, and the group's offset. Transactions are all or nothing.

    A value without bytes is a tombstone that no owner has written.
    """

    compacted: dict[str, dict[str, bytes]] = field(default_factory=dict)
    outcomes: list[ChangeOrderOutcome] = field(default_factory=list)
    writes: list[RemoteWrite] = field(default_factory=list)
    lane: list[bytes] = field(default_factory=list)
    offset: int = 0
    fates: list[CommitFate] = field(default_factory=list)
    epoch: int = 0
    written_letters: int = 0


def _largest_in(topic: str) -> int:
    return LETTER_TOPIC.max_message_bytes if topic == LETTERS.name() else WRAPPING_BYTES


class ModelJournal:
    """Commits into the log, unless it was fenced or fate is against it."""

    def __init__(self, log: Log, lane: Partition = LANE) -> None:
        log.epoch += 1
        self._log = log
        self._lane = lane
        self._epoch = log.epoch

    @property
    def is_fenced(self) -> bool:
        """Whether a successor has come."""
        return self._epoch != self._log.epoch

    def commit(self, outgoing: Iterable[Outgoing], offsets: Mapping[Partition, int]) -> None:
        if self._epoch != self._log.epoch:
            raise CommitFailed("fenced")
        outgoing = list(outgoing)
        if any(record.size > _largest_in(record.topic) for record in outgoing):
            raise RecordTooLarge("no topic takes it")
        fate = self._log.fates.pop(0) if self._log.fates else CommitFate.STANDS
        if fate is not CommitFate.FAILS:
            self._apply(outgoing, offsets)
        if fate is not CommitFate.STANDS:
            raise CommitFailed("the broker did not answer")

    def _apply(self, outgoing: list[Outgoing], offsets: Mapping[Partition, int]) -> None:
        for record in outgoing:
            key = (record.key or b"").decode()
            if "outcomes" in record.topic:
                self._log.outcomes.append(CODEC.decode(record.value or b"", ChangeOrderOutcome))
            elif "writes" in record.topic:
                self._log.writes.append(CODEC.decode(record.value or b"", RemoteWrite))
            elif record.value is None:
                self._log.compacted.setdefault(record.topic, {}).pop(key, None)
            else:
                self._log.compacted.setdefault(record.topic, {})[key] = record.value
                self._log.written_letters += record.topic == LETTERS.name()
        self._log.offset = offsets.get(self._lane, self._log.offset)


class RequestFate(StrEnum):
    """What becomes of a request."""

    ANSWERED = "answered"
    NOT_SENT = "not_sent"
    LOST_BEFORE = "lost_before"
    LOST_AFTER = "lost_after"
    LATE = "late"


@dataclass
class Remote:
    """What the remote holds, and everything that was ever applied to it."""

    headers: dict[str, tuple[int, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    applied: list[tuple[str, int]] = field(default_factory=list)
    late: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def upsert(self, elements: list[tuple[str, int, str]]) -> dict[str, bool]:
        taken = {}
        for origin_id, sequence, title in elements:
            taken[origin_id] = title != "refused"
            if taken[origin_id]:
                self.headers[origin_id] = (sequence, title)
                self.applied.append((origin_id, sequence))
        return taken

    def create(self, origin_id: str) -> None:
        self.notes.append(origin_id)


class ManualExecutor(Executor):
    """Requests wait here until the test lets one go, with the fate it chooses."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], Any]] = []
        self.writing = 0
        """How many writing calls were handed over."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        self.writing += any(isinstance(argument, BatchKey) and argument.writes for argument in args)
        self.waiting.append(lambda: fn(*args, **kwargs))
        return Future()


class ModelAdapter:
    """Carries title changes; approval makes a note, which must exist once."""

    system = "procore"

    def __init__(self, remote: Remote, time: VirtualTime) -> None:
        self.remote = remote
        self.time = time
        self.fate = RequestFate.ANSWERED
        self.down = False
        self.denied = False
        self.slot_in = 0.0
        self.refusal = "The remote refuses this title."
        self.refuses_calls = False
        self.refused_calls = 0
        self.spoilt = ""

    def plan(self, task: Task[ProcoreCommand]) -> Plan:
        command, entry = task.command, task.entry
        if task.intent is not None and task.intent.step == "note":
            return PlannedCall(step="find_note", batch="all", writes=False, most=1)
        if command.operation is Operation.WITHDRAW:
            return Done(kind=OutcomeKind.WITHDRAWN)
        if command.payload is None:
            return Done()
        parts = entry.parts if entry else {}
        if command.operation is Operation.ADOPT:  # A person says that what is there is right.
            adopted = "note" in parts or command.payload.status != "approved"
            return Done() if adopted else PlannedCall(step="find_note", batch="all", writes=False, most=1)
        content = identity.part_hash([command.payload.title, command.sequence])
        if task.intent is not None or "header" not in parts or parts["header"].hash != content:
            element = (command.origin_id, command.sequence, command.payload.title)
            wanted = {"header": content}
            return PlannedCall(step="header", batch="all", element=element, parts=wanted, bytes_hash=content, most=8)
        if command.payload.status == "approved" and "note" not in parts:
            return PlannedCall(step="note", batch="all", element=None, parts={"note": "1"}, bytes_hash="n", most=1)
        return Done()

    def execute(self, batch: Batch[ProcoreCommand]) -> Mapping[str, Result]:
        if self.time.seconds > batch.not_after and batch.step != "find_note":
            raise Unavailable("the send window has closed")
        if self.refuses_calls:
            self.refused_calls += 1
            raise Rejected("procore.rejected", "the call is refused as a whole")
        if self.down or self.fate is RequestFate.NOT_SENT:
            raise Unavailable("refused")
        if self.denied:
            raise Denied("not yours")
        return self._with_fate(batch)

    def _with_fate(self, batch: Batch[ProcoreCommand]) -> Mapping[str, Result]:
        if batch.step == "find_note":
            return self._apply(batch)
        if self.fate is RequestFate.LOST_BEFORE:
            raise Ambiguous("no answer")
        if self.fate is RequestFate.LATE:
            self.remote.late.append((self.time.seconds + DEADLINE, lambda: self._apply(batch)))
            raise Ambiguous("no answer in time")
        results = self._apply(batch)
        if self.fate is RequestFate.LOST_AFTER:
            raise Ambiguous("the answer was lost")
        return results

    def _apply(self, batch: Batch[ProcoreCommand]) -> dict[str, Result]:
        ids = [task.command.origin_id for task in batch.tasks]
        if batch.step == "find_note":
            return {
                origin_id: Accepted(parts={"note": "1"}) if origin_id in self.remote.notes else NotApplied()
                for origin_id in ids
            }
        if batch.step == "note":
            self.remote.create(ids[0])
            return {ids[0]: Accepted(parts={"note": "1"})}
        elements = [call.element for call in batch.calls]
        taken = self.remote.upsert(elements)  # type: ignore[arg-type]  # made by plan above
        return {
            call.element[0]: Accepted(parts=call.parts)  # type: ignore[index]  # as above
            if taken[call.element[0]]  # type: ignore[index]  # as above
            else Reject(reason="procore.rejected", sentence=self.refusal)
            for call in batch.calls
        }

    def acquire_slot(self, account: str, lane: Lane) -> float:
        return self.slot_in

    def release_slot(self, account: str, lane: Lane) -> None:
        """Nothing was taken."""

    def needs_probe(self, account: str) -> bool:
        return False

    def facts_to_keep(self, account: str) -> dict[str, str]:
        return {}

    def restore_facts(self, account: str, facts: Mapping[str, str]) -> None:
        """Nothing was noted."""

    def used(self, account: str) -> tuple[MinuteUse, ...]:
        return ()

    def own(self, account: str, used: tuple[MinuteUse, ...]) -> None:
        """Nothing counts by the hour."""

    def disown(self, account: str) -> None:
        """Nothing is lent."""

    def probe_tenant(self, account: str) -> None:
        if self.down:
            raise Unavailable("refused")

    def probe_destination(self, task: Task[ProcoreCommand]) -> None:
        self.probe_tenant(task.command.account)
        if self.denied:
            raise Denied("not yours")

    def destination_scope(self, task: Task[ProcoreCommand]) -> str:
        return "project:315"

    def describe(self, entry: LedgerEntry) -> tuple[RemoteRecord, ...]:
        """A defect of ours shows with the change order whose key ends in ``spoilt``."""
        if self.spoilt and entry.change_order_key.endswith(self.spoilt):
            raise KeyError("a defect")
        return ()

    def written(
        self, task: Task[ProcoreCommand], step: str, call: PlannedCall | None, result: Accepted, entry: LedgerEntry
    ) -> Written:
        """The header is worth as much as its title has letters; it stands for a line. Both kinds are made once."""
        known = task.entry is not None and step in task.entry.parts
        operation = WriteOperation.UPDATED if known else WriteOperation.CREATED
        record = WrittenRecord(kind=step, parts=dict.fromkeys(result.parts, ""), operation=operation)
        return Written(endpoint=Endpoint("PATCH", f"/{step}"), records=(record,))

    def preview(self, task: Task[ProcoreCommand]) -> str:
        return "{}"


def command(number: int, sequence: int, title: str, status: str, *, withdraw: bool = False) -> ProcoreCommand:
    """A command about change order ``number``."""
    return procore_command(
        str(number),
        None if withdraw else ProcorePayload(title=title, status=status),
        DESTINATION,
        sequence=sequence,
        operation=Operation.WITHDRAW if withdraw else Operation.APPLY,
        account=ACCOUNT,
        command_id=f"{number}/{sequence}",
        mapped_at=START + timedelta(seconds=sequence),
        idempotency_key=f"{number}/{sequence}",
    )


class ProtocolModel:
    """One owner at a time over one log and one remote."""

    fences_first = True

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.log = Log()
        self.remote = Remote()
        self.sent: list[ProcoreCommand] = []
        self.cache = Cache()
        self.routed = frozenset({ROUTED})
        self.control: list[Record] = []
        self.control_is_reachable = True
        self.holds_everything: PersonHold | None = None
        self.sent_under_a_hold = 0
        self._stated_at = 0.0
        self._folded = 0
        self._offsets: dict[tuple[str, str], int] = {}
        self.start()

    # -- what people ask for

    def write_control(self, key: str, value: bytes | None) -> None:
        """A record on the control topic."""
        self.control.append(Record(CONTROL.name(), 0, len(self.control), key.encode(), value, (), 0))

    def hold(self, kind: Subject, subject: str, until: datetime | None = None) -> PersonHold:
        """A person holds something."""
        number = sum(record.value is not None for record in self.control) + 1
        held = PersonHold(
            hold_id=f"h{number}",
            kind=kind,
            subject=subject,
            reason="the contract is in dispute",
            person="Ann",
            since=self.state.clock.now(),
            until=until,
        )
        control = Control(hold=held)
        self.write_control(control.key, CODEC.encode(control, CONTROL.name()))
        return held

    def release(self, held: PersonHold) -> None:
        """A person ends a hold."""
        self.write_control(Control(hold=held).key, None)

    def hold_everything(self) -> None:
        """A person holds the account, unless it is held."""
        if self.holds_everything is None:
            self.holds_everything = self.hold(Subject.ACCOUNT, f"procore:{ACCOUNT}")

    def release_everything(self) -> None:
        """The account is held no longer."""
        if self.holds_everything is not None:
            self.release(self.holds_everything)
            self.holds_everything = None

    def _read_control(self) -> None:
        """What the follower does: it reads the topic to its end, while that can be reached."""
        if self.control_is_reachable:
            for record in self.control[self._folded :]:
                self._fold.add(record)
            self._folded = len(self.control)
            standing = self._fold.standing(self._folded)
            self._newest = ControlView(holds=standing.holds, offset=standing.offset, read_at=self.time.seconds)

    def _state_member(self) -> None:
        if self.control_is_reachable:
            wanted, offset = self.member.wanted, len(self.control)
            stated = Control(
                member=Member(
                    stage="procore-writer",
                    instance="one",
                    release="1",
                    reads={},
                    routes="",
                    control_offset=wanted.obeys,
                    owns=tuple(wanted.owns),
                    at=self.state.clock.now(),
                    calls={},
                )
            )
            self.write_control(stated.key, CODEC.encode(stated, CONTROL.name()))
            self.member.stated(wanted, offset, self.time.seconds)
            self._stated_at = self.time.seconds

    def take_over_while(self, step: Callable[[], object]) -> None:
        """A successor comes while the owner takes ``step``."""
        if self.fences_first:
            ModelJournal(self.log)
            step()
            return
        before = {topic: dict(values) for topic, values in self.log.compacted.items()}
        step()
        self.start(before)

    def start(self, seen: Mapping[str, Mapping[str, bytes]] | None = None) -> None:
        """A new owner: fence, restore, take up. Requests of the old one may still arrive.

        ``seen``: what it restores from, where that is not what stands on the topics.
        """
        compacted = self.log.compacted if seen is None else seen
        topics = PartitionTopics(family=PROCORE, prefix="", number=0, letter_topic=LETTER_TOPIC)
        self.adapter = ModelAdapter(self.remote, self.time)
        self.executor = ManualExecutor()
        journal = ModelJournal(self.log)
        self.cache.close()
        tables = {Partition(topics.inbox, 0): Table.INBOX, Partition(topics.ledger, 0): Table.LEDGER}
        self.cache = cache = restored(tables, lambda partitions: self._records(partitions, compacted))
        self.state = PartitionState(
            stage="procore-writer",
            adapter=self.adapter,
            command_type=ProcoreCommand,
            store=StateStore(topics, cache, CODEC),
            codec=CODEC,
            journal=journal,
            accounts=frozenset({ACCOUNT}),
            routed=self.routed,
            clock=self.time.clock(),
            timing=TIMING,
            offsets={LANE: self.log.offset},
            fenced_at=self.time.seconds,
            open_among=lambda letters: {letter.letter_id for letter in letters} & self.open_letters(),
        )
        load_state(self.state)
        self.calls: InFlightCalls[ProcoreCommand] = InFlightCalls(self.executor)
        self._fold = ControlFold(CODEC)
        self._folded = 0
        self._newest = ControlView()
        self.member = Membership("procore-writer", lambda: self._newest, lambda: None)
        self.member.state({f"procore:{ACCOUNT}"})
        self._state_member()

    def route(self, *routed: DestinationName) -> None:
        """The owner takes over a file whose routes name ``routed``."""
        self.routed = frozenset(routed)
        follow_routes(self.state, self.routed)

    def overwrite(self, topic: str, key: str, value: bytes) -> None:
        """A stranger writes a record under a key of ours; who owns the partition then does not notice."""
        assert key in self.log.compacted[topic]
        self.log.compacted[topic][key] = value

    def open_letters(self) -> set[str]:
        """The ids of the open letters."""
        return set(self.log.compacted.get(LETTERS.name(), {}))

    def letters(self) -> list[DeadLetter]:
        """The open letters."""
        return [
            CODEC.decode(value, DeadLetter) for value in self.log.compacted.get(LETTERS.name(), {}).values() if value
        ]

    def _records(
        self, partitions: Iterable[Partition], compacted: Mapping[str, Mapping[str, bytes]]
    ) -> Iterator[Record]:
        """What a reader of these partitions finds; a key keeps its offset."""
        for topic, number in partitions:
            for key, value in compacted.get(topic, {}).items():
                offset = self._offsets.setdefault((topic, key), len(self._offsets))
                yield Record(topic, number, offset, key.encode(), value or None, (), 0)

    def close(self) -> None:
        """Removes the cache's file."""
        self.cache.close()

    def submit(self, command: ProcoreCommand) -> None:
        """The mapper writes a command to the lane."""
        self.sent.append(command)
        self.log.lane.append(CODEC.encode(command, LANE.topic))

    def attempt(self, step: Callable[[], object]) -> None:
        """A step of the owner; an uncertain commit makes it fence and restore."""
        try:
            step()
        except CommitFailed:
            self.start()

    def receive(self) -> None:
        """The owner takes in what lies on the lane."""
        begin = self.state.offsets.get(LANE, 0)
        records = [
            Record(LANE.topic, 0, offset, b"", value, (), 0)
            for offset, value in enumerate(self.log.lane)
            if offset >= begin
        ]
        if records:
            self.attempt(lambda: receive_batch(self.state, Lane.LIVE, records))

    def work(self) -> None:
        """One turn of the owner's loop."""
        self.attempt(self._work)

    def _work(self) -> None:
        before, everything_is_held = self.executor.writing, self.holds_everything
        self._read_control()
        if self.time.seconds - self._stated_at >= STATED_EVERY:
            self._state_member()
            self._read_control()
        run_once(self.state, self.calls, self.member.take())
        if everything_is_held and self.control_is_reachable:
            self.sent_under_a_hold += self.executor.writing - before
        self.member.state({f"procore:{ACCOUNT}"})

    def deliver(self, fate: RequestFate) -> None:
        """The oldest waiting request meets its fate."""
        if self.executor.waiting:
            self.adapter.fate = fate
            self.executor.waiting.pop(0)()
            self.adapter.fate = RequestFate.ANSWERED

    def pass_time(self, seconds: float) -> None:
        """Time passes; late requests are applied when theirs has come."""
        target = self.time.seconds + seconds
        for moment, apply in sorted(self.remote.late, key=lambda pair: pair[0]):
            if moment <= target:
                apply()
        self.remote.late = [pair for pair in self.remote.late if pair[0] > target]
        self.time.seconds = target

    def settle(self) -> None:
        """No more faults: the owner works until nothing is left to do."""
        self.log.fates.clear()
        self.adapter.down = False
        for _ in range(400):
            self.receive()
            self.work()
            while self.executor.waiting:
                self.deliver(RequestFate.ANSWERED)
            self.work()
            if not self.state.scheduler.has_work() and not any(self.state.scheduler.delayed()) and not self.calls:
                return
            self.pass_time(1.0)
        raise AssertionError("the owner does not come to rest")


def map_anew(model: ProtocolModel, destination: ProcoreDestination) -> None:
    """The keeper maps what no route named again, with a file that names ``destination``."""
    for letter in model.letters():
        if letter.reason == "procore.destination_unrouted":
            lost = CODEC.decode(letter.record_value or b"", ProcoreCommand)
            anew = replace(lost, destination=destination, command_id=f"{lost.command_id}/anew")
            later = lost.mapped_at + timedelta(milliseconds=1)
            model.submit(replace(anew, mapped_at=later, letter_id=letter.letter_id))


__all__ = ["CommitFate", "Log", "ModelJournal", "ProtocolModel", "RequestFate", "VirtualTime", "command"]
