"""What a relay makes of events, and what the remote systems answer, in a history that never happened. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from operations.mock.destinations import NAME, PURCHASE_ORDER, directory, routing
from relay.domain import identity
from relay.domain.commands import CinxCommand, Operation, ProcoreCommand, TargetCommand
from relay.domain.events import ChangeOrderObserved, EventReference
from relay.domain.letters import MAPPER, DeadLetter, LetterKind
from relay.domain.mapping import Refusal, Skip, map_event
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.records import OperatorAction
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenField, WrittenRecord
from relay.engine.letters import SETTLED_HEADER, Failure, new_letter
from relay.engine.source_record import SourceRecord
from relay.engine.topics import AUDIT, DIRECTORY, FAMILIES, LETTERS, OUTCOMES, STAGE_OF_SYSTEM, WRITES, Topic
from relay.engine.writer.outcomes import OutcomeDetails, outcome_of

_DESTINIES = 12
"""What happens at Procore to a change order follows from its id modulo this number; to most nothing of these does."""
_HELD, _DOUBTED, _OVERTAKEN, _REPEATED = 1, 5, 6, 9
_PATH = "/rest/v1.0/projects/{project_id}/potential_change_orders/{id}"
_NOTHING = Decimal(0)
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A record to be written. ``record`` ``None``: a tombstone. ``beside``: the key in whose partition it lies, where
    that is not its own; ``trace``: what its trace follows from, where it is in one.
    """

    topic: Topic
    key: str
    record: Any
    at: datetime
    trace: str | None = None
    beside: str | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @property
    def all_headers(self) -> tuple[tuple[str, bytes | None], ...]:
        """Its headers, with that of its trace."""
        return self.headers if self.trace is None else (("traceparent", traceparent(self.trace)), *self.headers)


@dataclass(frozen=True, slots=True)
class _Held:
    """What a target holds of ours: the amount, and whether it counts as approved."""

    amount: Decimal = _NOTHING
    approved: bool = False


