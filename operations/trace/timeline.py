"""What happened to a change order, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from operations.trace.differences import differences
from operations.trace.history import History, SentCommand, details
from operations.trace.never_sent import summarised
from operations.wording import amount, place_of, remote_line, system_name
from relay.domain.change_order import ChangeOrder
from relay.domain.commands import CinxPayload, Lane, Operation, ProcorePayload
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.mapping import reasons
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.records import OperatorAction
from relay.domain.route_names import RouteNames

_CAUSES: Mapping[str, int] = {"observed": 0, "person": 1, "mapped": 2}

_WHAT_TO_DO = {
    Operation.WITHDRAW: "is to be withdrawn from",
    Operation.VERIFY: "is to be compared with",
}

_REASONS = {
    reasons.NO_ITEMS: "no item of it is for this target any more",
    reasons.STATUS_NOT_CARRIED: "its status is not carried there",
    reasons.DELETED: "it was deleted at the source",
}

_NOTHING_SENT = "Nothing was sent to {where}."
_SENTENCES: Mapping[OutcomeKind, str] = {
    OutcomeKind.APPLIED: "{where} now says so.",
    OutcomeKind.UNCHANGED: "{where} says so already; nothing was sent.",
    OutcomeKind.SUPERSEDED: "Not written: something newer takes its place.",
    OutcomeKind.WITHDRAWN: "Withdrawn: nothing more of it goes to {where}.",
    OutcomeKind.SKIPPED: "Not carried, as it should be.",
    OutcomeKind.REJECTED: "Could not be carried.",
    OutcomeKind.NEEDS_REVIEW: "A person has to decide.",
    OutcomeKind.HELD: "Waits before it can go to {where}.",
    OutcomeKind.SUBMITTED: "Submitted to {where}, which is working on it.",
    OutcomeKind.REMOTE_STATUS: "News from {where}.",
}

_ACTIONS = {
    "letter.redrive": "sent again what is in",
    "letter.settle": "settled",
    "letter.adopt": "adopted the remote's record in answer to",
    "letter.resubmit": "had it sent once more, in answer to",
    "letter.propose": "proposed a decision about",
    "letter.propose-by-name": "took a proposal over that was typed at a command line, about",
    "letter.decline": "declined what was proposed about",
    "letter.assign": "assigned",
    "letter.note": "noted something about",
    "letter.snooze": "snoozed",
    "replay": "replayed it",
    "hold.make": "put it on hold",
    "hold.release": "released it from hold",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """Something that happened. ``revision`` counts the observations; ``lines`` say more."""

    at: datetime
    what: str
    revision: int | None
    sentence: str
    lines: tuple[str, ...] = ()


def timeline(history: History, *, for_people: bool = False) -> list[TimelineEntry]:
    """Everything that happened, the earliest first; at one time, the cause before its effect.

    ``for_people``: without what says no more than that a target has nothing of it.
    """
    summaries, left_out = summarised(history) if for_people else ({}, frozenset())
    revisions = {event.sequence: number for number, event in enumerate(history.events, start=1)}
    entries = [
        *_observed(history.events),
        *(
            _mapped(sent, revisions, history.names, summaries.get(sent.command.command_id))
            for sent in history.commands
            # For a decision stands the entry about what a person did.
            if not sent.command.operation.is_decision and sent.command.command_id not in left_out
        ),
        *(_ended(outcome, revisions, history) for outcome in history.outcomes if outcome.outcome_id not in left_out),
        *(_acted(action) for action in history.actions),
    ]
    return sorted(entries, key=lambda entry: (entry.at, _CAUSES.get(entry.what, len(_CAUSES))))


# -- observations


def _observed(events: Sequence[ChangeOrderObserved]) -> Iterator[TimelineEntry]:
    before: ChangeOrder | None = None
    for number, event in enumerate(events, start=1):
        yield TimelineEntry(
            at=event.observed_at,
            what="observed",
            revision=number,
            sentence=_observation(event, before),
            lines=tuple(_observation_lines(event, before)),
        )
        before = event.change_order


def _observation(event: ChangeOrderObserved, before: ChangeOrder | None) -> str:
    where = system_name(event.system)
    if event.change is Change.DELETED:
        return f"{where}: deleted there. It last said: {_summary(event.change_order)}."
    if before is not None:
        changes = differences(before, event.change_order)
        return f"{where}: changed there" + (":" if changes else ", in nothing that is carried.")
    how = {
        Change.CREATED: "seen for the first time",
        Change.SNAPSHOT: "found at the first load",
    }.get(event.change, "seen changed")
    return f"{where}: {how}: {_summary(event.change_order)}."


def _observation_lines(event: ChangeOrderObserved, before: ChangeOrder | None) -> Iterator[str]:
    if before is not None and event.change is not Change.DELETED:
        yield from differences(before, event.change_order)
    if event.echo:
        yield "This is what we ourselves wrote there."
    for defect in event.defects:
        yield f"not readable: {defect}"


def _summary(change_order: ChangeOrder) -> str:
    named = (
        " ".join(filter(None, (change_order.number, f'"{change_order.title}"' if change_order.title else None)))
        or "without a name"
    )
    items = (
        f"{len(change_order.items)} item{'s' if len(change_order.items) != 1 else ''}"
        if change_order.items
        else "a lump sum"
    )
    cost, price = (
        amount(change_order.cost, change_order.currency),
        amount(change_order.client_price, change_order.currency),
    )
    return f"{named}, {change_order.status.value}, cost {cost}, client price {price}, {items}"


# -- commands


def _mapped(sent: SentCommand, revisions: Mapping[int, int], names: RouteNames, instead: str | None) -> TimelineEntry:
    """``instead``: a sentence that says all there is to say."""
    command, where = sent.command, place_of(sent.command, names)
    if instead is not None:
        return TimelineEntry(at=sent.at, what="mapped", revision=revisions.get(command.sequence), sentence=instead)
    if command.operation is Operation.APPLY:
        sentence = f"to be written to {where}: {_payload(sent)}"
    else:
        sentence = f"{_WHAT_TO_DO[command.operation]} {where}"
    lane = ", in the backfill lane" if sent.lane is Lane.BACKFILL else ""
    lines = [] if command.reason is None else [_because(command.reason)]
    if command.unplaced:
        lines.append(f"items that no target takes: {', '.join(command.unplaced)}")
    return TimelineEntry(
        at=sent.at,
        what="mapped",
        revision=revisions.get(command.sequence),
        sentence=f"{sentence}{lane}.",
        lines=tuple(lines),
    )


def _because(reason: str) -> str:
    words = _REASONS.get(reason)
    return f"because {words} ({reason})" if words else f"because: {reason}"


def _payload(sent: SentCommand) -> str:
    payload = sent.command.payload
    if payload is None:
        return "nothing"
    status = getattr(payload, "status", None)
    named = " ".join(filter(None, (payload.number, f'"{payload.title}"' if payload.title else None)))
    lines = f"{len(payload.lines)} line{'s' if len(payload.lines) != 1 else ''}"
    return ", ".join(filter(None, (named, status, lines, f"in all {amount(_total(payload), payload.currency)}")))


def _total(payload: ProcorePayload | CinxPayload) -> Decimal:
    if isinstance(payload, ProcorePayload):
        return sum((line.amount for line in payload.lines), Decimal(0))
    return sum((line.quantity * line.unit_price for line in payload.lines), Decimal(0))


# -- outcomes


def _ended(outcome: ChangeOrderOutcome, revisions: Mapping[int, int], history: History) -> TimelineEntry:
    where = system_name(outcome.system) or "the target"
    lines = [outcome.sentence] if outcome.sentence and outcome.sentence not in _SENTENCES[outcome.kind] else []
    lines += [remote_line(record) for record in outcome.remote]
    if outcome.letter_id is not None:
        state = "open" if outcome.letter_id in history.letters else "settled since"
        lines.append(f"letter {outcome.letter_id} ({state}), reason {outcome.reason}")
    elif outcome.reason is not None and not outcome.sentence:
        lines.append(f"reason {outcome.reason}")
    if outcome.preview:
        lines.append(f"it would have sent: {outcome.preview}")
    return TimelineEntry(
        at=outcome.at,
        what=outcome.kind.value.replace("_", " "),
        revision=revisions.get(outcome.sequence),
        sentence=(_NOTHING_SENT if _says_otherwise(outcome) else _SENTENCES[outcome.kind]).format(where=where),
        lines=tuple(lines),
    )


def _says_otherwise(outcome: ChangeOrderOutcome) -> bool:
    return outcome.kind is OutcomeKind.UNCHANGED and outcome.sentence is not None


# -- people


def _acted(action: OperatorAction) -> TimelineEntry:
    about = details(action)
    letter = about.get("letter_id")
    verb = _ACTIONS.get(action.action, action.action)
    why = (f'why: "{action.why}"',) if action.why else ()
    record, hold = about.get("adopt_remote_id"), about.get("hold_id")
    words = (
        action.who,
        verb,
        letter and f"letter {letter}",
        record and f"(the record {record})",
        hold and f"(hold {hold})",
    )
    return TimelineEntry(
        at=action.at,
        what="person",
        revision=None,
        sentence=" ".join(filter(None, words)) + ".",
        lines=why,
    )
