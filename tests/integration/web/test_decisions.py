from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from operations.letters.decide import ready_decision
from operations.letters.open_letters import OpenLetters
from relay.domain.commands import Operation
from relay.domain.control import Control
from relay.domain.letters import LetterKind
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.engine.topics import CONTROL, OBSERVED, OUTCOMES
from tests.integration.cli.conftest import CODEC, Place
from tests.integration.cli.test_letters import actions, in_review, open_letters, put_letter, refused
from tests.integration.web.conftest import Office, sends, sentences
from tests.unit.domain.mapping.samples import event
from tests.unit.web.decisions_page import Person, form_in

LETTERS = "/decisions/letters"


def letter_page(letter_id: str) -> str:
    return f"/decisions/letter?id={letter_id}"


def carried(place: Place, kind: OutcomeKind = OutcomeKind.APPLIED) -> None:
    """The writer ends the newest command."""
    command = place.commands()[-1]
    told = ChangeOrderOutcome(
        outcome_id=f"o-{command.command_id}",
        kind=kind,
        stage="procore-writer",
        at=datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2),
        change_order_key=command.change_order_key,
        sequence=command.sequence,
        system=command.system,
        account=command.account,
        target=command.target,
        origin_id=command.origin_id,
        command_id=command.command_id,
        sentence="Written to Procore.",
    )
    place.put(OUTCOMES, told.change_order_key, told)


def standing(place: Place) -> list[Any]:
    """Proposals that wait."""
    newest: dict[bytes | None, bytes | None] = {}
    for record in place.read(CONTROL):
        newest[record.key] = record.value
    controls = [CODEC.decode(value, Control) for value in newest.values() if value is not None]
    return [one.proposal for one in controls if one.proposal is not None]


