from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from operations.letters import redrive
from operations.letters.open_letters import OpenLetters
from operations.letters.settle import settle_shown
from operations.replay.replay import plan_replay, run_replay
from operations.replay.selection import Selection
from operations.written_versions import writing_environment
from relay.domain.commands import Operation, ProcoreCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger import Intent, LedgerEntry
from relay.domain.letters import MAPPER, DeadLetter, LetterHeader, LetterKind
from relay.domain.mapping import map_event
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.records import OperatorAction
from relay.engine.kafka import Outgoing, partition_of
from relay.engine.source_record import EarlierFailure, SourceRecord
from relay.engine.topics import AUDIT, LETTERS, OBSERVED, OUTCOMES, PROCORE
from tests.conftest import PARTITIONS
from tests.integration.cli.conftest import CODEC, Place, a_moment, key_of, tenant
from tests.unit.domain.mapping.samples import HOME, change_order, route, routing

pytestmark = pytest.mark.usefixtures("recorded")
NOWHERE = routing(route(source=replace(HOME, project="7")))


def unrouted(place: Place, change_order_id: str, project: str = "777") -> DeadLetter:
    """A letter of the mapper about an event alone, as an earlier release wrote it: nothing takes the project."""
    original = place.observe(change_order_id, change_order(project=project))
    event = CODEC.decode(original.value or b"", ChangeOrderObserved)
    decision = map_event(event, NOWHERE, a_moment(), reference=original.reference(event))
    earlier = EarlierFailure(letter_id=original.letter_id(MAPPER), attempts=0, first_at=a_moment())
    written = place.records().write(decision, event, replace(original, earlier=earlier), a_moment())
    place.write(written.outgoing)
    return open_letters(place)[original.letter_id(MAPPER)]


def refused(place: Place, change_order_id: str, kind: LetterKind = LetterKind.REJECTED) -> DeadLetter:
    """A letter of the Procore writer about a command that it read."""
    original = place.observe(change_order_id)
    command = command_of(original)
    topic = PROCORE.commands.name(place.prefix)
    at, offset = place.put(PROCORE.commands, command.origin_id, command, tenant())
    letter = DeadLetter(
        letter_id=f"letter-of-{change_order_id}",
        kind=kind,
        stage="procore-writer",
        topic=topic,
        partition=at.number,
        offset=offset,
        record_key=command.origin_id.encode(),
        record_value=CODEC.encode(command, topic),
        headers=(LetterHeader(name="other", value=b"x"),),
        change_order_key=command.change_order_key,
        origin_id=command.origin_id,
        command_id=command.command_id,
        reason="procore.rejected",
        sentence="Procore refuses the title: it is too long.",
        remote_answer='{"errors": ["title is too long"]}',
        attempts=1,
        first_at=a_moment(),
        last_at=a_moment(),
    )
    put_letter(place, letter)
    return letter


def put_letter(place: Place, letter: DeadLetter) -> None:
    by = letter.change_order_key or letter.letter_id
    place.put(LETTERS, letter.letter_id, letter, partition_of(by.encode(), PARTITIONS))


def command_of(original: SourceRecord) -> ProcoreCommand:
    event = CODEC.decode(original.value or b"", ChangeOrderObserved)
    (command,) = map_event(event, routing(), a_moment(), reference=original.reference(event)).commands
    assert isinstance(command, ProcoreCommand)
    return command


def in_review(place: Place, letter: DeadLetter, *, review: bool = True, also: tuple[str, ...] = ()) -> None:
    """The ledger lists the letter, and with ``review`` says that its write is in doubt."""
    origin_id, command_id = letter.origin_id or "", letter.command_id or ""
    intent = Intent(
        origin_id=origin_id,
        command_id=command_id,
        step="package",
        parts={},
        bytes_hash="b",
        intended_at=a_moment(),
        sent=True,
    )
    entry = LedgerEntry(
        origin_id=origin_id,
        change_order_key=letter.change_order_key or "",
        destination="315/44021",
        seen_sequence=place.sequence,
        seen_mapped_at=a_moment(),
        parts={},
        remote={"pco_id": "598134325"},
        letters=(*also, letter.letter_id),
        review=intent if review else None,
    )
    place.put(PROCORE.ledger, origin_id, entry, tenant())


