"""A virtual remote system, what carries calls to it, and what becomes of them.

The remote knows two kinds of call. ``header`` is an upsert by origin id and carries many records;
``note`` creates a new thing each time it is called and can be listed, as a Procore package or a CINX
order. A request may be lost before it is applied, applied without an answer, or applied late; one that is refused may
be so once only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from relay.domain import identity
from relay.domain.commands import (
    Lane,
    Operation,
    ProcoreCommand,
)
from relay.domain.failures import Ambiguous, Denied, Rejected, TenantBlocked, Unavailable
from relay.domain.ledger import LedgerEntry, Part
from relay.domain.ledger_facts import LedgerFact
from relay.domain.outcomes import OutcomeKind, RemoteRecord
from relay.domain.rate_use import MinuteUse
from relay.domain.writes.remote_writes import WriteOperation, WrittenRecord
from relay.engine.writer.adapter import Accepted, Batch, Done, NotApplied, Plan, PlannedCall, Reject, Result, Task
from relay.engine.writer.state.scheduler import BatchKey
from relay.engine.writer.written import Endpoint, Written
from tests.unit.engine.writer.virtual_log import DEADLINE, VirtualTime

T = TypeVar("T")


def doubted_parts(entry: LedgerEntry | None) -> dict[str, str]:
    """What a call in doubt may have written."""
    return dict(json.loads(entry.remote.get(LedgerFact.DOUBTED, "{}"))) if entry else {}


_READING = ("find_note", "look", "tiers")


class RequestFate(StrEnum):
    """What becomes of a request."""

    ANSWERED = "answered"
    REFUSED = "refused"
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
    looks_first = True
    tiers_resolve = False
    """Whether a reading that tells nothing of what was written ends an intent, as it must not."""

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
        self.blocked_with = ""

    def plan(self, task: Task[ProcoreCommand]) -> Plan:
        command, entry = task.command, task.entry
        if task.intent is not None and task.intent.step == "note":
            return PlannedCall(step="find_note", batch="all", writes=False, resolves=True, most=1)
        if command.operation is Operation.WITHDRAW:
            return Done(kind=OutcomeKind.WITHDRAWN)
        if command.payload is None:
            return Done()
        parts = entry.parts if entry else {}
        step = self._step(task, command, parts)
        if task.intent is None and "header" not in parts and "header" in doubted_parts(entry):
            return PlannedCall(step="look", batch=command.origin_id, writes=False)
        if entry is None or "header" not in parts or not {LedgerFact.REBUILT, LedgerFact.DOUBTED} & entry.remote.keys():
            return step
        if (
            LedgerFact.REBUILT in entry.remote and "tiers" not in entry.remote
        ):  # It stood in the ledger that was lost, and no write tells of it.
            return PlannedCall(step="tiers", batch=command.origin_id, writes=False, resolves=self.tiers_resolve)
        if task.intent is None and isinstance(step, PlannedCall) and step.writes:
            return PlannedCall(step="look", batch=command.origin_id, writes=False)
        return step

    def _step(self, task: Task[ProcoreCommand], command: ProcoreCommand, parts: Mapping[str, Part]) -> Plan:
        assert command.payload is not None
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
        if self.time.seconds > batch.not_after and batch.step not in _READING:
            raise Unavailable("the send window has closed")
        if self.blocked_with:
            raise TenantBlocked(self.blocked_with)
        if self.refuses_calls:
            self.refused_calls += 1
            raise Rejected("procore.rejected", "the call is refused as a whole")
        if self.down or self.fate is RequestFate.NOT_SENT:
            raise Unavailable("refused")
        if self.denied:
            raise Denied("not yours")
        return self._with_fate(batch)

    def _with_fate(self, batch: Batch[ProcoreCommand]) -> Mapping[str, Result]:
        if batch.step in _READING:
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
        if self.fate is RequestFate.REFUSED and batch.step not in _READING:
            return {origin_id: Reject(reason="procore.rejected", sentence=self.refusal) for origin_id in ids}
        if batch.step == "find_note":
            return {
                origin_id: Accepted(parts={"note": "1"}) if origin_id in self.remote.notes else NotApplied()
                for origin_id in ids
            }
        if batch.step == "tiers":
            return {origin_id: Accepted(remote={"tiers": "2"}) for origin_id in ids}
        if batch.step == "look":
            return {task.command.origin_id: self._looked_at(task) for task in batch.tasks}
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

    def _looked_at(self, task: Task[ProcoreCommand]) -> Result:
        """What a call in doubt has made is found. A header that says something else than the ledger is struck from it,
        so that it is written again.
        """
        assert task.entry is not None
        there = self.remote.headers.get(task.command.origin_id)
        shown = identity.part_hash(list(reversed(there))) if there else None
        looked = {LedgerFact.REBUILT: "", LedgerFact.DOUBTED: ""}
        known = task.entry.parts.get("header")
        if shown == (known.hash if known else None):
            return Accepted(remote=looked, was_there=True, written=False)
        if shown is not None and shown == doubted_parts(task.entry).get("header"):
            return Accepted(parts={"header": shown}, remote=looked, written=True)
        return Accepted(removed=frozenset({"header"}), remote=looked)

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
        if self.blocked_with:
            raise TenantBlocked(self.blocked_with)
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
        known = task.entry is not None and ("header" if step == "look" else step) in task.entry.parts
        operation = WriteOperation.UPDATED if known else WriteOperation.CREATED
        record = WrittenRecord(kind=step, parts=dict.fromkeys(result.parts, ""), operation=operation)
        return Written(endpoint=Endpoint("PATCH", f"/{step}"), records=(record,))

    def preview(self, task: Task[ProcoreCommand]) -> str:
        return "{}"
