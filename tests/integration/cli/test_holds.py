"""``cor hold``, ``cor release``, ``cor holds list``: written with their audit entry, obeyed before they say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from relay.domain.commands import Operation
from relay.domain.control import Control, Member, PersonHold
from relay.domain.mapping import map_event
from relay.domain.person_holds import bars
from relay.domain.records import OperatorAction
from relay.engine.kafka import KafkaUnreachable, Outgoing
from relay.engine.topics import AUDIT, CONTROL, CURRENT, OBSERVED
from tests.integration.cli.conftest import Place
from tests.unit.domain.mapping.samples import NOW, event, routing

WHY = ["--why", "in dispute", "--who", "Ann"]


def member(owns: tuple[str, ...], offset: int, *, age: float = 0, instance: str = "one") -> Control:
    stated = Member(
        stage="procore-writer",
        instance=instance,
        release="1",
        reads={},
        routes="",
        control_offset=offset,
        owns=owns,
        at=datetime.now(UTC) - timedelta(seconds=age),
        calls={},
    )
    return Control(member=stated)


def state(place: Place, control: Control) -> int:
    """Writes the record; returns its offset."""
    return place.put(CONTROL, control.key, control, 0)[1]


def standing(place: Place) -> list[PersonHold]:
    return [control.hold for control in place.decoded(CONTROL, Control) if control.hold is not None]


def test_a_hold_stands_with_its_audit_entry_and_is_told(place: Place) -> None:
    place.route("1321036")
    place.observe("498099")
    ended = place.cor("hold", "--change-order", "498099", *WHY, "--json")
    assert ended.code == 0, ended.err
    (hold,) = standing(place)
    assert (hold.subject, hold.person, hold.reason) == ("constructiononline:acme:498099", "Ann", "in dispute")
    assert ended.json["hold"]["hold_id"] == hold.hold_id
    assert ended.json["unowned"] == ["cinx:acme", "procore:acme"]
    (action,) = place.decoded(AUDIT, OperatorAction)
    assert (action.action, action.who, action.why, action.subject) == ("hold.make", "Ann", "in dispute", hold.subject)
    assert [one["hold_id"] for one in place.cor("holds", "list", "--json").json] == [hold.hold_id]
    told = place.cor("trace", "498099").out
    assert f"Ann put it on hold (hold {hold.hold_id})" in told


def test_a_release_names_one_of_two(place: Place) -> None:
    place.route("1321036")
    place.observe("498099")
    place.cor("hold", "--change-order", "498099", *WHY)
    place.cor("hold", "--account", "procore:acme", *WHY)
    first, second = standing(place)
    ended = place.cor("release", first.hold_id[:8], *WHY)
    assert ended.code == 0, ended.err
    assert "1 other hold stands" in ended.out
    assert [one["hold_id"] for one in place.cor("holds", "list", "--json").json] == [second.hold_id]
    assert place.cor("release", first.hold_id, *WHY).err.startswith(f"cor: no hold {first.hold_id} stands")
    assert place.cor("release", second.hold_id, *WHY).code == 0
    assert place.cor("holds", "list").out.strip() == "Nothing is held."
    actions = [action.action for action in place.decoded(AUDIT, OperatorAction)]
    assert actions == ["hold.make", "hold.make", "hold.release", "hold.release"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ([], 2, "a hold is about one thing, and nothing is named"),
        (["--account", "procore:acme", "--target", "main"], 2, "2 are named"),
        (["--account", "procore:nobody"], 1, "there is no account 'procore:nobody' that is written to"),
        (["--account", "constructiononline:acme"], 1, "nothing is ever written to constructiononline:acme"),
        (["--target", "roof"], 1, "no route has a target 'roof'; there are: main"),
        (["--source-project", "7"], 1, "no route starts at a project 7"),
        (["--source-project", "constructiononline:acme/project:7"], 1, "no change order of it was ever observed"),
        (["--source-project", "a:b:c:d"], 2, "is no project"),
        (["--destination-project", "9"], 1, "no route goes to a project 9"),
        (["--destination-project", "procore:acme/project:9"], 1, "no route goes to the project 9 of procore:acme"),
        (["--change-order", "constructiononline:acme:1"], 1, "constructiononline:acme:1 was never observed"),
        (["--account", "procore:acme", "--until", "2001-01-01"], 2, "is past"),
        (["--account", "procore:acme", "--until", "soon"], 2, "is no time"),
    ],
)
def test_what_cannot_be_held_is_refused_in_a_sentence(place: Place, options: list[str], code: int, words: str) -> None:
    place.route("1321036")
    ended = place.cor("hold", *options, *WHY)
    assert ended.code == code
    assert words in ended.err
    assert standing(place) == []


def test_a_name_that_several_routes_use_is_refused(place: Place) -> None:
    place.route("1321036")
    file = place.folder / "cor.yaml"
    text = file.read_text(encoding="utf-8")
    first = text[text.index("  - from:") :]
    file.write_text(text + first.replace("1321036", "1321037").replace("44021", "44022"), encoding="utf-8")
    # Its targets' names are not recorded: the stages would not start, and neither does the command.
    assert "cor topics apply" in place.cor("hold", "--target", "main", *WHY).err
    assert place.cor("topics", "apply", "--partitions", "2").code == 0
    ended = place.cor("hold", "--target", "main", *WHY)
    assert ended.code == 1
    assert "2 routes have a target 'main'" in ended.err


@pytest.mark.parametrize(
    ("named", "subject"),
    [
        (["--source-project", "1321036"], "constructiononline:acme/project:1321036"),
        (["--destination-project", "315"], "procore:acme/project:315"),
        (["--destination-project", "procore:acme:315"], "procore:acme/project:315"),
        (["--target", "main"], "main"),
        (["--account", "procore:acme"], "procore:acme"),
    ],
)
def test_what_is_held_is_written_in_full(place: Place, named: list[str], subject: str) -> None:
    place.route("1321036")
    assert place.cor("hold", *named, *WHY).code == 0
    assert [hold.subject for hold in standing(place)] == [subject]


@pytest.mark.parametrize("named", ["7004", "procore:acme:7004"])
@pytest.mark.parametrize("kept", [True, False], ids=["current", "history alone"])
def test_who_names_a_record_of_ours_holds_what_it_came_from(place: Place, named: str, *, kept: bool) -> None:
    """Commands name the change order that it all comes from, and a hold on anything else would bar none of them."""
    place.route("1321036")
    source = event()
    ours = event(
        system="procore", change_order_id="7004", project="315", origin_id=f"cor:{source.key}:main", root=source.key
    )
    place.put(OBSERVED, ours.key, replace(ours, origin_id=None, root=None) if kept else ours)
    if kept:
        place.put(CURRENT, ours.key, ours)
    ended = place.cor("hold", "--change-order", named, *WHY)
    assert ended.code == 0, ended.err
    assert f"stands: change order {source.key}, until released" in ended.out
    assert "procore:acme:7004 was written for it;" in ended.out
    (hold,) = standing(place)
    commands = [*map_event(source, routing(), NOW).commands, *map_event(ours, routing(), NOW).commands]
    assert [command.operation for command in commands] == [Operation.APPLY, Operation.VERIFY]
    assert all(bars(hold, command, None) for command in commands)


def test_a_change_order_that_people_made_at_a_target_is_held_itself(place: Place) -> None:
    place.route("1321036")
    theirs = event(system="procore", change_order_id="7004", project="315")
    place.put(OBSERVED, theirs.key, theirs)
    ended = place.cor("hold", "--change-order", "7004", *WHY, "--json")
    assert ended.code == 0, ended.err
    assert (ended.json["hold"]["subject"], ended.json["record"]) == ("procore:acme:7004", None)


def test_it_waits_for_the_owner_and_names_it(place: Place) -> None:
    place.route("1321036")
    state(place, member(("procore:acme",), 0))
    ended = place.cor("hold", "--account", "procore:acme", *WHY, "--wait", "0")
    assert ended.code == 3
    assert "Not confirmed within 0 s: procore-writer one, which works for procore:acme" in ended.out
    (hold,) = standing(place)
    state(place, member(("procore:acme",), 1_000))
    ended = place.cor("release", hold.hold_id, *WHY, "--wait", "0")
    assert ended.code == 0
    assert "Obeyed by procore-writer one" in ended.out


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        (KafkaUnreachable("no broker answers"), "no broker answers"),
        (KeyboardInterrupt(), "interrupted while it waited"),
    ],
)
def test_a_hold_is_told_whatever_ends_the_wait(
    place: Place, monkeypatch: pytest.MonkeyPatch, ends: BaseException, why: str
) -> None:
    place.route("1321036")

    def ended(*_: object) -> None:
        raise ends

    monkeypatch.setattr("operations.holds.obeyed.wait_until_obeyed", ended)
    made = place.cor("hold", "--account", "procore:acme", *WHY, "--json")
    (hold,) = standing(place)
    assert (made.code, made.json["hold"]["hold_id"], made.json["obeyed"]) == (3, hold.hold_id, False)
    assert why in made.json["failure"]
    released = place.cor("release", hold.hold_id, *WHY, "--json")
    assert (released.code, released.json["released"], released.json["obeyed"]) == (3, hold.hold_id, False)
    told = place.cor("hold", "--account", "procore:acme", *WHY)
    assert (told.code, f"Not confirmed: {why}" in told.out) == (3, True)


def test_a_hold_that_has_ended_by_itself_does_not_stand_beside_another(place: Place) -> None:
    place.route("1321036")
    place.cor("hold", "--account", "procore:acme", *WHY)
    (hold,) = standing(place)
    ended = Control(hold=replace(hold, hold_id="ended", until=datetime(2026, 1, 1, tzinfo=UTC)))
    place.put(CONTROL, ended.key, ended, 0)
    assert "other hold" not in place.cor("release", hold.hold_id, *WHY).out
    place.cor("hold", "--account", "cinx:acme", *WHY)
    assert "1 other hold stands" in place.cor("release", "ended", *WHY).out


def test_a_member_that_is_gone_is_not_waited_for(place: Place) -> None:
    place.route("1321036")
    state(place, member(("procore:acme",), 0, age=600))
    ended = place.cor("hold", "--account", "procore:acme", *WHY, "--wait", "0", "--json")
    assert ended.code == 0
    assert ended.json["unowned"] == ["procore:acme"]


def test_a_member_that_cannot_be_read_is_waited_for(place: Place) -> None:
    place.route("1321036")
    place.write([Outgoing(CONTROL.name(place.prefix), b"member:procore-writer:new", b"hello", 0)])
    ended = place.cor("hold", "--account", "procore:acme", *WHY, "--wait", "0", "--json")
    assert ended.code == 3
    assert ended.json["missing"] == ["procore-writer new, whose statement this release cannot read"]


def test_what_is_none_of_ours_loses_nothing(place: Place) -> None:
    """An unreadable hold is listed and can be released; a foreign key is passed over, with an error in the log."""
    place.route("1321036")
    topic = CONTROL.name(place.prefix)
    place.write(
        [
            Outgoing(topic, b"hold:abcdef:procore:acme", b"hello", 0),
            Outgoing(topic, b"anything", b"hello", 0),
        ]
    )
    place.cor("hold", "--account", "procore:acme", *WHY)
    ended = place.cor("holds", "list", "--json")
    listed = ended.json
    assert "engine.record_foreign" in ended.err
    assert [(one["hold_id"], one["readable"]) for one in listed if not one["readable"]] == [("abcdef", False)]
    assert len(listed) == 2
    ended = place.cor("release", "abcdef", *WHY)
    assert ended.code == 0, ended.err
    assert len(place.cor("holds", "list", "--json").json) == 1


def test_status_shows_holds_and_members(place: Place) -> None:
    place.route("1321036")
    state(place, member(("procore:acme",), 1_000))
    state(place, member(("procore:other",), 0, age=600, instance="gone"))
    place.cor("hold", "--account", "procore:acme", *WHY)
    status = place.cor("status", "--json").json
    assert [held["hold"]["subject"] for held in status["people_holds"]] == ["procore:acme"]
    assert [one["instance"] for one in status["members"]] == ["one"]
    told = place.cor("status").out
    assert "on hold by Ann since" in told
    assert "procore-writer" in told


@pytest.mark.usefixtures("recorded")
def test_a_target_is_held_by_the_name_that_people_know(place: Place) -> None:
    file = place.folder / "cor.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("  - from:", "  - name: tower\n    from:"), encoding="utf-8"
    )
    ended = place.cor("hold", "--target", "tower/main", *WHY)
    assert ended.code in (0, 3), ended.err
    assert "target tower/main" in ended.out
    (held,) = place.cor("holds", "list", "--json").json
    assert held["subject"] == "main"
    for command in (("holds", "list"), ("status",)):
        assert "target tower/main" in place.cor(*command).out
    assert "there are: tower/main" in place.cor("hold", "--target", "roof", *WHY).err