def open_letters(place: Place) -> dict[str, DeadLetter]:
    found: dict[str, DeadLetter] = {}
    for record in place.read(LETTERS):
        found.pop((record.key or b"").decode(), None)
        if record.value is not None:
            found[(record.key or b"").decode()] = CODEC.decode(record.value, DeadLetter)
    return found


def actions(place: Place) -> list[OperatorAction]:
    return place.decoded(AUDIT, OperatorAction)


def test_letters_are_listed_oldest_first_and_filtered(place: Place) -> None:
    first, second = unrouted(place, "1"), refused(place, "2")
    listed = place.cor("letters", "list", "--json")
    assert listed.code == 0
    assert {one["letter_id"] for one in listed.json} == {first.letter_id, second.letter_id}
    for option, wanted in (
        (("--reason", "procore.*"), second),
        (("--stage", "mapper"), first),
        (("--change-order", "1"), first),
        (("--change-order", key_of("2")), second),
        (("--project", "777"), first),
        (("--project", "1321036"), second),
    ):
        found = place.cor("letters", "list", *option, "--json").json
        assert [one["letter_id"] for one in found] == [wanted.letter_id], option
    assert "2 open" in place.cor("letters", "list").out
    assert place.cor("letters", "list", "--reason", "cinx.*").out == "No open letter fits.\n"


def test_a_letter_is_shown_with_all_that_a_person_needs(place: Place) -> None:
    letter = replace(refused(place, "2"), sides=('{"title": "Ours", "total": "1.00"}', '{"title": "Theirs", "id": 7}'))
    put_letter(place, letter)
    shown = place.cor("letters", "show", letter.letter_id)
    assert shown.code == 0
    for words in (
        letter.sentence,
        "title is too long",
        "315/44021 (main)",
        "Living Room Light Fixtures",
        "Theirs",
        "cor letters redrive letter-of-2",
    ):
        assert words in shown.out
    machine = place.cor("letters", "show", letter.letter_id, "--json").json
    assert machine["record"]["payload"]["title"] == "Living Room Light Fixtures"
    assert machine["sides"] == list(letter.sides)


def test_an_unknown_letter_is_a_failure_that_says_so(place: Place) -> None:
    ended = place.cor("letters", "show", "nothing-like-it")
    assert (ended.code, ended.out) == (1, "")
    assert "no open letter nothing-like-it" in ended.err


def test_which_letters_are_to_be_sent_again_has_to_be_said(place: Place) -> None:
    assert place.cor("letters", "redrive").code == 2
    assert place.cor("letters", "redrive", "--all", "--reason", "x").code == 2


def test_a_dry_run_says_what_would_happen_and_writes_nothing(place: Place) -> None:
    letter = unrouted(place, "1")
    place.route("777")
    ended = place.cor("letters", "redrive", letter.letter_id, "--dry-run", "--json")
    assert ended.code == 0
    assert ended.json["letters"][0]["words"] == "apply to procore 315/44021"
    assert not place.commands()
    assert not actions(place)


def test_a_letter_of_the_mapper_is_mapped_with_todays_routes(place: Place) -> None:
    letter = unrouted(place, "1")
    place.route("777")
    observed = len(place.read(OBSERVED))
    assert place.cor("letters", "redrive", letter.letter_id, "--who", "ann").code == 0
    (record,) = place.read(PROCORE.commands)
    command = CODEC.decode(record.value or b"", ProcoreCommand)
    assert (command.letter_id, command.origin_id) == (letter.letter_id, f"cor:{key_of('1')}:main")
    assert record.partition == tenant()
    assert dict(record.headers)["cor-letter"] == letter.letter_id.encode()
    assert dict(record.headers)["cor-letter-attempts"] == b"1"
    assert len(place.read(OBSERVED)) == observed
    (action,) = actions(place)
    assert (action.action, action.who, action.subject) == ("letter.redrive", "ann", key_of("1"))
    assert json.loads(action.details)["command_ids"] == [command.command_id]


