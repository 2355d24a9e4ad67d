"""What the writers hold: what waits, what is held and why, what is in doubt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeGuard

from operations.environment import Environment
from operations.reading import latest_by_key
from operations.wording import moment
from relay.domain import identity
from relay.domain.commands import COMMAND_TYPES, ProcoreCommand, TargetCommand
from relay.domain.ledger import Hold, HoldKind, InboxRecord, Intent, Slot, Waiting
from relay.engine.kafka import Cluster, Partition
from relay.engine.topics import Family
from relay.engine.writer.state.cache import Table
from relay.engine.writer.state.holds import HOST, claimant, scope_of, tenant_of
from relay.engine.writer.state.inbox_start import starts
from relay.engine.writer.state.store import is_own_key, slot_and_subject
from relay.engine.writer.state.unreadable import unreadable_hold
from schemas import Unreadable


@dataclass(slots=True)
class Work:
    """One change order's work at a target, as the inbox has it."""

    origin_id: str
    waiting: list[Waiting] = field(default_factory=list)
    intent: Intent | None = None
    command: TargetCommand | None = None

    @property
    def tenant(self) -> str | None:
        """Whose work it is, where its command can be read."""
        return self.command.tenant if self.command else None


@dataclass(slots=True)
class Inbox:
    """The inbox of one target system."""

    work: dict[str, Work] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    claims: dict[str, Intent] = field(default_factory=dict)
    """Open submissions by what they have for themselves."""

    def holding(self, work: Work) -> Hold | None:
        """The hold that keeps this work back, the widest first."""
        if work.command is None:
            return None
        held = (self.holds[scope] for scope in _scopes(work.command) if scope in self.holds)
        behind = (hold for hold in self.holds.values() if work.intent is None and stands_behind(work.command, hold))
        return next(held, None) or next(behind, None)

    def ahead(self, work: Work) -> Intent | None:
        """Another's open submission, which this work has to wait for."""
        if work.command is None or is_open(work.intent):
            return None
        return self.claims.get(claim_of(work.command) or "")

    def holds_of(self, tenant: str) -> list[Hold]:
        """The holds of a tenant."""
        return [hold for scope, hold in self.holds.items() if tenant_of(scope) == tenant]


def read_inbox(environment: Environment, cluster: Cluster, stage: str, family: Family, count: int) -> Inbox:
    """What the newest records say. One that cannot be read is left out: the writer has a letter about it."""
    partitions = environment.every(family.inbox, count)
    found = latest_by_key(
        environment.connection, partitions, start=inbox_starts(environment, cluster, stage, family, partitions)
    )
    inbox = Inbox()
    for (_, key), record in found.items():
        if not is_own_key(Table.INBOX, key, family.system):
            continue
        slot, about = slot_and_subject(key.decode())
        if slot is Slot.ACCOUNT:
            continue
        try:
            value = environment.codec.decode(record.value or b"", InboxRecord)
        except Unreadable:
            if slot is Slot.HOLD:
                inbox.holds[about] = unreadable_hold(about, record.written_at)
            continue
        if slot is Slot.HOLD and value.hold is not None:
            inbox.holds[about] = value.hold
            continue
        work = inbox.work.setdefault(about, Work(about))
        work.intent = value.intent or work.intent
        if value.waiting is not None:
            work.waiting.append(value.waiting)
    for work in inbox.work.values():
        work.command = _command(environment, work, COMMAND_TYPES[family.system])
        if is_open(work.intent) and work.intent.exclusive is not None:
            inbox.claims[work.intent.exclusive] = work.intent
    return inbox


def inbox_starts(
    environment: Environment, cluster: Cluster, stage: str, family: Family, partitions: Sequence[Partition]
) -> dict[Partition, int]:
    """Where the owners say that their inboxes begin, as far as that is still there."""
    group = f"{environment.prefix}{stage}"
    lanes = [Partition(environment.name(lane), inbox.number) for inbox in partitions for lane in family.lanes]
    metadata: dict[int, list[str]] = {}
    for lane, text in cluster.committed_metadata(group, lanes).items():
        metadata.setdefault(lane.number, []).append(text)
    stated = starts(metadata)
    first = cluster.beginning_offsets(partitions)
    return {inbox: max(first[inbox], stated.get(inbox.number, 0)) for inbox in partitions}


def _command(environment: Environment, work: Work, kind: type[TargetCommand]) -> TargetCommand | None:
    for waiting in work.waiting:
        try:
            return environment.codec.decode(waiting.command, kind)
        except Unreadable:
            continue
    return None


def _scopes(command: TargetCommand) -> Iterator[str]:
    """Every scope whose hold holds the command back, the widest first."""
    yield scope_of(command.tenant)
    yield scope_of(command.tenant, HOST)
    yield from _narrow(command)


def _narrow(command: TargetCommand) -> Iterator[str]:
    destination = command.destination
    if isinstance(command, ProcoreCommand):
        yield scope_of(command.tenant, f"project:{command.destination.project_id}")
        yield scope_of(command.tenant, f"contract:{command.destination.contract_id}")
    yield scope_of(command.tenant, f"purchase_order:{destination.name}")


def claim_of(command: TargetCommand) -> str | None:
    """What a submission of ``command`` has for itself while it is open; ``None`` where it submits nothing."""
    if isinstance(command, ProcoreCommand) or command.payload is None:
        return None
    return identity.submission_claim(command.account, command.destination.name)


def is_open(intent: Intent | None) -> TypeGuard[Intent]:
    """Whether it is sent and has not ended."""
    return intent is not None and intent.sent


def stands_behind(command: TargetCommand, hold: Hold) -> bool:
    """Whether another's review bars the way of a submission."""
    if hold.kind is not HoldKind.DOUBT:
        return False
    return any(claimant(hold.scope, scope) not in (None, command.origin_id) for scope in _narrow(command))


def holds_back(hold: Hold, command: TargetCommand) -> bool:
    """Whether the command has to wait for the end of the hold."""
    return stands_behind(command, hold) if hold.kind is HoldKind.DOUBT else hold.scope in _scopes(command)


def in_doubt(intent: Intent | None, at: datetime, quarantine: timedelta) -> bool:
    """Whether the outcome of a call is unknown: its answer was lost, or should have come long ago."""
    if intent is None or not intent.sent or intent.job_id is not None:
        return False
    return intent.ambiguous_at is not None or at - intent.intended_at > quarantine


def waits_for_a_person(hold: Hold | None) -> bool:
    """Whether nothing can be done before a person lets the tenant in again, or decides about another's doubt."""
    return hold is not None and hold.kind in (HoldKind.TENANT_BLOCKED, HoldKind.DOUBT)


def hold_end(hold: Hold) -> str:
    """When it ends."""
    if hold.kind is HoldKind.DOUBT:
        return "until a person decides"
    return "until a probe succeeds" if hold.probe else f"until {moment(hold.until)} UTC"
