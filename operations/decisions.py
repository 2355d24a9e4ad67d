"""What people decided, by the numbers of the audit entries, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, and_, select

from operations.audit import now
from operations.environment import Environment
from operations.holds.obeyed import wait_until_obeyed
from operations.holds.standing import read_standing
from operations.letters.open_letters import mark_at
from operations.replay.progress import ENDED
from operations.reports.tables import ReadTables
from relay.domain.json_object import object_in
from relay.domain.outcomes import OutcomeKind
from relay.domain.records import OperatorAction
from relay.engine.kafka import Partition, RecordFetcher
from relay.engine.topics import AUDIT
from schemas import Unreadable
from workers.views.amounts import milliseconds, time_of
from workers.views.tables import AUDIT as AUDIT_ENTRIES
from workers.views.tables import CONTROL, LETTERS, OUTCOMES

_PROPOSED = ("letter.propose", "letter.propose-by-name")
_ON_THE_WAY = (OutcomeKind.HELD, OutcomeKind.SUBMITTED)
_FAILED = (OutcomeKind.REJECTED, OutcomeKind.NEEDS_REVIEW)
_SENDING = ("letter.redrive", "letter.adopt", "letter.resubmit")


class Came(StrEnum):
    """What came of a decision."""

    WAITS = "waits"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """An entry of the audit. ``number``: where it stands there."""

    number: int
    action: OperatorAction

    @property
    def details(self) -> Mapping[str, Any]:
        """Its particulars."""
        return object_in(self.action.details) or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedDecision:
    """A decision with what came of it. ``sentence`` says it, where there is anything to say; ``at``: when that was."""

    recorded: RecordedDecision
    came: Came
    sentence: str
    at: datetime | None = None


def read_recorded(environment: Environment, numbers: Collection[int]) -> list[RecordedDecision]:
    """The entries that stand at these places, in their order; what is none, or cannot be read, is left out."""
    topic = environment.name(AUDIT)
    found = []
    with RecordFetcher(environment.connection) as fetcher:
        for record in fetcher.every({Partition(topic, 0): list(numbers)}):
            try:
                action = environment.codec.decode(record.value or b"", OperatorAction)
            except Unreadable:
                continue
            found.append(RecordedDecision(number=record.offset, action=action))
    return found


def follow(
    environment: Environment, tables: ReadTables, decisions: Iterable[RecordedDecision]
) -> list[FollowedDecision]:
    """What came of each so far, as tables and topics tell it."""
    return [_followed(environment, tables, one) for one in decisions]


def _followed(environment: Environment, tables: ReadTables, one: RecordedDecision) -> FollowedDecision:
    match one.action.action:
        case "letter.settle":
            return _done(one, "The open item is closed; nothing was sent.")
        case action if action in _PROPOSED:
            return _of_proposal(tables, one)
        case "hold.make" | "hold.release":
            return _of_hold(environment, one)
        case action if action == ENDED:
            return _of_replay(one)
        case action if action in _SENDING:
            return _of_sending(tables, one)
    return _done(one, "Recorded.")


def _done(one: RecordedDecision, sentence: str, at: datetime | None = None) -> FollowedDecision:
    return FollowedDecision(recorded=one, came=Came.DONE, sentence=sentence, at=at or one.action.at)


def _of_replay(one: RecordedDecision) -> FollowedDecision:
    """The answer to a letter about a whole project."""
    events, letters = one.details.get("events", 0), one.details.get("letters", 0)
    refused = f", {letters} of them refused again: those are open items" if letters else ""
    return _done(one, f"The project was mapped anew: {events} change orders{refused}. Each tells what became of it.")


def _of_proposal(tables: ReadTables, one: RecordedDecision) -> FollowedDecision:
    proposal_id = str(one.details.get("proposal_id"))
    key = f"proposal:{proposal_id}"
    row = tables.connection.execute(select(CONTROL.c.content).where(CONTROL.c.control_key == key)).first()
    # Its end goes from the control topic in the end, and then from tables that are made anew; the audit stays.
    waits = not _is_answered(tables, proposal_id, one.action.at) if row is None else row.content is not None
    if waits:
        return FollowedDecision(recorded=one, came=Came.WAITS, sentence="It waits for a second person.")
    return _done(one, "It waits no longer: it was approved or declined, as the history says.")


def _is_answered(tables: ReadTables, proposal_id: str, since: datetime) -> bool:
    columns = AUDIT_ENTRIES.c
    query = select(columns.action_id).where(
        columns.at >= milliseconds(since),
        columns.action.not_in(_PROPOSED),
        columns.details.contains(proposal_id, autoescape=True),
    )
    return tables.connection.execute(query.limit(1)).first() is not None


def _of_hold(environment: Environment, one: RecordedDecision) -> FollowedDecision:
    """A hold is obeyed once every owner states that it has read what stands now."""
    record = one.details.get("record")
    about = f"It is on the change order that {record} was written for. " if record else ""
    obeyed = wait_until_obeyed(environment, read_standing(environment).news, one.details.get("tenant"), 0)
    if obeyed.missing:
        waiting = "; ".join(obeyed.missing)
        sentence = f"{about}Not obeyed by every writer yet: {waiting}."
        return FollowedDecision(recorded=one, came=Came.WAITS, sentence=sentence)
    if obeyed.obeying:
        return _done(one, f"{about}Every writer obeys it: {', '.join(obeyed.obeying)}.", now())
    return _done(one, f"{about}No writer runs; one that starts reads it before it writes anything.", now())


def _of_sending(tables: ReadTables, one: RecordedDecision) -> FollowedDecision:
    details = one.details
    if details.get("result") == "settled":
        return _done(one, "Nothing is to be carried any more: the open item is closed.")
    if details.get("result") == "refused":
        return FollowedDecision(
            recorded=one, came=Came.FAILED, sentence="Refused again: the open item stays.", at=one.action.at
        )
    commands = [str(one) for one in (details.get("command_ids") or [details.get("command_id")]) if one]
    last = {row.command_id: row for row in _outcomes(tables, one, commands)}
    if not last or len(last) < len(commands) or any(row.kind in _ON_THE_WAY for row in last.values()):
        return FollowedDecision(recorded=one, came=Came.WAITS, sentence=_words(last.values()))
    failed = [row for row in last.values() if row.kind in _FAILED]
    newest = max(last.values(), key=lambda row: row.at)
    came = Came.FAILED if failed else Came.DONE
    return FollowedDecision(recorded=one, came=came, sentence=_words(failed or last.values()), at=time_of(newest.at))


def _outcomes(tables: ReadTables, one: RecordedDecision, commands: list[str]) -> list[Row[Any]]:
    """The outcomes of these commands since the decision, the earliest first."""
    query = select(OUTCOMES.c.command_id, OUTCOMES.c.kind, OUTCOMES.c.at, OUTCOMES.c.sentence).where(
        and_(OUTCOMES.c.command_id.in_(commands), OUTCOMES.c.at >= milliseconds(one.action.at))
    )
    if one.action.subject != one.details.get("letter_id"):
        query = query.where(OUTCOMES.c.change_order_key == one.action.subject)
    return list(tables.connection.execute(query.order_by(OUTCOMES.c.at, OUTCOMES.c.offset)))


def _words(rows: Iterable[Row[Any]]) -> str:
    return " ".join(dict.fromkeys(row.sentence for row in rows if row.sentence))


def shown_marks(tables: ReadTables, letter_ids: Collection[str]) -> dict[str, str]:
    """The marks of these letters as the tables have them, as far as they are open."""
    query = select(LETTERS.c.letter_id, LETTERS.c.partition, LETTERS.c.offset).where(LETTERS.c.open)
    rows = tables.connection.execute(query.order_by(LETTERS.c.last_at))
    wanted = set(letter_ids)
    return {row.letter_id: mark_at(row.partition, row.offset) for row in rows if row.letter_id in wanted}