def test_what_is_refused_again_stays_one_letter_with_one_more_attempt_and_ends_in_3(place: Place) -> None:
    letter = unrouted(place, "1")
    ended = place.cor("letters", "redrive", "--all", "--json")
    assert (ended.code, ended.json["letters"][0]["result"]) == (3, "refused")
    found = open_letters(place)
    assert list(found) == [letter.letter_id]
    assert (found[letter.letter_id].attempts, found[letter.letter_id].first_at) == (2, letter.first_at)
    assert [one.reason for one in place.decoded(OUTCOMES, ChangeOrderOutcome)] == ["route.missing"] * 2


def test_a_letter_of_a_writer_is_mapped_from_its_event_under_a_newer_version(place: Place) -> None:
    letter = refused(place, "2")
    assert place.cor("letters", "redrive", "--change-order", "2").code == 0
    first, second = place.decoded(PROCORE.commands, ProcoreCommand)
    assert second.version > first.version
    assert (second.letter_id, second.payload) == (letter.letter_id, first.payload)


def test_as_it_is_the_original_command_goes_out_under_a_new_id(place: Place) -> None:
    letter = refused(place, "2")
    assert place.cor("letters", "redrive", letter.letter_id, "--as-is").code == 0
    first, second = place.decoded(PROCORE.commands, ProcoreCommand)
    (sent,) = actions(place)
    same_but_who_asked = replace(first, command_id=second.command_id, letter_id=letter.letter_id, person=sent.who)
    assert second == same_but_who_asked
    assert second.command_id != first.command_id


def test_a_letter_whose_event_is_gone_is_told_apart_and_the_others_go_on(place: Place) -> None:
    lost, fine = refused(place, "2"), refused(place, "3")
    command = CODEC.decode(lost.record_value or b"", ProcoreCommand)
    assert command.event is not None
    elsewhere = replace(command, event=replace(command.event, offset=10_000))
    put_letter(place, replace(lost, record_value=CODEC.encode(elsewhere, lost.topic)))
    ended = place.cor("letters", "redrive", "--all", "--json")
    assert ended.code == 3
    results = {one["letter_id"]: (one["result"], one["words"]) for one in ended.json["letters"]}
    assert results[fine.letter_id][0] == "sent"
    assert results[lost.letter_id][0] == "impossible"
    assert "--as-is" in results[lost.letter_id][1]


def test_what_a_route_only_observes_for_now_stays_open_and_goes_out_once_it_is_live(place: Place) -> None:
    letter = refused(place, "2")
    file = place.folder / "cor.yaml"
    live = file.read_text(encoding="utf-8")
    file.write_text(live.replace("mode: live", "mode: observe"), encoding="utf-8")
    ended = place.cor("letters", "redrive", "--all", "--json")
    assert (ended.code, ended.json["letters"][0]["result"]) == (3, "impossible")
    assert "The route only observes" in ended.json["letters"][0]["words"]
    assert list(open_letters(place)) == [letter.letter_id]
    file.write_text(live, encoding="utf-8")
    assert place.cor("letters", "redrive", "--all").code == 0
    assert [command.letter_id for command in place.decoded(PROCORE.commands, ProcoreCommand)][1:] == [letter.letter_id]


def test_settling_ends_the_letter_where_it_lies_and_says_who_and_why(place: Place) -> None:
    letter = unrouted(place, "1")
    assert place.cor("letters", "settle", letter.letter_id, "--why", "").code == 2
    assert place.cor("letters", "settle", letter.letter_id).code == 2
    assert list(open_letters(place)) == [letter.letter_id]
    ended = place.cor("letters", "settle", letter.letter_id[:8], "--why", "closed by hand", "--who", "ann")
    assert ended.code == 0
    assert not open_letters(place)
    (action,) = actions(place)
    assert (action.action, action.who, action.why) == ("letter.settle", "ann", "closed by hand")
    assert place.read(LETTERS)[-1].partition == partition_of(key_of("1").encode(), PARTITIONS)


