from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from operations.audit import AuditedTransaction
from operations.replay.newest import current_ends
from operations.replay.selection import Selection
from operations.written_versions import writing_environment
from relay.domain.commands import ProcoreCommand
from relay.domain.ledger import LedgerEntry, Part
from relay.domain.records import OperatorAction
from relay.engine.kafka import Outgoing
from relay.engine.topics import AUDIT, OBSERVED, PROCORE
from tests.conftest import PARTITIONS
from tests.cor_command import Ended
from tests.integration.cli.conftest import Place, key_of, tenant
from tests.integration.cli.test_letters import command_of, open_letters, put_letter, unrouted, unrouted_project
from tests.unit.domain.mapping.samples import change_order

pytestmark = pytest.mark.usefixtures("recorded")


def backfill(place: Place) -> list[ProcoreCommand]:
    return place.decoded(PROCORE.backfill, ProcoreCommand)


def actions(place: Place) -> list[OperatorAction]:
    return place.decoded(AUDIT, OperatorAction)


def ids(commands: Sequence[ProcoreCommand]) -> list[str]:
    return sorted(one.change_order_key.rpartition(":")[2] for one in commands)


def test_the_newest_selected_event_of_each_change_order_goes_into_the_backfill_lane(place: Place) -> None:
    for change_order_id, title in (("1", "old"), ("2", "only"), ("1", "new")):
        place.observe(change_order_id, change_order(title=title))
    observed = len(place.read(OBSERVED))
    ended = place.cor("replay", "--all", "--who", "ann", "--why", "new mapping", "--json")
    assert (ended.code, ended.json["matched"], ended.json["events"], ended.json["commands"]) == (0, 3, 2, 2)
    assert sorted(one.payload.title for one in backfill(place) if one.payload) == ["new", "only"]
    assert not place.read(PROCORE.commands)
    assert len(place.read(OBSERVED)) == observed
    begun, *_, end = actions(place)
    assert (begun.action, begun.who, begun.why, end.action) == ("replay", "ann", "new mapping", "replay.ended")
    assert begun.subject == end.subject == ended.json["replay_id"]


def test_every_means_all_of_them(place: Place) -> None:
    for title in ("old", "new"):
        place.observe("1", change_order(title=title))
    assert place.cor("replay", "--change-order", "1", "--every").code == 0
    assert [one.payload.title for one in backfill(place) if one.payload] == ["old", "new"]


def test_events_are_selected_by_where_they_are_from_and_where_they_stand(place: Place) -> None:
    first = place.observe("1")
    place.observe("2")
    place.observe("3", change_order(project="8"))
    assert place.cor("replay", "--project", "8", "--dry-run", "--json").json["matched"] == 1
    assert place.cor("replay", "--change-order", key_of("2"), "--dry-run", "--json").json["matched"] == 1
    assert place.cor("replay", "--source", "procore", "--dry-run", "--json").json["matched"] == 0
    assert place.cor("replay", "--source", "constructiononline:acme", "--dry-run", "--json").json["matched"] == 3
    here = f"{first.partition}:{first.offset}-{first.offset}"
    assert place.cor("replay", "--offset", here, "--dry-run", "--json").json["matched"] == 1
    assert place.cor("replay", "--since", "2000-01-01", "--dry-run", "--json").json["matched"] == 3
    assert place.cor("replay", "--since", "2100-01-01", "--dry-run", "--json").json["matched"] == 0
    assert place.cor("replay", "--until", "2000-01-01", "--dry-run", "--json").json["matched"] == 0
    place.observe("3", change_order(project="9"))  # Its newest event speaks for it.
    assert place.cor("replay", "--project", "8", "--dry-run", "--json").json["events"] == 0
    assert place.cor("replay", "--project", "8", "--every", "--dry-run", "--json").json["events"] == 1


def test_what_is_to_be_replayed_has_to_be_said(place: Place) -> None:
    for wrong in ((), ("--all", "--project", "7"), ("--resume", "x", "--all"), ("--offset", "3"), ("--since", "x")):
        ended = place.cor("replay", *wrong)
        assert ended.code == 2, wrong
        assert ended.err


def test_a_dry_run_writes_nothing_and_says_what_it_would_cost(place: Place) -> None:
    applied = command_of(place.observe("1"))
    place.observe("2")
    entry = LedgerEntry(
        origin_id=applied.origin_id,
        change_order_key=applied.change_order_key,
        destination="315/44021",
        seen_sequence=applied.sequence,
        seen_mapped_at=applied.mapped_at,
        applied_sequence=applied.sequence,
        applied_payload_hash=applied.payload_hash,
        parts={"header": Part(hash="h")},
        remote={},
    )
    place.put(PROCORE.ledger, entry.origin_id, entry, tenant())
    told = place.cor("replay", "--all", "--dry-run", "--json").json
    assert told["commands_by_fate"] == {"unchanged": 1, "write": 1}
    assert told["remote_calls"]["procore:acme"] >= 2
    assert "already there, no call" in place.cor("replay", "--all", "--dry-run").out
    assert not backfill(place)
    assert not actions(place)


