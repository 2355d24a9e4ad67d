"""How a change order stands now: what waits and why, what the remotes hold, what is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from operations.trace.history import History
from operations.trace.never_sent import was_never_sent
from operations.wording import duration, hold_end, moment, remote_line, system_name
from relay.domain.ledger import Hold, Intent, LedgerEntry, Slot
from relay.domain.ledger_facts import CinxFact
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.engine.writer.steps.held import change_order_of


def latest_outcomes(told: Iterable[ChangeOrderOutcome]) -> dict[str, ChangeOrderOutcome]:
    """The newest ``remote_status`` of each record, by the remote's id. ``told`` is in the order of time."""
    return {
        record.remote_id: outcome
        for outcome in told
        if outcome.kind is OutcomeKind.REMOTE_STATUS
        for record in outcome.remote
    }


def remote_state(entry: LedgerEntry, news: Mapping[str, ChangeOrderOutcome]) -> str | None:
    """``state there: declined``, of the latest record; ``None`` where nothing is known, or there is none."""
    last = news.get(entry.remote.get(CinxFact.GUID, ""))
    if last is not None and last.reason:
        return f"state there: {last.reason.partition('.')[2].replace('_', ' ')}"
    read = entry.remote.get(CinxFact.STATE)
    return f"state there when it was last read: {read.lower()}" if read else None


def current_state(life: History, at: datetime) -> list[str]:
    """Sentences; none where there is nothing to say."""
    return [*_inbox(life, at), *_unread(life), *_ledger(life), *_letters(life)]


def _inbox(life: History, at: datetime) -> Iterator[str]:
    for (slot, origin_id), waiting in life.waiting.items():
        age = duration((at - waiting.received_at).total_seconds())
        verb = "waits" if slot is Slot.NEXT else "is under way"
        yield f"{_target(life, origin_id)}: a command {verb}, received {age} ago."
        yield from (f"  {one}" for one in _why(life, origin_id, at))


def _why(life: History, origin_id: str, at: datetime) -> Iterator[str]:
    intent, entry = life.intents.get(origin_id), life.ledger.get(origin_id)
    if entry is not None and entry.review is not None:
        yield "It is held until a person decides about an earlier write (cor letters adopt, cor letters resubmit)."
    if intent is not None and intent.job_id is not None:
        yield f"The remote works on job {intent.job_id}."
    elif intent is not None and intent.ambiguous_at is not None:
        yield f"The answer to its step {intent.step} was lost at {moment(intent.ambiguous_at)}; it is read back first."
    elif intent is not None and intent.sent:
        yield f"Its step {intent.step} was sent {duration((at - intent.intended_at).total_seconds())} ago."
    ahead = life.ahead.get(origin_id)
    if ahead is not None:
        yield _behind(ahead, at)
    for scope, hold in life.holds.items():
        yield _hold(scope, hold, at)


def _behind(ahead: Intent, at: datetime) -> str:
    age = duration((at - ahead.intended_at).total_seconds())
    return (
        f"It waits behind the submission of {change_order_of(ahead.origin_id)}, open for {age}: one submission to a "
        "purchase order is open at a time."
    )


def _hold(scope: str, hold: Hold, at: datetime) -> str:
    since = duration((at - hold.since).total_seconds())
    return f"{scope} is held for {since}, {hold_end(hold)}: {hold.sentence}"


def _unread(life: History) -> Iterator[str]:
    """Commands that no writer has taken in yet."""
    ended = {outcome.command_id for outcome in life.outcomes if outcome.kind.is_terminal}
    held = {waiting.command_id for waiting in life.waiting.values()}
    for sent in life.commands:
        if sent.command.command_id not in ended | held:
            yield f"{sent.command.origin_id}: a command of {moment(sent.command.mapped_at)} is not received yet."


def _ledger(life: History) -> Iterator[str]:
    revisions = {event.sequence: number for number, event in enumerate(life.events, start=1)}
    for origin_id, entry in life.ledger.items():
        told = [outcome for outcome in life.outcomes if outcome.origin_id == origin_id]
        news = latest_outcomes(told)
        facts = filter(None, (_known(entry, revisions), remote_state(entry, news)))
        yield f"{_target(life, origin_id)}: {'; '.join(facts)}."
        for record in _shown(told):
            yield f"  {remote_line(record)}"
            if record.remote_id in news:
                yield f"    {_said(news[record.remote_id])}"


_OF_ONE_RECORD = frozenset({OutcomeKind.REMOTE_STATUS, OutcomeKind.SUBMITTED})


def _shown(told: Sequence[ChangeOrderOutcome]) -> tuple[RemoteRecord, ...]:
    """All records that were named last; news is of one of them alone, and a submission names its job."""
    ours = [outcome.remote for outcome in told if outcome.remote and outcome.kind not in _OF_ONE_RECORD]
    others = [one.remote for one in told if one.remote]
    return (ours or others or [()])[-1]


def _said(news: ChangeOrderOutcome) -> str:
    return f"{moment(news.at)} UTC: {news.sentence or news.reason}"


def _target(life: History, origin_id: str) -> str:
    """``CINX PO-123 (target steel)``, as far as it is known."""
    entry = life.ledger.get(origin_id)
    commands = [sent.command for sent in life.commands if sent.command.origin_id == origin_id]
    told = [outcome.system for outcome in life.outcomes if outcome.origin_id == origin_id and outcome.system]
    system = commands[-1].system if commands else told[-1] if told else None
    place = entry.destination if entry else commands[-1].destination.name if commands else None
    return f"{' '.join(filter(None, (system_name(system), place)))} (target {origin_id.rpartition(':')[2]})".strip()


def _known(entry: LedgerEntry, revisions: Mapping[int, int]) -> str:
    if entry.withdrawn:
        return "nothing of it goes there" if was_never_sent(entry) else "withdrawn"
    if entry.applied_sequence is None:
        return "part of it is accepted there" if entry.parts else "nothing of it is accepted there"
    revision = revisions.get(entry.applied_sequence)
    said = f"says what revision {revision} says" if revision else "says what was sent"
    newer = f"; revision {len(revisions)} is the newest" if revision and revision < len(revisions) else ""
    edited = [name for name, part in entry.parts.items() if part.person]
    by_people = f"; changed by people there: {', '.join(edited)}" if edited else ""
    return f"{said}{newer}{by_people}"


def _letters(life: History) -> Iterator[str]:
    for letter in life.letters.values():
        yield f"open letter {letter.letter_id} ({letter.reason}): cor letters show {letter.letter_id}"