@pytest.mark.parametrize("at_the_page", [False, True])
def test_what_fails_once_more_while_others_are_settled_is_left(
    place: Place, monkeypatch: pytest.MonkeyPatch, *, at_the_page: bool
) -> None:
    first, second = refused(place, "2"), refused(place, "3")
    shown = {one.id: one.mark for one in OpenLetters(writing_environment()).open()}

    def fails(*_: object) -> set[str]:
        put_letter(place, replace(first, attempts=2))
        return set()

    monkeypatch.setattr("operations.letters.settle._undecided", fails)
    if at_the_page:
        done = settle_shown(writing_environment(), shown, who="ann", why="By hand")
        assert [one.letter.id for one in done] == [second.letter_id]
    else:
        ended = place.cor("letters", "settle", first.letter_id, second.letter_id, "--why", "By hand")
        assert ended.code == 1
        assert f"{first.letter_id}: changed meanwhile" in ended.err
    assert {one.letter_id: one.attempts for one in open_letters(place).values()} == {first.letter_id: 2}
    assert [json.loads(one.details)["letter_id"] for one in actions(place)] == [second.letter_id]


@pytest.mark.parametrize(
    ("attempts", "code", "result", "words"),
    [(None, 0, "settled", "closed meanwhile"), (2, 3, "changed", "changed meanwhile")],
)
def test_what_is_closed_or_fails_once_more_while_others_are_sent_again_is_left(
    place: Place, monkeypatch: pytest.MonkeyPatch, attempts: int | None, code: int, result: str, words: str
) -> None:
    first, second = refused(place, "2"), refused(place, "3")

    def meanwhile(*_: object) -> None:
        if attempts is None:
            at = partition_of(key_of("2").encode(), PARTITIONS)
            place.put(LETTERS, first.letter_id, None, at)
        else:
            put_letter(place, replace(first, attempts=attempts))

    monkeypatch.setattr("operations.letters.redrive.Pace.take", meanwhile)
    ended = place.cor("letters", "redrive", "--all", "--json")
    results = {one["letter_id"]: (one["result"], one["words"]) for one in ended.json["letters"]}
    assert (ended.code, results[first.letter_id][0], results[second.letter_id][0]) == (code, result, "sent")
    assert words in results[first.letter_id][1]
    sent = [one.change_order_key for one in place.decoded(PROCORE.commands, ProcoreCommand)[2:]]
    assert sent == [key_of("3")]
    assert [json.loads(one.details)["letter_id"] for one in actions(place)] == [second.letter_id]
    assert (first.letter_id in open_letters(place)) == (attempts is not None)


