from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import Lane
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger import InboxRecord, LedgerEntry, Part, Slot, Waiting
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.engine.topics import CINX, CURRENT, DIRECTORY, OUTCOMES, PROCORE, WRITES
from relay.engine.writer.state.store import inbox_key
from tests.integration.cli.conftest import CODEC, Place, a_moment, key_of, tenant
from tests.integration.cli.test_letters import command_of, unrouted
from tests.integration.cli.test_status import AHEAD, claim, open_submission, wait_for_an_order
from tests.unit.domain.mapping.samples import change_order
from tests.unit.schemas.samples import WRITE
from tests.unit.workers.cinx_submitter import factories as cinx_factories


def put_history(place: Place, change_order_id: str) -> None:
    """Observed twice, the first applied, the second waiting."""
    command = command_of(place.observe(change_order_id))
    place.put(PROCORE.commands, command.origin_id, command, tenant())
    applied = ChangeOrderOutcome(
        outcome_id="o",
        kind=OutcomeKind.APPLIED,
        stage="procore-writer",
        change_order_key=command.change_order_key,
        at=a_moment(1),
        sequence=command.sequence,
        system="procore",
        account="acme",
        target="main",
        origin_id=command.origin_id,
        command_id=command.command_id,
        remote=(RemoteRecord(kind="potential_change_order", remote_id="598", number="002", url="https://x/598"),),
    )
    place.put(OUTCOMES, command.change_order_key, applied)
    entry = LedgerEntry(
        origin_id=command.origin_id,
        change_order_key=command.change_order_key,
        destination="315/44021",
        seen_sequence=command.sequence,
        seen_mapped_at=command.mapped_at,
        applied_sequence=command.sequence,
        parts={"header": Part(hash="h")},
        remote={"pco_id": "598"},
    )
    place.put(PROCORE.ledger, command.origin_id, entry, tenant())
    newer = command_of(place.observe(change_order_id, change_order(title="Brighter")))
    at, offset = place.put(PROCORE.backfill, newer.origin_id, newer, tenant())
    waiting = Waiting(
        origin_id=newer.origin_id,
        command_id=newer.command_id,
        lane=Lane.BACKFILL,
        topic=at.topic,
        partition=at.number,
        offset=offset,
        received_at=a_moment(2),
        sequence=newer.sequence,
        mapped_at=newer.mapped_at,
        record_key=None,
        command=CODEC.encode(newer, at.topic),
    )
    place.put(PROCORE.inbox, inbox_key(Slot.NEXT, newer.origin_id), InboxRecord(waiting=waiting), tenant())


def test_the_whole_history_is_told_from_the_topics_by_the_bare_id(place: Place) -> None:
    assert place.cor("topics", "apply", "--partitions", "2").code == 0
    put_history(place, "498099")
    put_history(place, "498098")
    found = place.cor("trace", "498099", "--json")
    assert found.code == 0
    told = found.json
    assert told["change_order_key"] == key_of("498099")
    assert sorted(one["what"] for one in told["story"]) == ["applied", "mapped", "mapped", "observed", "observed"]
    assert len(told["events"]) == 2
    assert [one["lane"] for one in told["commands"]] == ["live", "backfill"]
    assert list(told["waiting"]) == [f"next cor:{key_of('498099')}:main"]
    assert list(told["ledger"]) == [f"cor:{key_of('498099')}:main"]
    people = place.cor("trace", f"cor:{key_of('498099')}:main").out
    now = "says what revision 1 says; revision 2 is the newest"
    for words in ("Brighter", "https://x/598", "a command waits", now):
        assert words in people


def test_open_letters_and_what_people_did_are_part_of_it(place: Place) -> None:
    letter = unrouted(place, "1")
    assert "(open)" in place.cor("trace", key_of("1")).out
    place.cor("letters", "settle", letter.letter_id, "--why", "by hand", "--who", "ann")
    told = place.cor("trace", key_of("1")).out
    assert "(settled since)" in told
    assert "ann settled letter" in told
    assert "Nothing waits, nothing is open." in told


def test_an_id_that_nobody_or_several_know_is_refused_with_what_to_say(place: Place) -> None:
    assert "cor topics apply" in place.cor("trace", "498099").err
    place.cor("topics", "apply", "--partitions", "2")
    nobody = place.cor("trace", "498099")
    assert nobody.code == 1
    assert "never observed in any known account" in nobody.err
    outcome = ChangeOrderOutcome(
        outcome_id="o",
        kind=OutcomeKind.SKIPPED,
        stage="mapper",
        change_order_key=key_of("7"),
        at=a_moment(),
        sequence=1,
    )
    for key in (key_of("7"), "procore:acme:7"):
        place.put(OUTCOMES, key, replace(outcome, change_order_key=key))
    several = place.cor("trace", "7")
    assert several.code == 1
    assert f"{key_of('7')}, procore:acme:7" in several.err
    assert place.cor("trace", "procore:acme:7").code == 0