class Aftermath:
    """The relay behind the pollers, one event after the other."""

    def __init__(self, name: Callable[[Topic], str], encode: Callable[[Any, str], bytes]) -> None:
        self._name = name
        self._encode = encode
        self._routing = routing()
        self._held: dict[str, _Held] = {}
        self._letters: dict[str, DeadLetter] = {}  # The mapper's that are open, by change order.
        self._commands = 0
        self._decided: set[str] = set()

    def directory(self, at: datetime, projects: Iterable[tuple[int, str]]) -> tuple[Told, ...]:
        """What projects, contracts and purchase orders are called."""
        return tuple(Told(topic=DIRECTORY, key=entry.key, record=entry, at=at) for entry in directory(at, projects))

    def of(self, event: ChangeOrderObserved, place: EventReference, at: datetime) -> tuple[Told, ...]:
        """What is told of one event, which stands at ``place``."""
        decision = map_event(event, self._routing, at, reference=place)
        told = [_outcome(_skipped(event, skip, place, at), event.event_id) for skip in decision.skips]
        if decision.refusals:
            told += self._refused(event, decision.refusals, place, at)
        elif event.key in self._letters:
            told.append(_settled(self._letters.pop(event.key), _OVERTAKEN_BY, at))
        for command in decision.commands:
            told += self._carried(event, command, at + timedelta(seconds=3))
        return tuple(told)

    def closing(self, at: datetime) -> tuple[Told, ...]:
        """At the end a person has seen to what the mapper refused, and Procore tells how some records stand."""
        told: list[Told] = []
        for key, letter in self._letters.items():
            told += (_action(key, letter, at), _settled(letter, _BY_HAND, at))
        for origin in sorted(self._held)[:3]:
            root = identity.root_of(origin)
            if root is not None and root[1] == "owner":
                told.append(_outcome(_status(origin, root[0], at), origin))
        return tuple(told)

    def _carried(self, event: ChangeOrderObserved, command: TargetCommand, at: datetime) -> Iterator[Told]:
        if isinstance(command, CinxCommand):
            yield from self._ordered(command, event.event_id, at)
            return
        if command.operation is Operation.WITHDRAW:
            yield from self._withdrawn(command, event.event_id, at)
            return
        destiny = int(event.change_order_id) % _DESTINIES
        first = command.origin_id not in self._decided
        self._decided.add(command.origin_id)
        if destiny == _DOUBTED and first:
            yield from self._undecided(command, event.event_id, at, _TWO_RECORDS)
        elif destiny == _DOUBTED:
            held = OutcomeDetails(kind=OutcomeKind.HELD, reason="doubt", sentence=_UNDECIDED, occasion="review")
            yield _told_of(command, held, event.event_id, at)
        elif destiny == _OVERTAKEN and first:
            yield _told_of(command, OutcomeDetails(kind=OutcomeKind.SUPERSEDED, sentence=_NEWER), event.event_id, at)
        elif destiny == _REPEATED and not first:
            yield _told_of(command, OutcomeDetails(kind=OutcomeKind.UNCHANGED), event.event_id, at)
        else:
            if destiny == _HELD and first:
                held = OutcomeDetails(kind=OutcomeKind.HELD, reason="unavailable", sentence=_AWAY, occasion="procore")
                yield _told_of(command, held, event.event_id, at)
                at += timedelta(minutes=4)
            yield from self._applied(command, event.event_id, at)

    def _applied(self, command: TargetCommand, trace: str, at: datetime) -> Iterator[Told]:
        amount, approved = _amount(command), _is_approved(command)
        yield self._written(command, trace, at, _Held(amount, approved))
        outcome = outcome_of(
            command,
            OutcomeDetails(kind=OutcomeKind.APPLIED, remote=_remote(command)),
            STAGE_OF_SYSTEM[command.system],
            at,
        )
        yield _outcome(replace(outcome, amount=amount, changed_parts=("header",)), trace)

    def _withdrawn(self, command: TargetCommand, trace: str, at: datetime) -> Iterator[Told]:
        if self._held.get(command.origin_id, _Held()) != _Held():
            yield self._written(command, trace, at, _Held())
        yield _told_of(command, OutcomeDetails(kind=OutcomeKind.WITHDRAWN), trace, at)

    def _ordered(self, command: TargetCommand, trace: str, at: datetime) -> Iterator[Told]:
        if command.operation is Operation.WITHDRAW or _amount(command) == 0:
            if command.origin_id in self._held:
                yield from self._undecided(command, trace, at, _ORDERED)
            else:
                yield _told_of(command, OutcomeDetails(kind=OutcomeKind.WITHDRAWN), trace, at)
            return
        job = RemoteRecord(kind="job", remote_id=_hex(command.command_id, 12))
        submitted = OutcomeDetails(kind=OutcomeKind.SUBMITTED, remote=(job,), occasion=job.remote_id)
        yield _told_of(command, submitted, trace, at)
        yield from self._applied(command, trace, at + timedelta(seconds=20))

    def _written(self, command: TargetCommand, trace: str, at: datetime, now: _Held) -> Told:
        before = self._held.get(command.origin_id, _Held())
        self._held[command.origin_id] = now
        record = _remote(command)[0]
        known = before != _Held()
        operation = WriteOperation.UPDATED if known else WriteOperation.CREATED
        write = RemoteWrite(
            write_id=identity.write_id(command.origin_id, command.command_id, "header", trace, at.isoformat()),
            at=at,
            stage=STAGE_OF_SYSTEM[command.system],
            instance="mock-0",
            system=command.system,
            account=command.account,
            destination=command.destination.name,
            change_order_key=command.change_order_key,
            origin_id=command.origin_id,
            target=command.target,
            sequence=command.sequence,
            command_id=command.command_id,
            step="header" if command.system == "procore" else "submit",
            method="PATCH" if known else "POST",
            path=_PATH if command.system == "procore" else "/imports",
            records=(
                WrittenRecord(
                    kind=record.kind,
                    parts={"header": command.payload_hash[:24]},
                    operation=operation if now != _Held() else WriteOperation.STATUS,
                    remote_id=record.remote_id,
                    number=record.number,
                    url=record.url,
                    fields=_fields(command),
                    amount_before=before.amount if known else None,
                    amount_after=now.amount,
                ),
            ),
            idempotency_key=command.idempotency_key,
            took_ms=180 + len(trace) + int(trace[:2], 16),
            amount_before=before.amount,
            amount_after=now.amount,
            approved_effect=_moved(before, now, approved=True),
            pending_effect=_moved(before, now, approved=False),
        )
        return Told(topic=WRITES, key=command.change_order_key, record=write, at=at, trace=trace)

    def _refused(
        self, event: ChangeOrderObserved, refusals: tuple[Refusal, ...], place: EventReference, at: datetime
    ) -> Iterator[Told]:
        """The mapper's letter, which holds the event, and an outcome for each target."""
        value = self._encode(event, place.topic)
        headers = (("traceparent", traceparent(event.event_id)),)
        source = SourceRecord(
            topic=place.topic,
            partition=place.partition,
            offset=place.offset,
            key=event.key.encode(),
            value=value,
            headers=headers,
        )
        failure = Failure(kind=LetterKind.REJECTED, reason=refusals[0].reason, sentence=refusals[0].sentence)
        letter = new_letter(source, failure, stage=MAPPER, at=at, change_order_key=event.key)
        for refusal in refusals:
            yield _outcome(_rejected(event, refusal, letter, place, at), event.event_id)
        if event.key in self._letters:
            yield _settled(self._letters[event.key], _OVERTAKEN_BY, at)
        self._letters[event.key] = letter
        yield _opened(letter, event.key)

    def _undecided(self, command: TargetCommand, trace: str, at: datetime, failure: Failure) -> Iterator[Told]:
        """The letter of a writer, which holds the command, and about which a person has to decide."""
        lane = FAMILIES[command.system].commands
        topic = self._name(lane)
        partition = identity.tenant_partition(command.system, command.account, lane.partitions)
        headers = (("traceparent", traceparent(trace)),)
        value = self._encode(command, topic)
        source = SourceRecord(
            topic=topic,
            partition=partition,
            offset=self._commands,
            key=command.origin_id.encode(),
            value=value,
            headers=headers,
        )
        self._commands += 1
        letter = new_letter(
            source,
            failure,
            stage=STAGE_OF_SYSTEM[command.system],
            at=at,
            change_order_key=command.change_order_key,
            origin_id=command.origin_id,
            command_id=command.command_id,
        )
        details = OutcomeDetails(
            kind=OutcomeKind.NEEDS_REVIEW,
            reason=letter.reason,
            sentence=letter.sentence,
            letter_id=letter.letter_id,
        )
        yield _told_of(command, details, trace, at)
        yield _opened(letter, command.change_order_key)


