"""The protocol between a log, a remote system and a clock, all of them virtual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from operations.ledger.entries import REASON, ask_about_doubts, put_folded, slots
from relay.domain.commands import (
    ContractKind,
    Lane,
    Operation,
    ProcoreCommand,
    ProcoreDestination,
    ProcorePayload,
    Version,
)
from relay.domain.control import Control, Member, PersonHold, Subject
from relay.domain.ledger import Slot
from relay.domain.letters import DeadLetter
from relay.domain.routes import DestinationName
from relay.domain.writes.ledger_fold import LedgerFold
from relay.engine.control.membership import STATED_EVERY, ControlView, Membership
from relay.engine.control.topic_state import ControlFold
from relay.engine.kafka import CommitFailed, Record
from relay.engine.topics import CONTROL, LETTERS, PROCORE
from relay.engine.writer.in_flight import InFlightCalls
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.restore import load_state, restored_store
from relay.engine.writer.state.routed import follow_routes
from relay.engine.writer.state.store import PartitionTopics, StateStore
from relay.engine.writer.steps.receive import receive_batch
from relay.engine.writer.turn import run_once
from tests.commands import procore_command
from tests.unit.engine.writer.virtual_log import (
    CODEC,
    LANE,
    LETTER_TOPIC,
    START,
    TIMING,
    Log,
    ModelJournal,
    VirtualTime,
)
from tests.unit.engine.writer.virtual_remote import ManualExecutor, ModelAdapter, Remote, RequestFate

ACCOUNT = "acme"
DESTINATION = ProcoreDestination(project_id=315, contract_id=44021, contract=ContractKind.WORK_ORDER, tiers=2)
ROUTED = DestinationName(ACCOUNT, DESTINATION.name)


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
        self.routed = frozenset({ROUTED})
        self.control: list[Record] = []
        self.control_is_reachable = True
        self.holds_everything: PersonHold | None = None
        self.sent_under_a_hold = 0
        self.asked_about: set[tuple[str, int]] = set()
        self._stated_at = 0.0
        self._folded = 0
        self._store: StateStore | None = None
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
        topics = PartitionTopics(family=PROCORE, prefix="", number=0, letter_topic=LETTER_TOPIC)
        self.adapter = ModelAdapter(self.remote, self.time)
        self.executor = ManualExecutor()
        journal = ModelJournal(self.log)
        self.close()
        self._store = restored_store(topics, CODEC, lambda partitions: self.log.read(partitions, seen))
        self.state = PartitionState(
            stage="procore-writer",
            adapter=self.adapter,
            command_type=ProcoreCommand,
            store=self._store,
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

    def lose_ledger(self) -> None:
        """The ledger is deleted, its owner stops, and it is folded from what was told, as `cor ledger rebuild` does."""
        self.log.compacted.pop(PROCORE.ledger.name(), None)
        newest = {command.change_order_key: command.sequence for command in sorted(self.sent, key=_version)}
        fold = LedgerFold("procore", "procore-writer", newest)
        for write in self.log.writes:
            fold.write(write)
        for outcome in self.log.outcomes:
            fold.outcome(outcome)
        for letter in self.letters():
            fold.letter(letter)
        self.log.fates.clear()
        self.start()
        waiting = {subject for slot, subject in slots(self.state) if slot is not Slot.HOLD}
        put_folded([self.state], fold.entries(waiting), is_inbox_gone=False)
        ask_about_doubts(self.state)
        self.start()
        for letter in self.letters():
            if letter.reason == REASON:
                self.decide(letter)

    def decide(self, letter: DeadLetter) -> None:
        """A person has what is in doubt sent once more."""
        assert letter.record_value is not None
        asked = CODEC.decode(letter.record_value, ProcoreCommand)
        self.asked_about.add((asked.origin_id, asked.sequence))
        self.submit(
            replace(
                asked,
                operation=Operation.RESUBMIT,
                command_id=f"{letter.letter_id}/{len(self.sent)}",
                letter_id=letter.letter_id,
            )
        )

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

    def close(self) -> None:
        """Removes the store's file."""
        if self._store is not None:
            self._store.close()

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


def _version(command: ProcoreCommand) -> Version:
    return command.version


def map_anew(model: ProtocolModel, destination: ProcoreDestination) -> None:
    """The keeper maps what no route named again, with a file that names ``destination``."""
    for letter in model.letters():
        if letter.reason == "procore.destination_unrouted":
            lost = CODEC.decode(letter.record_value or b"", ProcoreCommand)
            anew = replace(lost, destination=destination, command_id=f"{lost.command_id}/anew")
            later = lost.mapped_at + timedelta(milliseconds=1)
            model.submit(replace(anew, mapped_at=later, letter_id=letter.letter_id))
