"""How a change order stands now: what waits and why, what the remotes hold, what is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from operations.status.inbox import hold_end, is_open
from operations.trace.history import History
from operations.trace.never_sent import was_never_sent
from operations.wording import duration, moment, remote_line, system_name
from relay.domain.identity import change_order_key_of
from relay.domain.ledger import Hold, Intent, LedgerEntry, Slot
from relay.domain.ledger_facts import CinxFact
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.person_holds import hold_sentence


def latest_outcomes(outcomes: Iterable[ChangeOrderOutcome]) -> dict[str, ChangeOrderOutcome]:
    """The newest ``remote_status`` of each record, by the remote's id. ``outcomes`` are in the order of time."""
    return {
        record.remote_id: outcome
        for outcome in outcomes
        if outcome.kind is OutcomeKind.REMOTE_STATUS
        for record in outcome.remote
    }


def remote_state(entry: LedgerEntry, latest: Mapping[str, ChangeOrderOutcome]) -> str | None:
    """``state there: declined``, of the latest record; ``None`` where nothing is known, or there is none."""
    outcome = latest.get(entry.remote.get(CinxFact.GUID, ""))
    if outcome is not None and outcome.reason:
        return f"state there: {outcome.reason.partition('.')[2].replace('_', ' ')}"
    read = entry.remote.get(CinxFact.STATE)
    return f"state there when it was last read: {read.lower()}" if read else None


def current_state(history: History, at: datetime) -> list[str]:
    """Sentences; none where nothing waits, nothing is known of a remote, and nothing is open."""
    return [*_inbox(history, at), *_on_hold(history), *_unread(history), *_ledger(history), *_letters(history)]


def _inbox(history: History, at: datetime) -> Iterator[str]:
    for (slot, origin_id), waiting in history.waiting.items():
        age = duration((at - waiting.received_at).total_seconds())
        verb = "waits" if slot is Slot.NEXT else "is under way"
        yield f"{_target(history, origin_id)}: a command {verb}, received {age} ago."
        yield from (f"  {reason}" for reason in _reasons(history, origin_id, at))


def _reasons(history: History, origin_id: str, at: datetime) -> Iterator[str]:
    """Why it waits."""
    yield from (f"It is {hold_sentence(hold)}." for hold in history.on_hold(origin_id))
    intent, entry = history.intents.get(origin_id), history.ledger.get(origin_id)
    if entry is not None and entry.review is not None:
        yield "It is held until a person decides about an earlier write (cor letters adopt, cor letters resubmit)."
    if intent is not None and intent.job_id is not None:
        yield f"The remote works on job {intent.job_id}."
    elif intent is not None and intent.ambiguous_at is not None:
        yield f"The answer to its step {intent.step} was lost at {moment(intent.ambiguous_at)}; it is read back first."
    elif intent is not None and intent.sent:
        yield f"Its step {intent.step} was sent {duration((at - intent.intended_at).total_seconds())} ago."
    ahead = history.ahead.get(origin_id)
    if ahead is not None:
        yield _behind(ahead, at)
    for scope, hold in history.holds.items():
        if history.is_held(origin_id, hold):
            yield _hold(scope, hold, at)


def _on_hold(history: History) -> Iterator[str]:
    """People's holds on what does not wait now."""
    waiting = {origin_id for _, origin_id in history.waiting}
    origin_ids = dict.fromkeys(sent.command.origin_id for sent in history.commands)
    for origin_id in [origin_id for origin_id in origin_ids if origin_id not in waiting]:
        for hold in history.on_hold(origin_id):
            yield f"{_target(history, origin_id)}: nothing new is written: it is {hold_sentence(hold)}."


def _behind(ahead: Intent, at: datetime) -> str:
    age = duration((at - ahead.intended_at).total_seconds())
    return (
        f"It waits behind the submission of {change_order_key_of(ahead.origin_id)}, open for {age}: one submission to "
        "a purchase order is open at a time."
    )


def _hold(scope: str, hold: Hold, at: datetime) -> str:
    since = duration((at - hold.since).total_seconds())
    return f"{scope} is held for {since}, {hold_end(hold)}: {hold.sentence}"


