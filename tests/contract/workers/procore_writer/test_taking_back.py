"""Withdrawals, and looks at our own records."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from relay.domain.commands import Operation, ProcoreCommand, ProcoreRules
from relay.domain.events import EventReference
from relay.domain.ledger import Intent
from relay.domain.ledger_facts import ProcorePart, line_part
from relay.domain.mapping import map_event
from relay.domain.outcomes import OutcomeKind
from relay.domain.procore_content import read_mark
from relay.domain.sources import native_json
from relay.engine.writer.adapter import Done, NeedsReview, Reject
from tests.contract.workers.procore_writer.harness import Driver, command, line, new_adapter, payload
from tests.contract.workers.procore_writer.state import Remote
from tests.unit.domain.mapping.samples import NOW, event, routing
from workers.procore_writer.content import parts

PACKAGED = ProcoreRules(package="per_change_order", on_withdraw="void", on_delete="letter")
CONTENT = payload(line("1", "100"), line("2", "50"), description="words")


def withdraw(reason: str | None = None, **more: Any) -> Any:
    return command(operation=Operation.WITHDRAW, sequence=2, reason=reason, **more)


def verify(rule: str = "letter", **more: Any) -> Any:
    rules = ProcoreRules(person_edit=rule)
    return command(operation=Operation.VERIFY, sequence=5, rules=rules, **more)


def test_a_withdrawn_approval_is_voided_with_its_package(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "100"), status="approved"), rules=PACKAGED))
    end = driver.one(withdraw(rules=PACKAGED))
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.WITHDRAWN
    assert (remote.order()["status"], remote.package()["status"]) == ("void", "void")


def test_a_voided_change_order_comes_back_with_the_next_version(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "100")), rules=PACKAGED))
    driver.one(withdraw(rules=PACKAGED))
    assert driver.one(command(content=payload(line("1", "100")), rules=PACKAGED, sequence=3)) == Done()
    assert remote.order()["status"] == "pending"


@pytest.mark.parametrize(
    ("rules", "reason", "expected"),
    [
        (ProcoreRules(), None, "procore.withdrawn_after_applied"),
        (ProcoreRules(), "source.deleted", "procore.deleted_after_applied"),
    ],
)
def test_by_default_a_person_is_asked(
    driver: Driver, remote: Remote, rules: ProcoreRules, reason: str | None, expected: str
) -> None:
    driver.one(command(content=CONTENT))
    end = driver.one(withdraw(reason, rules=rules))
    assert isinstance(end, Reject)
    assert end.reason == expected
    assert remote.order()["status"] == "pending"


def test_leaving_it_costs_no_call(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=CONTENT))
    remote.sandbox.forget()
    end = driver.one(withdraw("source.deleted", rules=ProcoreRules(on_delete="leave")))
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.WITHDRAWN
    assert remote.requests() == 0


# -- verify


def test_our_own_record_is_as_we_wrote_it(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "5400", quantity=None), line("2", "-3.5"), due_date="2026-03-20")))
    end = driver.one(verify())
    assert end == Done(kind=OutcomeKind.UNCHANGED)


def test_a_look_at_what_was_accepted_in_part_does_not_say_that_all_of_it_is_there(driver: Driver) -> None:
    driver.one(command(content=CONTENT))
    driver.entries = {name: replace(entry, letters=("a-letter",)) for name, entry in driver.entries.items()}
    end = driver.one(verify())
    assert isinstance(end, Done)
    assert end.kind is OutcomeKind.UNCHANGED
    assert end.sentence == "Procore says what it has accepted so far; an open letter says what it has not."


def test_what_a_person_has_changed_is_named_as_a_person_calls_it() -> None:
    told = parts.in_words([ProcorePart.HEADER, ProcorePart.STATUS, line_part("7")])
    assert told == "the title, description, due date or schedule impact, the status, the line of item 7"


def edit(remote: Remote, what: str) -> None:
    order = remote.order()
    if what == "header":
        remote.sandbox.people("edit", id=order["id"], set={"title": "By hand"})
    elif what == "status":
        remote.sandbox.people("set_status", id=order["id"], status="rejected")
    elif what == "line":
        remote.sandbox.people("edit_line", line=order["line_items"][0], set={"amount": "77.00"})
    else:
        remote.sandbox.people("delete_line", line=order["line_items"][0])


@pytest.mark.parametrize("what", ["header", "status", "line", "removal"])
def test_a_persons_edit_is_noticed(driver: Driver, remote: Remote, what: str) -> None:
    given = command(content=CONTENT)
    driver.one(given)
    edit(remote, what)
    end = driver.one(verify())
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.person_edit"
    content = payload(line("1", "1"), line("2", "50"), title="New", status="draft")
    later = driver.one(command(content=content, sequence=6))
    assert isinstance(later, NeedsReview)


@pytest.mark.parametrize("what", ["header", "status", "line", "removal"])
def test_a_persons_edit_is_kept(driver: Driver, remote: Remote, what: str) -> None:
    rules = ProcoreRules(person_edit="keep_theirs")
    driver.one(command(content=CONTENT, rules=rules))
    edit(remote, what)
    held = remote.order(), remote.amounts()
    end = driver.one(verify("keep_theirs"))
    assert isinstance(end, Done)
    assert end.reason == "procore.kept_theirs"
    assert driver.one(command(content=CONTENT, rules=rules, sequence=6)) == replace(end, kind=None)
    assert remote.amounts() == held[1]
    assert (remote.order()["title"], remote.order()["status"]) == (held[0]["title"], held[0]["status"])


@pytest.mark.parametrize("what", ["header", "status", "line", "removal"])
def test_a_persons_edit_is_overwritten_by_the_next_version(driver: Driver, remote: Remote, what: str) -> None:
    rules = ProcoreRules(person_edit="overwrite")
    driver.one(command(content=CONTENT, rules=rules))
    edit(remote, what)
    end = driver.one(verify("overwrite"))
    assert isinstance(end, Reject)
    assert end.reason == "procore.write_again"
    assert driver.one(command(content=CONTENT, rules=rules, sequence=6)) == Done()
    order = remote.order()
    assert (order["title"], order["status"]) == ("Footing rebar C4", "pending")
    assert remote.amounts() == Counter({"100.00": 1, "50.00": 1})


def written_late(remote: Remote, old: ProcoreCommand) -> None:
    """Writes a version as its first owner had begun to, who knows of nothing newer."""
    late = Driver(new_adapter(remote.sandbox.url))
    late.intents[old.origin_id] = Intent(
        origin_id=old.origin_id,
        command_id=old.command_id,
        step="header",
        parts={},
        bytes_hash="",
        intended_at=datetime.now(UTC),
        sent=True,
    )
    late.one(old)
    late.adapter.close()


def test_an_older_writing_that_came_late_is_noticed_and_healed(driver: Driver, remote: Remote) -> None:
    old, new = CONTENT, payload(line("1", "120"), line("3", "5"), title="Newer")
    driver.one(command(content=old))
    driver.one(command(content=new, sequence=2))
    written_late(remote, command(content=old))
    assert remote.order()["title"] == "Footing rebar C4"
    end = driver.one(verify())
    assert isinstance(end, Reject)
    assert end.reason == "procore.write_again"
    assert driver.one(command(content=new, sequence=2)) == Done()
    assert remote.order()["title"] == "Newer"
    assert remote.amounts() == Counter({"120.00": 1, "5.00": 1})


def test_a_deleted_record_is_asked_about(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=CONTENT))
    remote.sandbox.people("delete", id=remote.order()["id"])
    end = driver.one(verify())
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.deleted_by_person"


# -- verify with what was observed, and with what has to be written again


def seen(driver: Driver, remote: Remote) -> dict[str, str]:
    """What a poller would have observed of the record."""
    (entry,) = driver.entries.values()
    pco = driver.adapter._client("acme").potential_change_orders.show(315, 44021, int(entry.remote["pco_id"]))
    lines = driver.adapter._client("acme").line_items.find(315, pco.id)
    raw = native_json.compose(pco.native.raw, [one.native.raw for one in lines])
    shown = event(system="procore", change_order_id=str(pco.id), project="315", raw=raw, origin_id=pco.origin_id)
    (mapped,) = map_event(shown, routing(), NOW).commands
    assert mapped.operation is Operation.VERIFY
    return mapped.observed or {}


def test_what_was_observed_as_we_wrote_it_costs_no_call(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=payload(line("1", "5400"), line("2", "-3.5"), due_date="2026-03-20")))
    told = seen(driver, remote)
    remote.sandbox.forget()
    assert driver.one(verify(observed=told)) == Done(kind=OutcomeKind.UNCHANGED)
    assert remote.requests() == 0


@pytest.mark.parametrize("what", ["header", "status", "line", "removal"])
def test_what_was_observed_as_a_person_left_it_is_read_anew(driver: Driver, remote: Remote, what: str) -> None:
    driver.one(command(content=CONTENT))
    edit(remote, what)
    end = driver.one(verify(observed=seen(driver, remote)))
    assert isinstance(end, NeedsReview)
    assert end.reason == "procore.person_edit"


def test_another_number_or_record_than_ours_is_read_anew(driver: Driver, remote: Remote) -> None:
    driver.one(command(content=CONTENT))
    told = seen(driver, remote)
    for other in ({"number": "008"}, {"pco_id": "1"}, {"line:9": "x"}, {"header": "x"}):
        remote.sandbox.forget()
        driver.one(replace(verify(observed=told | other), command_id=str(other)))
        assert remote.requests() > 0


PLACE = EventReference(topic="observed", partition=1, offset=9, event_id="e")


def written_again(remote: Remote, new: Any, **more: Any) -> Driver:
    """A driver whose event, mapped again, says ``new``; the newest version was overtaken by an older one."""
    asked: list[str] = []

    def remap(origin_id: str, place: str) -> Any:
        asked.append(place)
        return new if origin_id == new.origin_id else None

    driver = Driver(new_adapter(remote.sandbox.url, remap=remap))
    old = command(content=CONTENT)
    driver.one(old)
    driver.one(new)
    written_late(remote, old)
    assert remote.order()["title"] == "Footing rebar C4"
    return driver


def test_an_older_writing_that_came_late_is_written_again_from_its_event(remote: Remote) -> None:
    content = payload(line("1", "120"), line("3", "5"), title="Newer")
    new = command(content=content, sequence=2, event=PLACE)
    driver = written_again(remote, new)
    end = driver.one(verify())
    assert isinstance(end, Done)
    assert end.kind is None
    assert remote.order()["title"] == "Newer"
    assert remote.amounts() == Counter({"120.00": 1, "5.00": 1})
    mark = read_mark(remote.order()["origin_data"])
    assert mark is not None
    assert (mark.sequence, mark.idempotency_key) == (2, new.idempotency_key)
    assert driver.one(replace(verify(), command_id="later")) == Done(kind=OutcomeKind.UNCHANGED)
    driver.adapter.close()


def test_what_a_look_has_struck_is_written_again_after_a_takeover_too(remote: Remote) -> None:
    content = replace(CONTENT, title="Newer")  # The header alone: no line betrays what was struck.
    new = command(content=content, sequence=2, event=PLACE)
    first = written_again(remote, new)
    assert first.step(verify())  # The event is mapped again.
    assert first.step(verify())  # The look.
    first.adapter.close()
    successor = Driver(new_adapter(remote.sandbox.url, remap=lambda origin_id, place: new), entries=first.entries)
    end = successor.one(verify())
    assert isinstance(end, Done)
    assert remote.order()["title"] == "Newer"
    successor.adapter.close()


def test_an_event_that_gives_no_command_any_more_is_a_letter(remote: Remote) -> None:
    new = command(content=payload(line("1", "120"), title="Newer"), sequence=2, event=PLACE)
    driver = written_again(remote, new)
    driver.adapter._remap = lambda origin_id, place: None
    end = driver.one(verify())
    assert isinstance(end, Reject)
    assert end.reason == "procore.write_again"
    driver.adapter.close()
