"""A row of a plan: one change order at one target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from relay.domain.change_order import ChangeOrder
from relay.domain.commands import Operation, ProcoreCommand, ProcorePayload, TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.identity import content_hash
from relay.domain.ledger import HoldKind, LedgerEntry
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.routes import EVERYTHING, Amount, Route, Target
from relay.domain.side import Side, side_of
from relay.domain.writes.remote_writes import WrittenField
from relay.engine.writer.trial import NOT_READ, Foreseen

BUDGET_SPENT = (
    "What commands may use of the account's rate budget is spent for now; the rest is the running relay's. "
    "Try again later."
)


_WITH_THE_LETTER = re.compile(r",? (then|and) (send|redrive) (this|the) letter( again)?")


class Action(StrEnum):
    """What would become of a change order at a target, in the words of a plan."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    ON_HOLD = "on_hold"
    UNDER_WAY = "under_way"
    NOT_READ = "not_read"
    """Something would have to be read first that was not."""
    NOT_CARRIED = "not_carried"
    """The routes do not carry it as it is: a draft, too old, or without an item for the target."""


CARRIED = frozenset({Action.NEW, Action.CHANGED})
"""What leads to calls that write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field that would be written. Where it is not ``known`` what stands there now, it was not read."""

    name: str
    before: str | None
    after: str | None
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One change order at one target. Amounts are those of its share, as the remote holds it and is to hold it.

    ``None`` is unknown, and so is a status. ``wanted`` is a hash of what the change order is to say there, and by which
    rules; ``step`` the first call that would write; ``stated_at`` where the code or type is stated that is refused. The
    target's names are ``None`` where the change order as a whole is meant.
    """

    action: Action
    change_order_key: str
    sequence: int
    number: str | None
    title: str
    project: str | None
    route: str
    target: str | None = None
    system: str | None = None
    account: str | None = None
    destination: str | None = None
    side: Side | None = None
    origin_id: str | None = None
    status_now: str | None = None
    status_then: str | None = None
    amount_now: Decimal | None = None
    amount_then: Decimal | None = None
    currency: str | None = None
    reason: str | None = None
    sentence: str | None = None
    step: str | None = None
    changes: tuple[FieldChange, ...] = ()
    wanted: str = ""
    stated_at: str | None = None

    @property
    def key(self) -> str:
        """What the row is about."""
        return self.origin_id or self.change_order_key

    @property
    def planned_sentence(self) -> str | None:
        """The sentence without what is to be done with a letter, which there is none of yet, and with where the code
        is stated.
        """
        if self.sentence is None:
            return None
        stated = f" Stated at {self.stated_at}." if self.stated_at else ""
        return _WITH_THE_LETTER.sub("", self.sentence) + stated

    @property
    def change(self) -> Decimal | None:
        """By how much the remote's amount would change."""
        if self.action not in CARRIED or self.amount_now is None or self.amount_then is None:
            return None
        return self.amount_then - self.amount_now

    @property
    def shown(self) -> str:
        """A hash of what a person has seen of it: equal, nothing that counts has changed since."""
        seen: list[Any] = [
            self.action, self.sequence, self.destination, self.status_now, self.status_then, self.amount_now,
            self.amount_then, self.reason, self.step, self.changes, self.wanted,
        ]  # fmt: skip
        return content_hash(seen)


# -- what the mapper says


def mapped_row(event: ChangeOrderObserved, route: Route, outcome: ChangeOrderOutcome) -> PlanRow:
    """The row of what ends before any command: refused or not carried."""
    shown = event.change_order
    target = next((target for target in route.targets if target.name == outcome.target), None)
    refused = outcome.kind is OutcomeKind.REJECTED
    return PlanRow(
        **_of_event(event, route),
        **_of_target(route, target),
        action=Action.REFUSED if refused else Action.NOT_CARRIED,
        origin_id=outcome.origin_id,
        status_then=shown.status.value,
        amount_then=_whole(shown, target) if target is not None else shown.cost,
        currency=shown.currency,
        reason=outcome.reason,
        sentence=outcome.sentence,
    )


def _whole(shown: ChangeOrder, target: Target) -> Decimal | None:
    """The change order's total, where the target takes all of it."""
    if target.match != EVERYTHING:
        return None
    return shown.client_price if target.amount is Amount.CLIENT_PRICE else shown.cost


# -- what the writer says