def test_at_a_low_rate_few_letters_go_out_together(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in "234":
        refused(place, number)
    taken: list[int] = []
    monkeypatch.setattr("operations.letters.redrive.Pace.take", lambda _, count: taken.append(count))
    assert place.cor("letters", "redrive", "--all", "--rate", "2").code == 0
    assert taken == [2, 1]


def test_what_waits_for_a_decision_is_neither_settled_nor_sent_again(place: Place) -> None:
    letter = refused(place, "2", LetterKind.NEEDS_REVIEW)
    in_review(place, letter)
    settled = place.cor("letters", "settle", letter.letter_id, "--why", "away with it")
    assert settled.code == 1
    assert "cor letters adopt" in settled.err
    again = place.cor("letters", "redrive", letter.letter_id, "--json")
    assert (again.code, again.json["letters"][0]["result"]) == (3, "impossible")
    assert list(open_letters(place)) == [letter.letter_id]
    assert "cor letters resubmit letter-of-2" in place.cor("letters", "show", letter.letter_id).out


@pytest.mark.parametrize(
    ("arguments", "operation", "remote_id"),
    [(("adopt", "--remote-id", "598134325"), Operation.ADOPT, "598134325"), (("resubmit",), Operation.RESUBMIT, None)],
)
def test_a_decision_keeps_version_and_payload_of_what_is_decided(
    place: Place, arguments: tuple[str, ...], operation: Operation, remote_id: str | None
) -> None:
    letter = refused(place, "2", LetterKind.NEEDS_REVIEW)
    in_review(place, letter)
    verb, *options = arguments
    ended = place.cor("letters", verb, letter.letter_id, *options, "--why", "seen in Procore", "--who", "ann")
    assert ended.code == 0
    first, second = place.decoded(PROCORE.commands, ProcoreCommand)
    assert (second.operation, second.adopt_remote_id, second.letter_id) == (operation, remote_id, letter.letter_id)
    assert (second.version, second.payload) == (first.version, first.payload)
    assert (first.person, second.person) == (None, "ann")
    assert second.command_id != first.command_id
    assert second.idempotency_key != first.idempotency_key
    (action,) = actions(place)
    assert (action.action, action.why) == (f"letter.{verb}", "seen in Procore")


def test_a_decision_about_a_look_has_the_version_of_the_change_order(place: Place) -> None:
    """A look's own number is that of the remote record's observation, and newer than any revision."""
    letter = refused(place, "2", LetterKind.NEEDS_REVIEW)
    in_review(place, letter)
    first = CODEC.decode(letter.record_value or b"", ProcoreCommand)
    look = replace(first, operation=Operation.VERIFY, sequence=first.sequence + 1_000_000, payload=None)
    put_letter(place, replace(letter, record_value=CODEC.encode(look, letter.topic)))
    assert place.cor("letters", "adopt", letter.letter_id, "--remote-id", "7", "--why", "seen").code == 0
    *_, decided = place.decoded(PROCORE.commands, ProcoreCommand)
    assert (decided.sequence, decided.mapped_at) == (place.sequence, a_moment())


def test_what_a_decision_has_failed_over_still_waits_for_one(place: Place) -> None:
    """The letter then holds the decision, and need not say itself that it asks."""
    letter = refused(place, "2")
    in_review(place, letter)
    decided = replace(CODEC.decode(letter.record_value or b"", ProcoreCommand), operation=Operation.RESUBMIT)
    put_letter(place, replace(letter, record_value=CODEC.encode(decided, letter.topic)))
    again = place.cor("letters", "redrive", letter.letter_id, "--json")
    assert (again.code, again.json["letters"][0]["result"]) == (3, "impossible")
    assert len(place.commands()) == 1
    assert "waits for a person's decision" in place.cor("letters", "list").out


def test_the_list_says_which_letters_wait_for_a_decision(place: Place) -> None:
    refused(place, "2")
    assert "decision" not in place.cor("letters", "list").out
    refused(place, "3", LetterKind.NEEDS_REVIEW)
    assert place.cor("letters", "list").out.count("waits for a person's decision") == 1


def test_the_only_record_in_question_is_named_in_what_to_do(place: Place) -> None:
    letter = replace(
        refused(place, "2", LetterKind.NEEDS_REVIEW), sides=('{"title": "Ours"}', '{"title": "Theirs", "id": 7}')
    )
    put_letter(place, letter)
    in_review(place, letter)
    shown = place.cor("letters", "show", letter.letter_id)
    assert "cor letters adopt letter-of-2 --remote-id 7 --why" in shown.out


def test_nothing_is_decided_where_nothing_is_in_doubt(place: Place) -> None:
    letter = refused(place, "2")
    ended = place.cor("letters", "resubmit", letter.letter_id, "--why", "again")
    assert ended.code == 1
    assert "cor letters redrive letter-of-2" in ended.err
    assert len(place.commands()) == 1


def test_a_rejected_letter_is_decided_by_no_person_although_the_ledger_lists_it(place: Place) -> None:
    letter = refused(place, "2")
    in_review(place, letter, review=False)
    for decision in (("adopt", "--remote-id", "598134325"), ("resubmit",)):
        verb, *options = decision
        ended = place.cor("letters", verb, letter.letter_id, *options, "--why", "again", "--json")
        assert (ended.code, ended.json["code"]) == (1, 1)
        assert "cor letters redrive letter-of-2" in ended.json["error"]
    assert len(place.commands()) == 1
    assert not actions(place)
    advice = place.cor("letters", "show", letter.letter_id, "--json").json["what_to_do"]
    assert [one.split()[2] for one in advice] == ["redrive", "settle"]


def test_a_letter_that_asks_is_decided_although_nothing_is_in_doubt(place: Place) -> None:
    letter = refused(place, "2", LetterKind.NEEDS_REVIEW)
    in_review(place, letter, review=False)
    assert place.cor("letters", "resubmit", letter.letter_id, "--why", "made anew").code == 0


def test_a_decision_that_failed_is_decided_anew(place: Place) -> None:
    """A wrong ``adopt``: the letter holds the decision, and is a rejected one."""
    letter = refused(place, "2")
    in_review(place, letter, review=False)
    decided = replace(CODEC.decode(letter.record_value or b"", ProcoreCommand), operation=Operation.ADOPT)
    put_letter(place, replace(letter, record_value=CODEC.encode(decided, letter.topic)))
    assert place.cor("letters", "adopt", letter.letter_id, "--remote-id", "7", "--why", "the right one").code == 0


def test_an_older_rejected_letter_points_to_the_one_that_asks(place: Place) -> None:
    asks = refused(place, "2", LetterKind.NEEDS_REVIEW)
    older = replace(asks, letter_id="older", kind=LetterKind.REJECTED)
    put_letter(place, older)
    in_review(place, asks, also=(older.letter_id,))
    ended = place.cor("letters", "resubmit", "older", "--why", "again")
    assert ended.code == 1
    assert "cor letters show letter-of-2" in ended.err
    assert "cor letters show letter-of-2" in place.cor("letters", "show", "older").out
    assert place.cor("letters", "settle", "older", "--why", "another one asks").code == 0
    assert place.cor("letters", "resubmit", asks.letter_id, "--why", "it is not there").code == 0


def test_what_waits_is_decided_by_any_letter_where_the_one_that_asked_is_gone(place: Place) -> None:
    letter = refused(place, "2")
    in_review(place, letter)
    assert "cor letters resubmit letter-of-2" in place.cor("letters", "show", letter.letter_id).out
    assert place.cor("letters", "resubmit", letter.letter_id, "--why", "it is not there").code == 0


def test_a_letter_of_the_mapper_asks_for_no_decision(place: Place) -> None:
    letter = unrouted(place, "1")
    ended = place.cor("letters", "resubmit", letter.letter_id, "--why", "again")
    assert ended.code == 1
    assert f"cor letters redrive {letter.letter_id}" in ended.err


def test_a_record_that_is_no_letter_hides_no_other(place: Place) -> None:
    letter = refused(place, "2")
    place.write([Outgoing(LETTERS.name(place.prefix), b"junk", b"junk")])
    assert [one["letter_id"] for one in place.cor("letters", "list", "--json").json] == [letter.letter_id]
    assert "1 records on the topic are no letters" in place.cor("letters", "list").out


def unrouted_project(place: Place, *change_order_ids: str) -> DeadLetter:
    """The one letter about a project that nothing takes."""
    for change_order_id in change_order_ids:
        original = place.observe(change_order_id, change_order(project="777"))
        event = CODEC.decode(original.value or b"", ChangeOrderObserved)
        decision = map_event(event, NOWHERE, a_moment(), reference=original.reference(event))
        place.write(place.records().write(decision, event, original, a_moment()).outgoing)
    (letter,) = open_letters(place).values()
    return letter


def test_a_project_that_nothing_takes_is_one_letter_and_redriving_it_replays_the_project(place: Place) -> None:
    letter = unrouted_project(place, "1", "2", "3")
    (listed,) = place.cor("letters", "list", "--project", "777", "--json").json
    assert (listed["letter_id"], listed["change_order_key"]) == (letter.letter_id, None)
    shown = place.cor("letters", "show", letter.letter_id)
    assert "replays the project" in shown.out
    traced = place.cor("trace", "2")
    assert f"open letter {letter.letter_id}" in traced.out
    assert "settled since" not in traced.out

    refused_again = place.cor("letters", "redrive", letter.letter_id, "--json")
    assert (refused_again.code, refused_again.json["letters"][0]["result"]) == (3, "refused")
    assert "no route takes constructiononline:acme/project:777" in refused_again.json["letters"][0]["words"]
    assert not place.commands()

    place.route("777")
    dry = place.cor("letters", "redrive", "--all", "--dry-run", "--json").json["letters"]
    assert [one["words"] for one in dry] == ["replays constructiononline:acme/project:777"]
    assert list(open_letters(place)) == [letter.letter_id]
    assert place.cor("letters", "redrive", letter.letter_id, "--who", "ann").code == 0
    replayed = place.decoded(PROCORE.backfill, ProcoreCommand)
    assert sorted(one.change_order_key for one in replayed) == [key_of("1"), key_of("2"), key_of("3")]
    assert not open_letters(place)
    assert {action.who for action in actions(place)} == {"ann"}


def test_a_project_whose_letter_was_closed_while_another_was_replayed_is_not(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = unrouted_project(place, "1")
    place.route("777")
    kept = redrive._prepared

    def closed(*arguments: Any, **named: Any) -> Any:
        prepared = kept(*arguments, **named)
        assert place.cor("letters", "settle", letter.letter_id, "--why", "by hand").code == 0
        return prepared

    monkeypatch.setattr(redrive, "_prepared", closed)
    ended = place.cor("letters", "redrive", "--all")
    assert (ended.code, "closed meanwhile" in ended.out) == (0, True)
    assert not place.commands()
    assert [one.action for one in actions(place)] == ["letter.settle"]


def test_a_project_of_which_something_is_refused_once_more_ends_in_3(place: Place) -> None:
    letter = unrouted_project(place, "1")
    place.observe("2", change_order(project="777", cost=None, client_price=None))
    place.route("777")
    ended = place.cor("letters", "redrive", letter.letter_id, "--json")
    assert (ended.code, ended.json["letters"][0]["result"]) == (3, "refused")
    assert "2 events, 1 commands, 1 letters" in ended.json["letters"][0]["words"]
    assert [one.change_order_key for one in open_letters(place).values()] == [key_of("2")]


@pytest.mark.parametrize(
    ("words", "settles"),
    [(("--all",), True), (("--project", "777"), True), (("--change-order", "1"), False), (("--project", "778"), False)],
)
def test_a_replay_of_the_whole_project_settles_its_letter(
    place: Place, words: tuple[str, ...], *, settles: bool
) -> None:
    unrouted_project(place, "1", "2")
    assert place.cor("replay", *words).code in (0, 3)
    assert open_letters(place), "no route takes it yet"
    place.route("777")
    place.cor("replay", *words)
    assert (not open_letters(place)) == settles


def test_a_project_that_its_account_skips_is_done_with_by_redriving_its_letter(place: Place) -> None:
    letter = unrouted_project(place, "1", "2")
    file = place.folder / "cor.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("acme: {email", "acme: {unrouted: skip, email", 1), encoding="utf-8")
    assert place.cor("letters", "redrive", letter.letter_id).code == 0
    assert not open_letters(place)
    assert not place.decoded(PROCORE.backfill, ProcoreCommand)


def test_a_letter_about_a_project_that_was_written_anew_during_the_replay_stays(place: Place) -> None:
    unrouted_project(place, "1")
    place.route("777")
    environment = writing_environment()
    planned = plan_replay(environment, Selection(project="777"), None)
    anew = unrouted_project(place, "2")  # By a mapper that does not follow the changed routes yet.
    run_replay(environment, planned, who="ann", why="", rate=500.0, advanced=lambda _: None)
    assert list(open_letters(place)) == [anew.letter_id]
    assert place.cor("replay", "--project", "777").code == 0
    assert not open_letters(place)


def test_letters_are_listed_by_what_waits(place: Place, tmp_path: Path) -> None:
    refused(place, "1")
    refused(place, "2", LetterKind.NEEDS_REVIEW)
    unrouted(place, "3")
    listed = json.loads(place.cor("letters", "list", "--json").out)
    assert {letter["title"] for letter in listed} == {change_order().title}
    assert all(letter["amount"] for letter in listed)
    assert len(json.loads(place.cor("letters", "list", "--json", "--limit", "2", "--sort", "amount").out)) == 2
    groups = json.loads(place.cor("letters", "list", "--json", "--group", "reason").out)
    assert {group["name"]: group["items"] for group in groups} == {"procore.rejected": 2, "route.missing": 1}
    assert "777" in place.cor("letters", "list", "--group", "project", "--reason", "route.*").out
    assert json.loads(place.cor("letters", "list", "--json", "--since", "2100-01-01").out) == []
    assert place.cor("letters", "list", "--sort", "beauty").code == 2
    path = tmp_path / "items.csv"
    assert place.cor("letters", "list", "--csv", str(path), "--xlsx", str(tmp_path / "items.xlsx")).code == 0
    assert len(path.read_text(encoding="utf-8-sig").splitlines()) == 4