def location(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_a_redrive_by_form_is_followed_to_its_outcome(office: Office) -> None:
    place = office.place
    letter = refused(place, "17")
    office.fold()
    bert = Person(office.page(), "bert")
    answer = sends(bert, letter_page(letter.letter_id), f"{LETTERS}/redrive", why="The title is shorter now")
    followed = bert.get(location(answer))
    number = location(answer).rpartition("/")[2]
    assert sentences(followed) == [f"Decision {number} recorded; not carried out yet."]
    (action,) = actions(place)
    assert (action.action, action.who, action.why) == ("letter.redrive", "bert", "The title is shorter now")
    assert json.loads(action.details)["known_by"] == "page"
    (command,) = [one for one in place.commands() if one.command_id != letter.command_id]
    assert command.person == "bert"
    carried(place)
    office.fold()
    (sentence,) = sentences(bert.get(location(answer)))
    assert sentence.startswith(f"Decision {number} recorded; carried out")
    assert sentence.endswith("Written to Procore.")
    shown = place.cor("audit").out
    assert "bert" in shown
    assert "bert (typed)" not in shown


def test_what_changed_since_somebody_looked_is_refused_row_by_row(office: Office) -> None:
    place = office.place
    first, second = refused(place, "17"), refused(place, "18")
    office.fold()
    bert = Person(office.page(), "bert")
    one, group = bert.get(letter_page(first.letter_id)).text, bert.get(LETTERS).text
    put_letter(place, replace(first, attempts=2))
    stale = bert.send(f"{LETTERS}/settle", [*form_in(one, f"{LETTERS}/settle"), ("why", "By hand")])
    assert stale.status_code == 409
    assert "It changed since you looked" in stale.text
    assert actions(place) == []
    rows = bert.send(f"{LETTERS}/settle", [*form_in(group, f"{LETTERS}/settle"), ("why", "By hand")])
    assert rows.status_code == 200
    assert "Close without sending: 1 of 2 recorded" in rows.text
    assert "It changed since you looked" in rows.text
    assert set(open_letters(place)) == {first.letter_id}
    assert [action.subject for action in actions(place)] == [second.change_order_key]
    again = bert.send(f"{LETTERS}/settle", [*form_in(group, f"{LETTERS}/settle"), ("why", "By hand")])
    assert again.status_code == 409
    assert "sent before" in again.text
    assert len(actions(place)) == 1


def test_adopting_by_form_names_the_record_and_a_stale_doubt_is_refused(office: Office) -> None:
    place = office.place
    letter = refused(place, "17", LetterKind.NEEDS_REVIEW)
    in_review(place, letter)
    office.fold()
    bert = Person(office.page(), "bert")
    page = bert.get(letter_page(letter.letter_id)).text
    nothing = bert.send(f"{LETTERS}/adopt", [*form_in(page, f"{LETTERS}/adopt"), ("why", "It is there")])
    assert nothing.status_code == 422
    assert 'id="adopt-remote_id-wrong"' in nothing.text
    assert 'value="It is there"' in nothing.text
    put_letter(place, replace(letter, attempts=2))
    stale = bert.send(
        f"{LETTERS}/adopt", [*form_in(page, f"{LETTERS}/adopt"), ("why", "It is there"), ("remote_id", "598")]
    )
    assert stale.status_code == 409
    assert "changed since you looked" in stale.text
    done = sends(bert, letter_page(letter.letter_id), f"{LETTERS}/adopt", remote_id="598", why="It is there")
    assert "not carried out yet" in bert.get(location(done)).text
    command = place.commands()[-1]
    assert (command.operation, command.adopt_remote_id, command.person) == (Operation.ADOPT, "598", "bert")
    assert [action.action for action in actions(place)] == ["letter.adopt"]


def test_a_second_person_approves_what_the_first_has_proposed(office: Office) -> None:
    place = office.place
    letter = refused(place, "17", LetterKind.NEEDS_REVIEW)
    in_review(place, letter)
    office.want_second_person()
    office.fold()
    page = office.page()
    anna, bert = Person(page, "anna"), Person(page, "bert")
    before = len(place.commands())
    assert "Propose: Send once more: 1 change order" in anna.get(letter_page(letter.letter_id)).text
    proposed = sends(anna, letter_page(letter.letter_id), f"{LETTERS}/resubmit", why="It is not there")
    assert "waits for a second person" in anna.get(location(proposed)).text
    assert len(place.commands()) == before
    twice = sends(bert, letter_page(letter.letter_id), f"{LETTERS}/resubmit", why="It is not there")
    assert "anna has proposed" in twice.text
    office.fold()
    assert 'action="/decisions/approve"' not in anna.get("/decisions").text
    looked = bert.get("/decisions").text
    own = form_in(looked, "/decisions/approve")
    assert anna.send("/decisions/approve", own).status_code == 403
    approved = bert.send("/decisions/approve", [*own, ("why", "Looked myself")])
    assert "not carried out yet" in bert.get(location(approved)).text
    assert place.commands()[-1].operation is Operation.RESUBMIT
    assert len(place.commands()) == before + 1
    assert [(one.action, one.who) for one in actions(place)] == [
        ("letter.propose", "anna"),
        ("letter.resubmit", "bert"),
    ]
    assert json.loads(actions(place)[-1].details)["proposed_by"] == "anna"
    assert standing(place) == []


def test_a_command_line_only_proposes_and_its_name_counts_for_nobody(office: Office) -> None:
    place = office.place
    letter = refused(place, "17", LetterKind.NEEDS_REVIEW)
    in_review(place, letter)
    office.want_second_person()
    before = len(place.commands())
    typed = place.cor("letters", "resubmit", letter.letter_id, "--why", "Not there", "--who", "anna")
    assert typed.code == 3
    assert "needs a second person" in typed.out
    assert "anna (typed)" in place.cor("letters", "proposals").out
    office.fold()
    page = office.page()
    bert = Person(page, "bert")
    once = sends(bert, "/decisions", "/decisions/approve")
    assert "waits for a second person" in bert.get(location(once)).text
    assert len(place.commands()) == before
    assert [one.person for one in standing(place)] == ["bert"]
    stale = Person(page, "carla")
    old = stale.get("/decisions").text  # The tables still have it under the name that was typed.
    refused_once = stale.send("/decisions/approve", form_in(old, "/decisions/approve"))
    assert "changed since you looked" in refused_once.text
    office.fold()
    assert 'action="/decisions/approve"' not in bert.get("/decisions").text
    location(sends(stale, "/decisions", "/decisions/approve"))
    assert len(place.commands()) == before + 1
    assert {one.subject for one in actions(place)} == {letter.change_order_key}
    assert "letter.propose-by-name" in place.cor("audit", "--change-order", "17").out


def test_of_one_letter_only_its_own_and_those_about_the_same_record_are_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the tables know where it stands; what they do not know, or not yet, is looked for among all."""
    place = office.place
    letter = refused(place, "17", LetterKind.NEEDS_REVIEW)
    in_review(place, letter)
    refused(place, "18")
    office.fold()
    bert = Person(office.page(), "bert")
    read = watched(monkeypatch)
    assert f'action="{LETTERS}/resubmit"' in bert.get(letter_page(letter.letter_id)).text
    assert read == ["places"]
    newer = refused(place, "19")
    assert bert.get(letter_page(newer.letter_id)).status_code == 200
    assert read == ["places", "all"]
    again = form_in(bert.get(letter_page(letter.letter_id)).text, f"{LETTERS}/resubmit")
    put_letter(place, replace(letter, attempts=2))
    answer = bert.send(f"{LETTERS}/resubmit", [*again, ("why", "x")])
    assert "changed since you looked" in answer.text
    assert read[-1] == "all", "what the form was refused for is newer than the tables"


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How letters are read from now on, as it happens."""
    read: list[str] = []
    for name, word in (("at", "places"), ("open", "all")):
        kept = getattr(OpenLetters, name)

        def seen(self: OpenLetters, *arguments: Any, kept: Any = kept, word: str = word) -> Any:
            read.append(word)
            return kept(self, *arguments)

        monkeypatch.setattr(OpenLetters, name, seen)
    return read


def test_of_two_approvers_at_once_one_sends(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    place = office.place
    letter = refused(place, "17", LetterKind.NEEDS_REVIEW)
    in_review(place, letter)
    office.want_second_person()
    office.fold()
    anna = Person(office.page(), "anna")
    location(sends(anna, letter_page(letter.letter_id), f"{LETTERS}/resubmit", why="It is not there"))
    office.fold()
    bert, carla = Person(office.page("page-1"), "bert"), Person(office.page("page-2"), "carla")
    before, answers = len(place.commands()), []
    place_of_it = "operations.letters.proposals.ready_decision"

    def interrupted(*arguments: Any, **named: Any) -> Any:
        """When one has looked and not yet sent, the other looks and sends."""
        monkeypatch.setattr(place_of_it, ready_decision)
        made = ready_decision(*arguments, **named)
        answers.append(sends(carla, "/decisions", "/decisions/approve"))
        return made

    monkeypatch.setattr(place_of_it, interrupted)
    late = sends(bert, "/decisions", "/decisions/approve")
    assert [answer.status_code for answer in answers] == [303]
    assert late.status_code == 409
    assert "Somebody else decided at the same moment" in late.text
    assert len(place.commands()) == before + 1
    assert [one.who for one in actions(place)] == ["anna", "carla"]
    gone = sends(bert, "/decisions", "/decisions/approve")
    assert "no proposal" in gone.text


@pytest.mark.parametrize("what", ["attempts", "seen"])
def test_an_approval_never_applies_to_a_later_state(office: Office, what: str) -> None:
    place = office.place
    letter = refused(place, "17", LetterKind.NEEDS_REVIEW)
    in_review(place, letter)
    office.want_second_person()
    office.fold()
    page = office.page()
    anna, bert = Person(page, "anna"), Person(page, "bert")
    location(sends(anna, letter_page(letter.letter_id), f"{LETTERS}/resubmit", why="It is not there"))
    office.fold()
    looked = form_in(bert.get("/decisions").text, "/decisions/approve")
    before = len(place.commands())
    if what == "attempts":
        put_letter(place, replace(letter, attempts=2))
    else:
        place.sequence += 1
        in_review(place, letter)
    answer = bert.send("/decisions/approve", looked)
    assert answer.status_code == 409
    assert "lapsed" in answer.text
    assert len(place.commands()) == before
    if what == "attempts":
        office.fold()
        assert "It has lapsed" in bert.get("/decisions").text
    declined = sends(bert, "/decisions", "/decisions/decline", why="It was tried again")
    location(declined)
    assert standing(place) == []
    assert {one.subject for one in actions(place)} == {letter.change_order_key}
    assert "declined what was proposed about" in place.cor("trace", "17").out
    office.fold()
    assert "It was tried again" in bert.get(f"/change-orders?key={letter.change_order_key}").text


def test_holds_and_releases_by_form(office: Office) -> None:
    place = office.place
    place.observe("17")
    office.fold()
    page = office.page()
    bert = Person(page, "bert")
    nobody = sends(bert, "/decisions/hold", "/decisions/hold", kind="change_order", named="99", why="x")
    assert nobody.status_code == 422
    assert 'id="hold-named-wrong"' in nobody.text
    made = sends(bert, "/decisions/hold", "/decisions/hold", kind="change_order", named="17", why="Budget is open")
    assert "No writer runs" in bert.get(location(made)).text
    office.fold()
    (hold,) = json.loads(place.cor("holds", "list", "--json").out)
    assert (hold["person"], hold["reason"]) == ("bert", "Budget is open")
    at = f"/decisions/release?id={hold['hold_id']}"
    assert at in bert.get("/attention?tab=hold").text
    location(sends(bert, at, "/decisions/release", why="Budget is there"))
    assert json.loads(place.cor("holds", "list", "--json").out) == []
    assert [(one.action, one.who) for one in actions(place)] == [("hold.make", "bert"), ("hold.release", "bert")]


def test_who_names_a_record_of_ours_by_form_is_told_what_is_held(office: Office) -> None:
    place = office.place
    source = event()
    ours = event(system="procore", change_order_id="7004", origin_id=f"cor:{source.key}:main", root=source.key)
    place.put(OBSERVED, ours.key, ours)
    office.fold()
    bert = Person(office.page(), "bert")
    made = sends(bert, "/decisions/hold", "/decisions/hold", kind="change_order", named="7004", why="Budget is open")
    assert f"the change order that {ours.key} was written for" in bert.get(location(made)).text
    assert json.loads(place.cor("holds", "list", "--json").out)[0]["subject"] == source.key


def test_items_are_assigned_noted_and_snoozed_until_they_fail_again(office: Office) -> None:
    place = office.place
    letter = refused(place, "17")
    office.fold()
    bert = Person(office.page(), "bert")
    at = letter_page(letter.letter_id)
    location(sends(bert, at, f"{LETTERS}/assign", to="carla"))
    location(sends(bert, at, f"{LETTERS}/note", note="Asked the owner"))
    location(sends(bert, at, f"{LETTERS}/snooze", until="2999-01-01T08:00"))
    office.fold()
    assert "Snoozed (1)" in bert.get("/attention").text
    (listed,) = place.cor("letters", "list", "--json").json
    assert (listed["assigned"], listed["note"]) == ("carla", "Asked the owner")
    assert listed["snoozed_until"].startswith("2999-01-01T08:00")
    put_letter(place, replace(letter, attempts=2, last_at=letter.last_at + timedelta(hours=1)))
    office.fold()
    assert "Snoozed (0)" in bert.get("/attention").text
    assert "carla" in bert.get("/attention").text
    (woken,) = place.cor("letters", "list", "--json").json
    assert (woken["assigned"], woken["snoozed_until"]) == ("carla", None)
    assert place.cor("letters", "assign", letter.letter_id, "--nobody").code == 0
    assert place.cor("letters", "note", letter.letter_id, "--text", "").code == 0
    assert place.cor("letters", "snooze", letter.letter_id, "--until", "2999-01-01").code == 0
    assert "snoozed until 2999-01-01 00:00:00 UTC" in place.cor("letters", "list").out
    assert place.cor("letters", "snooze", letter.letter_id, "--wake").code == 0
    assert place.cor("letters", "assign", letter.letter_id).code == 2
    (free,) = place.cor("letters", "list", "--json").json
    assert (free["assigned"], free["note"], free["snoozed_until"]) == (None, None, None)