_TWO_RECORDS = Failure(
    kind=LetterKind.NEEDS_REVIEW,
    reason="procore.two_records",
    sentence="Procore has two records that could be this change order. Say which one it is.",
    sides=('{"number": "17", "amount": "12400.00"}', '{"number": "18", "amount": "12400.00"}'),
)
_ORDERED = Failure(
    kind=LetterKind.NEEDS_REVIEW,
    reason="cinx.withdrawn_after_submission",
    sentence="The change order is not approved any more, and has been ordered in CINX. Cancel the order there.",
)
_NEWER = "A newer revision had come before this one was sent."
_AWAY = "Procore does not answer; it is tried again."
_UNDECIDED = "A person has to decide which of two records it is; until then nothing is sent."
_OVERTAKEN_BY = "A newer revision has been carried."
_BY_HAND = "Rounded and entered in Procore by hand."


def traceparent(trace: str) -> bytes:
    """The header of the W3C recommendation "Trace Context"; its ids follow from ``trace``."""
    return f"00-{_hex(trace, 32)}-{_hex('span ' + trace, 16)}-01".encode()


def _skipped(event: ChangeOrderObserved, skip: Skip, place: EventReference, at: datetime) -> ChangeOrderOutcome:
    return ChangeOrderOutcome(
        outcome_id=identity.outcome_id(event.event_id, OutcomeKind.SKIPPED.value, skip.reason),
        kind=OutcomeKind.SKIPPED,
        stage=MAPPER,
        change_order_key=event.key,
        at=at,
        sequence=event.sequence,
        event=place,
        mapped_at=at,
        reason=skip.reason,
        sentence=skip.sentence,
    )


def _rejected(
    event: ChangeOrderObserved, refusal: Refusal, letter: DeadLetter, place: EventReference, at: datetime
) -> ChangeOrderOutcome:
    return ChangeOrderOutcome(
        outcome_id=identity.outcome_id(event.event_id, OutcomeKind.REJECTED.value, f"{refusal.origin_id} {at}"),
        kind=OutcomeKind.REJECTED,
        stage=MAPPER,
        change_order_key=event.key,
        at=at,
        sequence=event.sequence,
        event=place,
        system=refusal.system,
        account=refusal.account,
        target=refusal.target,
        origin_id=refusal.origin_id,
        mapped_at=at,
        reason=refusal.reason,
        sentence=refusal.sentence,
        letter_id=letter.letter_id,
    )