def _unread(history: History) -> Iterator[str]:
    """Commands that no writer has received yet."""
    ended = {outcome.command_id for outcome in history.outcomes if outcome.kind.is_terminal}
    received = {waiting.command_id for waiting in history.waiting.values()}
    for sent in history.commands:
        if sent.command.command_id not in ended | received:
            yield f"{sent.command.origin_id}: a command of {moment(sent.command.mapped_at)} is not received yet."


def _ledger(history: History) -> Iterator[str]:
    revisions = {event.sequence: number for number, event in enumerate(history.events, start=1)}
    for origin_id, entry in history.ledger.items():
        outcomes = [outcome for outcome in history.outcomes if outcome.origin_id == origin_id]
        latest = latest_outcomes(outcomes)
        written = _written(entry, history.intents.get(origin_id), revisions)
        yield f"{_target(history, origin_id)}: {'; '.join(filter(None, (written, remote_state(entry, latest))))}."
        for record in _records(outcomes):
            yield f"  {remote_line(record)}"
            if record.remote_id in latest:
                outcome = latest[record.remote_id]
                yield f"    {moment(outcome.at)} UTC: {outcome.sentence or outcome.reason}"


_OF_ONE_RECORD = frozenset({OutcomeKind.REMOTE_STATUS, OutcomeKind.SUBMITTED})
"""A status is of the record that it is about alone, and a submission names its job."""


def _records(outcomes: Sequence[ChangeOrderOutcome]) -> tuple[RemoteRecord, ...]:
    """All records that were named last."""
    ours = [outcome.remote for outcome in outcomes if outcome.remote and outcome.kind not in _OF_ONE_RECORD]
    others = [outcome.remote for outcome in outcomes if outcome.remote]
    return (ours or others or [()])[-1]


def _target(history: History, origin_id: str) -> str:
    """``CINX PO-123 (target tower/steel)``, as far as it is known."""
    entry, command = history.ledger.get(origin_id), history.latest_command(origin_id)
    target = origin_id.rpartition(":")[2]
    systems = [outcome.system for outcome in history.outcomes if outcome.origin_id == origin_id and outcome.system]
    system = command.system if command else systems[-1] if systems else None
    places = [entry.destination if entry else None, command.destination.name if command else None]
    if entry is None or (was_never_sent(entry) and entry.review is None):
        # Nothing is there yet: it goes where today's route says, whatever the last command said.
        places.insert(0, history.places.get(target))
    place = next(filter(None, places), None)
    project = command.project if command else history.events[-1].project if history.events else None
    shown = history.names.shown(":".join(history.key.split(":")[:2]), project, target)
    return f"{' '.join(filter(None, (system_name(system), place)))} (target {shown})".strip()


def _written(entry: LedgerEntry, intent: Intent | None, revisions: Mapping[int, int]) -> str:
    if entry.withdrawn:
        return _withdrawn(entry, intent)
    if entry.applied_sequence is None:
        return "part of it is accepted there" if entry.parts else "nothing of it is accepted there"
    revision = revisions.get(entry.applied_sequence)
    content = f"says what revision {revision} says" if revision else "says what was sent"
    newer = f"; revision {len(revisions)} is the newest" if revision and revision < len(revisions) else ""
    edited = [name for name, part in entry.parts.items() if part.person]
    by_people = f"; changed by people there: {', '.join(edited)}" if edited else ""
    return f"{content}{newer}{by_people}"


def _withdrawn(entry: LedgerEntry, intent: Intent | None) -> str:
    """What is there after a withdrawal: something newer may have been sent since, and may have been done."""
    before = "nothing of it was there" if was_never_sent(entry) else "withdrawn before"
    if entry.review is not None or (is_open(intent) and intent.ambiguous_at is not None):
        return f"{before}; whether a newer submission was done is in doubt"
    if is_open(intent):
        return f"{before}; a newer submission is under way"
    return "nothing of it goes there" if was_never_sent(entry) else "withdrawn"


def _letters(history: History) -> Iterator[str]:
    for letter in history.letters.values():
        yield f"open letter {letter.letter_id} ({letter.reason}): cor letters show {letter.letter_id}"