def interrupted_at(place: Place, monkeypatch: pytest.MonkeyPatch, nth: int, *words: str) -> Ended:
    """``cor replay`` that is interrupted at its nth commit, before anything of that is written."""
    whole, calls = AuditedTransaction.commit, []

    def interrupted(
        transaction: AuditedTransaction, effects: Sequence[Outgoing], notes: Sequence[OperatorAction]
    ) -> None:
        calls.append(len(effects))
        if len(calls) == nth:
            raise KeyboardInterrupt
        whole(transaction, effects, notes)

    monkeypatch.setattr(AuditedTransaction, "commit", interrupted)
    ended = place.cor("replay", *words)
    monkeypatch.setattr(AuditedTransaction, "commit", whole)
    assert ended.code == 1
    return ended


def test_an_interrupted_replay_goes_on_where_it_stood_and_does_nothing_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        place.observe(str(number))
    monkeypatch.setattr("operations.replay.write._AT_ONCE", 2)
    ended = interrupted_at(place, monkeypatch, 4, "--all")
    replay_id = actions(place)[0].subject
    assert f"cor replay --resume {replay_id}" in ended.err
    assert len(backfill(place)) == 4
    place.observe("new")  # What came later belongs to no replay that began before.
    assert place.cor("replay", "--resume", replay_id).code == 0
    assert ids(backfill(place)) == [str(number) for number in range(7)]
    again = place.cor("replay", "--resume", replay_id)
    assert again.code == 1
    assert "has ended" in again.err
    assert "there is no replay" in place.cor("replay", "--resume", "nothing").err


def test_a_replay_that_was_interrupted_before_it_said_so_ends_once_it_is_resumed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.observe("1")
    interrupted_at(place, monkeypatch, 3, "--all")
    replay_id = actions(place)[0].subject
    assert [one.action for one in actions(place)] == ["replay", "replay.advanced"]
    resumed = place.cor("replay", "--resume", replay_id, "--json")
    assert (resumed.code, resumed.json["events"], resumed.json["replay_id"]) == (0, 0, replay_id)
    assert actions(place)[-1].action == "replay.ended"
    assert "has ended" in place.cor("replay", "--resume", replay_id).err
    assert len(backfill(place)) == 1


@pytest.mark.parametrize("came_later", [True, False])
def test_a_resumed_replay_ends_only_the_letters_of_projects_that_stood_when_it_began(
    place: Place, monkeypatch: pytest.MonkeyPatch, *, came_later: bool
) -> None:
    place.observe("1")
    if not came_later:
        unrouted_project(place, "2")
    place.route("777")
    interrupted_at(place, monkeypatch, 2, "--all")
    if came_later:
        unrouted_project(place, "2")
    replay_id = actions(place)[0].subject
    assert place.cor("replay", "--resume", replay_id).code in (0, 3)
    left = [str(one.of_project) for one in open_letters(place).values() if one.of_project]
    of_777 = "constructiononline:acme/project:777"
    assert (of_777 in left) == came_later
    assert (key_of("2") in {one.change_order_key for one in backfill(place)}) != came_later


def test_a_resumed_replay_of_an_earlier_release_ends_no_letter_of_a_project(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entry does not say which stood."""
    letter = unrouted_project(place, "2")
    place.route("777")
    noted = {
        "selection": Selection().as_details(),
        "ends": current_ends(writing_environment(), PARTITIONS),
        "events": 1,
    }
    monkeypatch.setattr("operations.replay.replay.beginning", lambda *_: noted)
    interrupted_at(place, monkeypatch, 2, "--all")
    assert place.cor("replay", "--resume", actions(place)[0].subject).code == 0
    assert list(open_letters(place)) == [letter.letter_id]


def test_what_no_route_takes_is_a_letter_and_ends_in_3(place: Place) -> None:
    letter = unrouted(place, "1")
    put_letter(place, replace(letter, attempts=4))
    ended = place.cor("replay", "--all", "--json")
    assert (ended.code, ended.json["letters_by_reason"]) == (3, {"route.missing": 1})
    (again,) = open_letters(place).values()
    assert (again.letter_id, again.attempts, again.first_at) == (letter.letter_id, 5, letter.first_at)


def test_bytes_that_are_no_event_are_a_letter_and_the_others_go_on(place: Place) -> None:
    place.write([Outgoing(OBSERVED.name(place.prefix), key_of("9").encode(), b"junk")])
    place.observe("1")
    ended = place.cor("replay", "--all", "--json")
    assert (ended.code, ended.json["commands"], ended.json["letters"]) == (3, 1, 1)
    assert [one.reason for one in open_letters(place).values()] == ["record.unreadable"]
    assert json.loads(actions(place)[-1].details) == {"events": 2, "letters": 1, "settled": []}