def _opened(letter: DeadLetter, key: str) -> Told:
    return Told(topic=LETTERS, key=letter.letter_id, record=letter, at=letter.last_at, beside=key)


def _settled(letter: DeadLetter, why: str, at: datetime) -> Told:
    return Told(
        topic=LETTERS,
        key=letter.letter_id,
        record=None,
        at=at,
        beside=letter.change_order_key,
        headers=((SETTLED_HEADER, why.encode()),),
    )


def _action(key: str, letter: DeadLetter, at: datetime) -> Told:
    action = OperatorAction(
        action_id=_uuid(f"settle {letter.letter_id}"),
        subject=key,
        action="letter.settle",
        who="anna",
        why=_BY_HAND,
        at=at,
        details=json.dumps({"letter": letter.letter_id, "reason": letter.reason}),
    )
    return Told(topic=AUDIT, key=action.subject, record=action, at=at)


def _status(origin: str, key: str, at: datetime) -> ChangeOrderOutcome:
    """The office at Procore has executed the change order."""
    facts = {"status": "Approved", "executed": "true", "package": "PCCO #003", "request": "none"}
    return ChangeOrderOutcome(
        outcome_id=identity.outcome_id(origin, OutcomeKind.REMOTE_STATUS.value, at.isoformat()),
        kind=OutcomeKind.REMOTE_STATUS,
        stage="poll-procore",
        change_order_key=key,
        at=at,
        sequence=0,
        system="procore",
        account=NAME,
        target="owner",
        origin_id=origin,
        reason="procore.executed_true",
        sentence="The change order is executed in Procore.",
        remote=(RemoteRecord(kind="potential_change_order", remote_id=_number(origin)),),
        facts=facts,
    )


def _told_of(command: TargetCommand, details: OutcomeDetails, trace: str, at: datetime) -> Told:
    return _outcome(outcome_of(command, details, STAGE_OF_SYSTEM[command.system], at), trace)


def _outcome(outcome: ChangeOrderOutcome, trace: str) -> Told:
    return Told(topic=OUTCOMES, key=outcome.change_order_key, record=outcome, at=outcome.at, trace=trace)


def _remote(command: TargetCommand) -> tuple[RemoteRecord, ...]:
    number = _number(command.origin_id)
    if command.system == "cinx":
        return (
            RemoteRecord(kind="poco", remote_id=_uuid(command.origin_id), number=f"{PURCHASE_ORDER}-{number[-2:]}"),
        )
    url = f"https://procore.example/{command.destination.name}/change_orders/{number}"
    return (RemoteRecord(kind="potential_change_order", remote_id=number, number=number[-3:], url=url),)


def _hex(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _uuid(text: str) -> str:
    digits = _hex(text, 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _number(origin: str) -> str:
    return str(50000 + int(_hex(origin, 6), 16) % 40000)


def _amount(command: TargetCommand) -> Decimal:
    """What the command's lines come to."""
    if command.payload is None:
        return _NOTHING
    if isinstance(command, ProcoreCommand):
        return sum((line.amount for line in command.payload.lines), _NOTHING)
    lines = command.payload.lines
    return sum(((line.quantity * line.unit_price).quantize(_CENT, ROUND_HALF_UP) for line in lines), _NOTHING)


def _is_approved(command: TargetCommand) -> bool:
    """Whether it counts as approved; at CINX everything that is ordered does."""
    if isinstance(command, CinxCommand):
        return True
    return command.payload is not None and command.payload.status == "approved"


def _moved(before: _Held, now: _Held, *, approved: bool) -> Decimal | None:
    """By how much the approved, or the pending, amount has changed; ``None`` where it has not."""
    change = (now.amount if now.approved is approved else _NOTHING) - (
        before.amount if before.approved is approved else _NOTHING
    )
    return change or None


def _fields(command: TargetCommand) -> tuple[WrittenField, ...]:
    if not isinstance(command, ProcoreCommand) or command.payload is None:
        return ()
    return (
        WrittenField(name="title", sent=command.payload.title),
        WrittenField(name="status", sent=command.payload.status),
    )