def written_row(
    event: ChangeOrderObserved, route: Route, foreseen: Foreseen[Any], worth: Mapping[str, Decimal]
) -> PlanRow:
    """The row of a command. ``worth``: what its parts are to be worth."""
    command, entry = foreseen.command, foreseen.entry
    target = next((target for target in route.targets if target.name == command.target), None)
    action, reason, sentence = _judged(foreseen)
    is_there = entry is not None and entry.was_sent
    balance = entry.known_balance if entry is not None else None
    wants = command.payload is not None
    call = foreseen.next_call if action in CARRIED else None
    return PlanRow(
        **_of_event(event, route),
        **_of_target(route, target),
        action=action,
        origin_id=command.origin_id,
        status_now=balance.status.value if balance and balance.status else None,
        status_then=_status(command),
        amount_now=balance.total if is_there and balance else Decimal(0),
        amount_then=sum(worth.values(), Decimal(0)) if wants else Decimal(0),
        currency=(command.payload.currency if command.payload else None) or event.change_order.currency,
        reason=reason,
        sentence=sentence,
        step=call.step if call is not None else None,
        changes=tuple(_changes(foreseen, entry, worth)) if action is Action.CHANGED and entry is not None else (),
        wanted=content_hash([command.idempotency_key, command.destination, command.rules]),
    )


def _status(command: TargetCommand) -> str:
    if command.payload is None:
        return "withdrawn"
    return command.payload.status if isinstance(command.payload, ProcorePayload) else "approved"


def _judged(foreseen: Foreseen[Any]) -> tuple[Action, str | None, str | None]:
    end, delay, call = foreseen.end, foreseen.delay, foreseen.next_call
    if end is not None:
        return _ended(foreseen, end)
    if delay is not None:
        waits = delay.reason == HoldKind.QUARANTINE
        action = Action.NOT_READ if delay.reason == NOT_READ else Action.UNDER_WAY if waits else Action.ON_HOLD
        return action, None if action is Action.NOT_READ else delay.reason, delay.sentence
    hold = foreseen.hold
    if hold is not None and hold.kind in (HoldKind.DENIED, HoldKind.TENANT_BLOCKED):
        return Action.ON_HOLD, hold.reason, hold.sentence
    if call is not None and not call.writes:
        return Action.NOT_READ, None, hold.sentence if hold is not None else BUDGET_SPENT
    if foreseen.under_way or call is None:
        return Action.UNDER_WAY, None, "An earlier version of it has not come to its end at the writer."
    is_there = foreseen.entry is not None and foreseen.entry.was_sent
    return Action.CHANGED if is_there else Action.NEW, None, None


def _ended(foreseen: Foreseen[Any], end: ChangeOrderOutcome) -> tuple[Action, str | None, str | None]:
    match end.kind:
        case OutcomeKind.REJECTED | OutcomeKind.NEEDS_REVIEW:
            return Action.REFUSED, end.reason, end.sentence
        case OutcomeKind.UNCHANGED:
            return Action.UNCHANGED, end.reason, end.sentence
        case OutcomeKind.APPLIED:  # What is there was found to be it, and is taken over.
            return Action.CHANGED, end.reason, end.sentence
        case _:
            return Action.NOT_CARRIED, end.reason or foreseen.command.reason or end.kind.value, end.sentence


# -- what would change


def _changes(foreseen: Foreseen[Any], entry: LedgerEntry, worth: Mapping[str, Decimal]) -> Iterator[FieldChange]:
    """The amounts of parts, as they were last accepted; and the fields of the first call that writes."""
    balance = entry.known_balance
    if foreseen.command.operation is Operation.APPLY:
        for part in dict.fromkeys((*balance.amounts, *worth)):
            before, after = balance.amounts.get(part), worth.get(part)
            if before != after:
                known = part not in balance.missing and "*" not in balance.missing
                yield FieldChange(
                    name=f"{_part_name(foreseen.command, part)}: amount",
                    before=_text(before),
                    after=_text(after),
                    known=known,
                )
    call = foreseen.next_call
    for record in call.records() if call is not None else ():
        for field in filter(_differs, record.fields):
            name = f"{record.kind.replace('_', ' ')}: {field.name}"
            yield FieldChange(name=name, before=field.before, after=field.sent, known=field.known)


def _differs(field: WrittenField) -> bool:
    """Our marks say nothing to people."""
    return field.name not in ("origin_id", "origin_data") and not (field.known and field.before == field.sent)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:,.2f}"


def _part_name(command: TargetCommand, part: str) -> str:
    if isinstance(command, ProcoreCommand) and command.payload is not None:
        line = next((line for line in command.payload.lines if part.endswith(f":{line.item_id}")), None)
        if line is not None:
            return f"line {line.position} {line.description}".strip()
    return part.replace(":", " ")


# -- what every row says


def _of_event(event: ChangeOrderObserved, route: Route) -> dict[str, Any]:
    return {
        "change_order_key": event.key,
        "sequence": event.sequence,
        "number": (event.change_order.number or "").strip() or None,
        "title": event.change_order.title or "",
        "project": event.project,
        "route": route.label,
    }


def _of_target(route: Route, target: Target | None) -> dict[str, Any]:
    if target is None:
        return {}
    return {
        "target": route.shown(target),
        "system": target.system,
        "account": target.account,
        "destination": target.destination.name,
        "side": side_of(target.destination),
    }