def test_it_is_said_whose_review_a_submission_waits_for(place: Place) -> None:
    place.cor("topics", "apply", "--partitions", "2")
    place.observe("498099")
    origin_id = wait_for_an_order(place)
    place.put(CINX.commands, origin_id, cinx_factories.command(cinx_factories.payload()), tenant(system="cinx"))
    claim(place, "cor:constructiononline:acme:7:steel", "PO-2")
    claim(place, origin_id)
    assert "is held" not in place.cor("trace", "498099").out
    claim(place, "cor:constructiononline:acme:9:steel")
    told = " ".join(place.cor("trace", "498099").out.split())
    assert "until a person decides: what was sent for it is unknown" in told


def test_it_is_said_whose_open_submission_is_ahead(place: Place) -> None:
    place.cor("topics", "apply", "--partitions", "2")
    place.observe("498099")
    origin_id = wait_for_an_order(place)
    place.put(CINX.commands, origin_id, cinx_factories.command(cinx_factories.payload()), tenant(system="cinx"))
    open_submission(place, AHEAD, "PO-2")
    assert "behind" not in place.cor("trace", "498099").out
    open_submission(place, AHEAD)
    told = " ".join(place.cor("trace", "498099").out.split())
    assert "It waits behind the submission of constructiononline:acme:9, open for 4 min" in told
    assert list(place.cor("trace", "498099", "--json").json["ahead"]) == [origin_id]
    open_submission(place, origin_id)
    assert "behind" not in place.cor("trace", "498099").out


def put_current(place: Place, change_order_id: str, **changes: object) -> None:
    """A change order as it is now, on the topic of the newest events."""
    original = place.observe(change_order_id, change_order(**changes))
    event = CODEC.decode(original.value or b"", ChangeOrderObserved)
    place.put(CURRENT, event.key, event)


def test_a_change_order_is_found_by_whatever_it_is_called(place: Place) -> None:
    assert place.cor("topics", "apply", "--partitions", "2").code == 0
    put_history(place, "498099")
    put_current(place, "498099", number="003", title="Louvers, added")
    put_current(place, "498100", number="004", title="Rebar at C4")
    put_current(place, "498101", number="005", title="Rebar at C5")
    project = DirectoryEntry(
        system="constructiononline",
        account="acme",
        kind=DirectoryKind.PROJECT,
        entry_id="9",
        read_at=a_moment(),
        number="2024-17",
        title="Tower B",
    )
    put_current(place, "498102", number="006", title="Stairs", project="9")
    contract = replace(
        project,
        system="procore",
        kind=DirectoryKind.SUBCONTRACT,
        entry_id="44021",
        project_id="315",
        number="SC-012",
        title="Granite",
    )
    for entry in (project, contract):
        place.put(DIRECTORY, entry.key, entry)
    write = replace(WRITE, system="procore", account="acme", destination="315/44021", change_order_key=key_of("498101"))
    place.put(WRITES, write.change_order_key, write)
    names = {
        "498099": ("003", "3", "louvers, ADDED", "598", "002", "Louvers"),
        "498102": ("2024-17", "Tower B", "stairs"),
        "498101": ("SC-012", "005"),
    }
    for change_order_id, called in names.items():
        for named in called:
            found = place.cor("trace", named, "--json")
            assert found.code == 0, (named, found.err)
            assert found.json["change_order_key"] == key_of(change_order_id), named
    several = place.cor("trace", "rebar")
    assert several.code == 1
    assert f"{key_of('498100')} (004 Rebar at C4)" in several.err
    assert key_of("498101") in several.err
    nothing = place.cor("trace", "Elevator")
    assert (nothing.code, "never observed" in nothing.err) == (1, True)


def test_a_target_is_called_by_its_route_also_when_that_is_renamed_or_gone(place: Place) -> None:
    file = place.folder / "cor.yaml"
    plain = file.read_text(encoding="utf-8")
    named = plain.replace("  - from:", "  - name: tower\n    from:")
    file.write_text(named, encoding="utf-8")
    applied = place.cor("topics", "apply", "--partitions", "2", "--unproven")
    assert applied.code == 0, applied.err
    put_history(place, "498099")
    assert "route:tower" in place.cor("names", "list").out
    assert place.cor("trace", "498099").out.count("(target tower/main)") >= 3
    file.write_text(named.replace("tower", "tower-b"), encoding="utf-8")
    assert "(target tower-b/main)" in place.cor("trace", "498099").out
    file.write_text(plain[: plain.index("routes:")], encoding="utf-8")
    told = place.cor("trace", "498099").out
    assert "(target tower/main)" in told
    assert "(target main)" not in told
    file.write_text(named.replace("1321036", "1321037"), encoding="utf-8")
    refused = place.cor("topics", "apply", "--partitions", "2", "--unproven")
    assert "route:tower stands for constructiononline:acme:1321036" in refused.err
    file.write_text(named.replace("tower", "pier"), encoding="utf-8")
    forgotten = place.cor("names", "forget", "route:tower", "--why", "it was to be another", "--who", "ann")
    assert forgotten.code == 0, forgotten.err
