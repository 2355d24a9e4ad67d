"""The real protocol and the real adapter over an in-memory log, driven until they come to rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import httpx

from relay.clients.cinx import CinxClient
from relay.clients.http.remote import ClientOptions
from relay.clients.rate import Governor, Ungoverned
from relay.domain.backoff import Backoff
from relay.domain.cinx_content import ReferenceType
from relay.domain.commands import (
    CinxCommand,
    CinxLine,
    CinxPayload,
    CinxRules,
    Lane,
    Operation,
)
from relay.domain.control import PersonHold, Subject
from relay.domain.ledger import InboxRecord, LedgerEntry
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome
from relay.engine.configuration import CinxAccount
from relay.engine.control.membership import ControlView
from relay.engine.kafka import CommitFailed, Partition, Record
from relay.engine.letters import LetterTopic
from relay.engine.topics import CINX
from relay.engine.writer.in_flight import InFlightCalls
from relay.engine.writer.state.claims import BEHIND_REVIEW
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.restore import load_state, restored_store
from relay.engine.writer.state.store import PartitionTopics
from relay.engine.writer.state.timing import Timing
from relay.engine.writer.steps import receive
from relay.engine.writer.turn import run_once
from tests.commands import cinx_command
from tests.contract.workers.cinx_submitter.company import EMAIL, PASSWORD, CompanyInside, references
from tests.unit.engine.writer.virtual_log import CODEC, START, Log, ModelJournal, VirtualTime
from workers.cinx_submitter.account_start import Mapped
from workers.cinx_submitter.adapter import CinxAdapter

T = TypeVar("T")

LANE = Partition(CINX.commands.name(), 0)
TOPICS = PartitionTopics(family=CINX, prefix="", number=0, letter_topic=LetterTopic(partitions=12))
SEND_WINDOW, DEADLINE = 2.0, 5.0
TIMING = Timing(
    send_window=SEND_WINDOW,
    quarantine=SEND_WINDOW + DEADLINE,
    backoff=Backoff(first=0.5, longest=8.0),
    held_reported_after=1e9,
)
INSTALLATION = "test"
_MOST_TURNS = 2_000

NOTHING_HELD = ControlView(read_at=float("inf"), announced=frozenset({"cinx:acme"}), stated_at=float("inf"))
"""What people hold: nothing, and the owner knows it."""


class Inline(Executor):
    """Calls are made at once, one after the other."""

    def __init__(self) -> None:
        self.made = 0

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        self.made += 1
        fn(*args, **kwargs)
        return Future()


def line(item: str, amount: str, quantity: str = "1", **more: Any) -> CinxLine:
    defaults: dict[str, Any] = {"position": 1, "description": f"Item {item}", "cost_code": "03-300"}
    return CinxLine(item_id=item, quantity=Decimal(quantity), unit_price=Decimal(amount), **(defaults | more))


def payload(*lines: CinxLine, **more: Any) -> CinxPayload:
    defaults: dict[str, Any] = {"description": "Footing over-excavation", "number": "007", "title": "Rebar C4"}
    return CinxPayload(lines=lines or (line("1", "120"), line("2", "18.4", "10")), **(defaults | more))


def command(
    change_order: str = "498099",
    content: CinxPayload | None = None,
    *,
    sequence: int = 1,
    mapped: int = 0,
    operation: Operation = Operation.APPLY,
    order: str = "PO-123",
    rules: CinxRules | None = None,
    **more: Any,
) -> CinxCommand:
    if content is None and operation is Operation.APPLY:
        content = payload()
    stated: dict[str, Any] = {
        "command_id": f"{change_order}/{sequence}/{mapped}/{operation.value}",
        "mapped_at": START + timedelta(seconds=sequence, milliseconds=mapped),
    }
    return cinx_command(
        change_order,
        content,
        order,
        sequence=sequence,
        operation=operation,
        rules=rules or CinxRules(),
        **(stated | more),
    )


class World:
    """One owner at a time over one log and one company.

    ``url``: a simulator process in place of the company inside; its clock is moved by ``advance``.
    """

    def __init__(
        self, *, url: str | None = None, advance: Callable[[float], None] | None = None, **account: Any
    ) -> None:
        self.time = VirtualTime()
        self.company = CompanyInside(lambda: self.time.seconds)
        self.account = account
        self.log = Log()
        self.too_many: list[str] = []
        self.company.submitting = self._watch
        self.sent: list[CinxCommand] = []
        self.mapped: tuple[Mapped, ...] = ()
        self.pool = Inline()
        self.people = NOTHING_HELD
        self._url = url
        self._advance = advance
        self._store = restored_store(TOPICS, CODEC, self.log.read)
        self._adapters: list[CinxAdapter] = []
        self.start()

    # -- owners

    def start(self) -> None:
        """A new owner: it knows what the log holds, and nothing else."""
        self.adapter = self._new_adapter()
        self._adapters.append(self.adapter)
        self._store.close()
        self._store = restored_store(TOPICS, CODEC, self.log.read)
        self.state = PartitionState(
            stage="cinx-submitter",
            adapter=self.adapter,
            command_type=CinxCommand,
            store=self._store,
            codec=CODEC,
            journal=ModelJournal(self.log, LANE),
            accounts=frozenset({"acme"}),
            clock=self.time.clock(),
            timing=TIMING,
            offsets={LANE: self.log.offset},
            fenced_at=self.time.seconds,
        )
        load_state(self.state)
        self.calls: InFlightCalls[CinxCommand] = InFlightCalls(self.pool)

    def another_adapter(self) -> CinxAdapter:
        """One that has read nothing yet, beside the owner's."""
        self._adapters.append(self._new_adapter())
        return self._adapters[-1]

    def _new_adapter(self) -> CinxAdapter:
        settings: dict[str, Any] = {
            "email": EMAIL,
            "password_file": Path("password"),
            "base_url": self._url or "https://cinx.invalid",
            "job_patience": 600.0,
            "search_patience": 120.0,
        }
        configured = CinxAccount.model_construct(**(settings | self.account))
        clock = self.time.clock()
        return CinxAdapter(
            lambda: {"acme": configured},
            self._open,
            installation=INSTALLATION,
            quarantine=TIMING.quarantine,
            mapped=lambda _: self.mapped,
            now=clock.now,
            clock=clock.running,
            pause=self.pass_time,
        )

    def _open(self, name: str, account: CinxAccount) -> tuple[CinxClient, Governor]:
        transport: httpx.BaseTransport | None = None if self._url else self.company
        options = ClientOptions(
            tenant=f"cinx:{name}", deadline=DEADLINE, clock=self.time.clock().running, transport=transport
        )
        client = CinxClient(
            email=account.email,
            password=PASSWORD,
            base_url=account.base_url,
            synchronous=account.synchronous,
            options=options,
        )
        return client, Ungoverned()

    def _watch(self, payload: Mapping[str, Any]) -> None:
        """Notes a submission while another one to its purchase order is open or in doubt, by what the log says."""
        number, ours = payload["purchase_order"]["number"], references(payload)[ReferenceType.ORIGIN]
        others = [one for one in self._in_the_way(f"acme/{number}") if one != ours]
        if others:
            self.too_many.append(f"{ours} was submitted to {number} before it was known what became of {others}")

    def _in_the_way(self, claimed: str) -> Iterator[str]:
        inbox, ledger = (self.log.compacted.get(topic, {}) for topic in (TOPICS.inbox, TOPICS.ledger))
        for value in inbox.values():
            intent = CODEC.decode(value, InboxRecord).intent
            if intent is not None and intent.sent and intent.exclusive == claimed:
                yield intent.origin_id
        if any(references(poco).get(ReferenceType.ORIGIN) for poco in self.company.pocos):
            return  # A submission that arrives late carries its reference and is taken for no other.
        for value in ledger.values():
            review = CODEC.decode(value, LedgerEntry).review
            if review is not None and review.sent and review.exclusive == claimed:
                yield review.origin_id

    def behind_a_review(self) -> set[str]:
        """Change orders that wait for a decision about another one."""
        return {origin_id for origin_id, sleep in self.state.scheduler.delayed() if sleep.reason == BEHIND_REVIEW}

    def client(self) -> CinxClient:
        """The adapter's own."""
        return self.adapter.client("acme")

    def close(self) -> None:
        self._store.close()
        for adapter in self._adapters:
            adapter.close()

    # -- work

    def submit(self, *commands: CinxCommand) -> None:
        """The mapper writes commands to the lane."""
        self.sent += commands
        self.log.lane += [CODEC.encode(one, LANE.topic) for one in commands]

    def turn(self) -> None:
        """One turn of the owner's loop; an uncertain commit makes it fence and restore."""
        try:
            self._receive()
            self._work()
        except CommitFailed:
            self.start()

    def _receive(self) -> None:
        begin = self.state.offsets.get(LANE, 0)
        records = [
            Record(LANE.topic, 0, offset, b"", value, (), 0)
            for offset, value in enumerate(self.log.lane)
            if offset >= begin
        ]
        if records:
            receive.receive_batch(self.state, Lane.LIVE, records)

    def _work(self) -> None:
        run_once(self.state, self.calls, self.people)

    def hold_account(self) -> None:
        """A person keeps the account from being written, and the owner knows it."""
        hold = PersonHold(
            hold_id="h",
            kind=Subject.ACCOUNT,
            subject="cinx:acme",
            reason="The budget is open",
            person="ann",
            since=self.time.clock().now(),
        )
        self.people = replace(NOTHING_HELD, holds={hold.hold_id: hold})

    def release_account(self) -> None:
        """The person lets it go on."""
        self.people = NOTHING_HELD

    def pass_time(self, seconds: float) -> None:
        self.time.seconds += seconds
        self.company.catch_up()
        if self._advance is not None:
            self._advance(seconds)

    def settle(self, most: float = 100_000.0) -> None:
        """The owner works until nothing is left to do, or ``most`` seconds have passed."""
        end = self.time.seconds + most
        for _ in range(_MOST_TURNS):
            before = self.pool.made, len(self.log.outcomes)
            self.turn()
            self.turn()
            if self._is_at_rest():
                return
            if self.calls or (self.pool.made, len(self.log.outcomes)) != before:
                continue
            if self.time.seconds >= end:
                return
            self.pass_time(min(self._until_next(), end - self.time.seconds))
        raise AssertionError(f"the owner does not come to rest: {list(self.state.scheduler.delayed())}")

    def run(self, *commands: CinxCommand) -> list[ChangeOrderOutcome]:
        """The terminal outcomes of commands, each the only one of its command."""
        self.submit(*commands)
        self.settle()
        return [self.end(one) for one in commands]

    def _is_at_rest(self) -> bool:
        asleep = [sleep.until for _, sleep in self.state.scheduler.delayed()]
        rest = not self.state.scheduler.has_work() and not self.calls and all(until == float("inf") for until in asleep)
        return rest and self.log.offset == len(self.log.lane)

    def _until_next(self) -> float:
        alarm = self.state.scheduler.next_due()
        alarms = [] if alarm is None else [alarm - self.time.seconds]
        now = self.state.clock.now()
        alarms += [(hold.until - now).total_seconds() for hold in self.state.holds.all()]
        return max(0.01, min(alarms, default=0.5))

    # -- what the log says

    def outcomes(self, one: CinxCommand) -> list[ChangeOrderOutcome]:
        return [outcome for outcome in self.log.outcomes if outcome.command_id == one.command_id]

    def end(self, one: CinxCommand) -> ChangeOrderOutcome:
        (terminal,) = [outcome for outcome in self.outcomes(one) if outcome.kind.is_terminal]
        return terminal

    def letters(self) -> list[DeadLetter]:
        return [CODEC.decode(value, DeadLetter) for value in self.log.compacted.get(TOPICS.letters, {}).values()]

    def letter(self) -> DeadLetter:
        (letter,) = self.letters()
        return letter

    def entry(self, one: CinxCommand) -> LedgerEntry:
        entry = self.state.store.entry(one.origin_id)
        assert entry is not None
        return entry

    def decide(self, one: CinxCommand, operation: Operation, remote_id: str | None = None) -> CinxCommand:
        """A person's decision about the letter of ``one``, as the command line sends it."""
        letter = self.end(one).letter_id
        decided = command(
            one.change_order_key.rpartition(":")[2],
            one.payload,
            sequence=one.sequence,
            operation=operation,
            order=one.destination.purchase_order,
            rules=one.rules,
            letter_id=letter,
            adopt_remote_id=remote_id,
        )
        self.run(decided)
        return decided
