from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from operations.trace.current_state import current_state
from operations.trace.history import History, SentCommand
from operations.trace.timeline import TimelineEntry, timeline
from relay.domain.commands import Lane, Operation, ProcoreCommand
from relay.domain.control import PersonHold, Subject
from relay.domain.events import Change
from relay.domain.ledger import Hold, HoldKind, Intent, LedgerEntry, Part, Slot, Waiting
from relay.domain.mapping import map_event, reasons
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.records import OperatorAction
from tests.unit.domain.mapping.samples import NOW, change_order, event, routing

KEY = "constructiononline:acme:498099"
ORIGIN = f"cor:{KEY}:main"
URL = "https://app.procore.com/315/project/1"


def at(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def command(sequence: int = 1700000000) -> ProcoreCommand:
    (found,) = map_event(event(sequence=sequence), routing(), NOW).commands
    assert isinstance(found, ProcoreCommand)
    return found


def outcome(kind: OutcomeKind, seconds: int, **changes: object) -> ChangeOrderOutcome:
    told = ChangeOrderOutcome(
        outcome_id=f"{kind}{seconds}",
        kind=kind,
        stage="procore-writer",
        change_order_key=KEY,
        at=at(seconds),
        sequence=1700000000,
        system="procore",
        origin_id=ORIGIN,
        command_id=command().command_id,
    )
    return replace(told, **changes)  # type: ignore[arg-type]  # a test names the fields it changes


def applied_history() -> History:
    remote = (RemoteRecord(kind="potential_change_order", remote_id="598", number="002", url=URL),)
    history = History(KEY)
    history.events = [
        event(observed_at=at(0), change=Change.CREATED),
        event(change_order(title="Brighter"), sequence=1700000001, observed_at=at(10)),
    ]
    history.commands = [SentCommand(command(), Lane.LIVE, at(0))]
    history.outcomes = [outcome(OutcomeKind.APPLIED, 2, remote=remote)]
    return history


def test_at_one_moment_the_cause_is_told_before_its_effect() -> None:
    told = timeline(applied_history())
    assert [one.what for one in told] == ["observed", "mapped", "applied", "observed"]
    assert [one.revision for one in told] == [1, 1, 1, 2]


def test_what_the_remote_holds_is_told_with_a_link() -> None:
    applied = timeline(applied_history())[2]
    assert applied.sentence == "Procore now says so."
    assert applied.lines == (f"potential change order 002 (id 598): {URL}",)


def test_a_change_is_told_as_its_difference() -> None:
    assert timeline(applied_history())[3].lines == ('title: "Living Room Light Fixtures" -> "Brighter"',)


def test_a_letter_is_open_or_settled_since() -> None:
    history = applied_history()
    history.outcomes = [outcome(OutcomeKind.REJECTED, 2, letter_id="l", reason="r", sentence="It is too long.")]
    assert timeline(history)[2].lines == ("It is too long.", "letter l (settled since), reason r")


def test_people_are_told_with_their_reason_and_their_decision_is_told_once() -> None:
    history = applied_history()
    adopt = replace(command(), operation=Operation.ADOPT)
    history.commands.append(SentCommand(adopt, Lane.LIVE, at(5)))
    history.actions = [
        OperatorAction(
            action_id="a",
            subject=KEY,
            action="letter.adopt",
            who="ann",
            why="seen there",
            at=at(5),
            details='{"letter_id": "l", "adopt_remote_id": "598"}',
        )
    ]
    told = [one for one in timeline(history) if one.at == at(5)]
    assert [one.sentence for one in told] == ["ann adopted the remote's record in answer to letter l (the record 598)."]
    assert told[0].lines == ('why: "seen there"',)


def test_nothing_is_said_of_now_where_nothing_is_left() -> None:
    assert current_state(applied_history(), at(60)) == []


def test_what_waits_says_why() -> None:
    history = applied_history()
    history.outcomes = []
    history.waiting[(Slot.CURRENT, ORIGIN)] = Waiting(
        origin_id=ORIGIN,
        command_id=command().command_id,
        lane=Lane.LIVE,
        topic="t",
        partition=0,
        offset=0,
        received_at=at(0),
        sequence=1,
        mapped_at=NOW,
        record_key=None,
        command=b"",
    )
    history.intents[ORIGIN] = Intent(
        origin_id=ORIGIN,
        command_id="c",
        step="lines",
        parts={},
        bytes_hash="",
        intended_at=at(1),
        sent=True,
        ambiguous_at=at(2),
    )
    history.holds["procore:acme"] = Hold(
        scope="procore:acme",
        kind=HoldKind.TENANT_BLOCKED,
        reason="r",
        sentence="the app is not connected",
        since=at(0),
        until=at(90),
        probe=True,
    )
    said = " ".join(current_state(history, at(60)))
    assert "Procore 315/44021 (target main): a command is under way, received 60 s ago" in said
    assert "The answer to its step lines was lost" in said
    assert "procore:acme is held for 60 s, until a probe succeeds: the app is not connected" in said


def test_what_is_unchanged_for_another_reason_is_not_said_to_be_there() -> None:
    history = applied_history()
    history.outcomes = [outcome(OutcomeKind.UNCHANGED, 5, sentence="An open letter says what was not accepted.")]
    (told,) = [one for one in timeline(history) if one.what == "unchanged"]
    assert told.sentence == "Nothing was sent to Procore."
    assert "An open letter says what was not accepted." in told.lines


def test_a_target_of_which_nothing_has_been_told_is_named_by_its_system() -> None:
    history = applied_history()
    history.outcomes = []
    history.ledger[ORIGIN] = LedgerEntry(
        origin_id=ORIGIN,
        change_order_key=KEY,
        destination="315/44021",
        seen_sequence=0,
        seen_mapped_at=NOW,
        parts={},
        remote={},
    )
    assert "Procore 315/44021 (target main): nothing of it is accepted there." in current_state(history, at(60))


def test_a_command_that_nobody_has_received_is_told() -> None:
    history = applied_history()
    history.outcomes = []
    assert any("is not received yet" in one for one in current_state(history, at(60)))


def test_the_ledger_says_which_revision_the_remote_holds() -> None:
    history = applied_history()
    history.ledger[ORIGIN] = LedgerEntry(
        origin_id=ORIGIN,
        change_order_key=KEY,
        destination="315/44021",
        seen_sequence=1700000000,
        seen_mapped_at=NOW,
        applied_sequence=1700000000,
        parts={"header": Part(hash="h", person=True)},
        remote={"pco_id": "598"},
    )
    known = "says what revision 1 says; revision 2 is the newest; changed by people there: header."
    assert current_state(history, at(60)) == [
        f"Procore 315/44021 (target main): {known}",
        f"  potential change order 002 (id 598): {URL}",
    ]


def ordered(**remote: str) -> History:
    """A POCO that says what the first revision says."""
    history = applied_history()
    poco = RemoteRecord(kind="poco", remote_id="guid-2", number="PO-123-02")
    earlier = RemoteRecord(kind="poco", remote_id="guid-1", number="PO-123-01")
    history.outcomes = [outcome(OutcomeKind.APPLIED, 2, system="cinx", remote=(poco, earlier))]
    history.ledger[ORIGIN] = LedgerEntry(
        origin_id=ORIGIN,
        change_order_key=KEY,
        destination="PO-123",
        seen_sequence=1700000000,
        seen_mapped_at=NOW,
        applied_sequence=1700000000,
        parts={"poco": Part(hash="h")},
        remote={"poco_guid": "guid-2", **remote},
    )
    return history


def news(history: History, record: int, seconds: int, reason: str, sentence: str) -> None:
    """What the poller tells of one of the records."""
    told = outcome(OutcomeKind.REMOTE_STATUS, seconds, system="cinx", reason=reason, sentence=sentence)
    history.outcomes.append(replace(told, command_id=None, remote=(history.outcomes[0].remote[record],)))


def test_what_became_of_a_record_stands_beside_what_it_says() -> None:
    history = ordered(poco_state="IN-PROCESS")
    news(history, 1, 3, "cinx.accepted", "The first is ACCEPTED.")
    news(history, 0, 4, "cinx.accepted", "The second is ACCEPTED.")
    news(history, 0, 5, "cinx.declined", "The second is DECLINED.")
    first, *rest = current_state(history, at(60))
    assert "says what revision 1 says; revision 2 is the newest; state there: declined." in first
    assert rest == [
        "  purchase order change order PO-123-02 (id guid-2)",
        "    2026-03-01 12:00:05 UTC: The second is DECLINED.",
        "  purchase order change order PO-123-01 (id guid-1)",
        "    2026-03-01 12:00:03 UTC: The first is ACCEPTED.",
    ]


def test_without_news_the_state_is_what_the_writer_read() -> None:
    (first, *_) = current_state(ordered(poco_state="DECLINED"), at(60))
    assert first.endswith("; state there when it was last read: declined.")
    (first, *_) = current_state(ordered(), at(60))
    assert first.endswith("revision 2 is the newest.")


def test_news_of_an_earlier_record_is_not_the_state_of_the_latest() -> None:
    history = ordered(poco_state="IN-PROCESS")
    news(history, 1, 3, "cinx.procurement_cancelled", "The procurement of the first is CANCELLED.")
    (first, *_) = current_state(history, at(60))
    assert first.endswith("; state there when it was last read: in-process.")


# -- targets that have nothing of it


STEEL = f"cor:{KEY}:steel"


def withdrawal(sequence: int, seconds: int, reason: str = reasons.NO_ITEMS, **changes: Any) -> SentCommand:
    """What the mapper says to a target that the change order does not match."""
    made = replace(
        command(sequence),
        command_id=f"w{sequence}",
        operation=Operation.WITHDRAW,
        target="steel",
        origin_id=STEEL,
        payload=None,
        reason=reason,
        **changes,
    )
    return SentCommand(made, Lane.LIVE, at(seconds))


def withdrawn(one: SentCommand, seconds: int) -> ChangeOrderOutcome:
    told = outcome(OutcomeKind.WITHDRAWN, seconds, reason=one.command.reason, origin_id=STEEL)
    return replace(told, command_id=one.command.command_id)


def never_there() -> History:
    """Two revisions, neither of which has anything for the second target."""
    history = applied_history()
    first, second = withdrawal(1700000000, 0), withdrawal(1700000001, 10)
    history.commands += [first, second]
    history.outcomes += [withdrawn(first, 1), withdrawn(second, 11)]
    return history


def about_steel(told: list[TimelineEntry]) -> list[str]:
    return [one.sentence for one in told if "steel" in one.sentence or one.what == "withdrawn"]


def test_a_target_that_never_had_anything_is_one_plain_line() -> None:
    told = timeline(never_there(), for_people=True)
    assert about_steel(told) == ["It has nothing for Procore 315/44021 (target steel)."]
    (line,) = [one for one in told if "steel" in one.sentence]
    assert line.lines == ()
    assert [one.what for one in told if one is not line] == ["observed", "mapped", "applied", "observed"]


def test_the_whole_story_leaves_nothing_out() -> None:
    assert [one.what for one in timeline(never_there())].count("withdrawn") == 2
    assert len([one for one in timeline(never_there()) if "is to be withdrawn" in one.sentence]) == 2


def test_what_was_sent_once_is_withdrawn_in_so_many_words() -> None:
    history = never_there()
    history.commands.append(SentCommand(replace(command(), target="steel", origin_id=STEEL), Lane.LIVE, at(-5)))
    told = timeline(history, for_people=True)
    assert [one.what for one in told].count("withdrawn") == 2
    lines = [one.lines for one in told if "is to be withdrawn" in one.sentence]
    assert lines == [("because no item of it is for this target any more (match.no_items)",)] * 2


def test_what_the_ledger_knows_as_sent_is_withdrawn_though_its_command_is_gone() -> None:
    history = never_there()
    history.ledger[STEEL] = LedgerEntry(
        origin_id=STEEL,
        change_order_key=KEY,
        destination="315/44021",
        seen_sequence=0,
        seen_mapped_at=NOW,
        sent_sequence=1,
        parts={},
        remote={},
        withdrawn=True,
    )
    assert [one.what for one in timeline(history, for_people=True)].count("withdrawn") == 2
    assert "Procore 315/44021 (target steel): withdrawn." in current_state(history, at(60))
    history.ledger[STEEL] = replace(history.ledger[STEEL], sent_sequence=None)
    assert len(about_steel(timeline(history, for_people=True))) == 1
    assert "Procore 315/44021 (target steel): nothing of it goes there." in current_state(history, at(60))


def test_what_is_not_carried_yet_says_why_and_what_comes_later_is_told() -> None:
    history = applied_history()
    pending, later = withdrawal(1700000000, 0, reasons.STATUS_NOT_CARRIED), replace(command(), origin_id=STEEL)
    history.commands += [pending, SentCommand(replace(later, command_id="a", target="steel"), Lane.LIVE, at(10))]
    history.outcomes.append(withdrawn(pending, 1))
    status = history.events[0].change_order.status.value
    first, second = about_steel(timeline(history, for_people=True))
    assert first == f"Nothing of it goes to Procore 315/44021 (target steel) while it is {status}."
    assert second.startswith("to be written to Procore 315/44021 (target steel)")


def test_a_failure_to_withdraw_is_told_whatever_was_there() -> None:
    history = never_there()
    failed = outcome(OutcomeKind.REJECTED, 12, letter_id="l", reason="r", sentence="It failed.", origin_id=STEEL)
    history.outcomes.append(replace(failed, command_id="w1700000001"))
    assert "rejected" in [one.what for one in timeline(history, for_people=True)]


def test_items_of_no_target_are_named_where_nothing_else_names_them() -> None:
    history = never_there()
    alone = withdrawal(1700000002, 20, reasons.DELETED, unplaced=("7",))
    history.commands.append(alone)
    assert about_steel(timeline(history, for_people=True))[-1].startswith(
        "It was deleted before anything of it went to Procore"
    )
    history.commands[-1] = replace(alone, command=replace(alone.command, reason=reasons.NO_ITEMS))
    history.commands, history.outcomes = history.commands[-1:], []
    (told,) = about_steel(timeline(history, for_people=True))
    assert told == "It has nothing for Procore 315/44021 (target steel); items that no target takes: 7."


# -- now: what holds it, where it goes, and what is in doubt


def waits(history: History) -> None:
    """The command of the first target waits."""
    waiting = Waiting(
        origin_id=ORIGIN,
        command_id=command().command_id,
        lane=Lane.LIVE,
        topic="t",
        partition=0,
        offset=0,
        received_at=at(0),
        sequence=1,
        mapped_at=NOW,
        record_key=None,
        command=b"",
    )
    history.waiting[(Slot.NEXT, ORIGIN)] = waiting


def denied(project: int) -> Hold:
    """A hold of one project of Procore."""
    return Hold(
        scope=f"procore:acme/project:{project}",
        kind=HoldKind.DENIED,
        reason="procore.project_denied",
        sentence="no such project",
        since=at(0),
        until=at(90),
    )


def test_only_holds_that_hold_it_are_told() -> None:
    history = applied_history()
    waits(history)
    history.holds = {hold.scope: hold for hold in (denied(315), denied(793))}
    told = " ".join(current_state(history, at(60)))
    assert "project:315 is held" in told
    assert "project:793" not in told


def withdrawn_entry(**changes: Any) -> LedgerEntry:
    """What was written once and is withdrawn."""
    entry = LedgerEntry(
        origin_id=ORIGIN,
        change_order_key=KEY,
        destination="315/44021",
        seen_sequence=1,
        seen_mapped_at=NOW,
        sent_sequence=1,
        parts={},
        remote={},
        withdrawn=True,
    )
    return replace(entry, **changes)


def submission(**changes: Any) -> Intent:
    """A submission that has not ended."""
    intent = Intent(
        origin_id=ORIGIN, command_id="c", step="import", parts={}, bytes_hash="", intended_at=at(1), sent=True
    )
    return replace(intent, **changes)


def test_what_is_sent_after_a_withdrawal_is_not_called_withdrawn() -> None:
    history = applied_history()
    history.ledger[ORIGIN] = withdrawn_entry()
    assert "withdrawn." in current_state(history, at(60))[0]
    history.intents[ORIGIN] = submission()
    assert "withdrawn before; a newer submission is under way." in current_state(history, at(60))[0]
    history.intents[ORIGIN] = submission(ambiguous_at=at(2))
    in_doubt = "withdrawn before; whether a newer submission was done is in doubt."
    assert in_doubt in current_state(history, at(60))[0]
    del history.intents[ORIGIN]
    history.ledger[ORIGIN] = withdrawn_entry(review=submission())
    assert in_doubt in current_state(history, at(60))[0]


def test_where_nothing_was_sent_the_place_is_that_of_todays_route() -> None:
    history = applied_history()
    history.ledger[ORIGIN] = withdrawn_entry(destination="315/999", sent_sequence=None)
    history.places = {"main": "315/200"}
    assert "Procore 315/200 (target main): nothing of it goes there." in current_state(history, at(60))
    history.ledger[ORIGIN] = withdrawn_entry(destination="315/999")
    assert "Procore 315/999 (target main): withdrawn." in current_state(history, at(60))


def test_a_persons_hold_is_told_whether_something_waits_or_not() -> None:
    held = PersonHold(
        hold_id="1", kind=Subject.TARGET, subject="main", reason="in dispute", person="Ann", since=at(0), until=None
    )
    history = applied_history()
    history.people_holds = [held, replace(held, hold_id="2", subject="another")]
    told = f"on hold by Ann since {at(0):%Y-%m-%d %H:%M:%S} UTC, because: in dispute (hold 1)"
    lines = current_state(history, at(60))
    assert [line for line in lines if "on hold" in line] == [
        f"Procore 315/44021 (target main): nothing new is written: it is {told}."
    ]
