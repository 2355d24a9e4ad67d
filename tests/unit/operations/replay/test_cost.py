from __future__ import annotations

from dataclasses import replace

import pytest

from operations.replay.cost import Cost, KnownEntry, fate
from relay.domain.commands import Mode, Operation, ProcoreCommand, ProcoreRules
from relay.domain.mapping import map_event
from tests.commands import cinx_command
from tests.unit.domain.mapping.samples import NOW, change_order, event, item, routing


def command(**changes: object) -> ProcoreCommand:
    (found,) = map_event(event(change_order(item("1", 5), item("2", 6))), routing(), NOW).commands
    assert isinstance(found, ProcoreCommand)
    return replace(found, **changes)  # type: ignore[arg-type]  # a test names the fields it changes


SEQUENCE, HASH = command().sequence, command().payload_hash


@pytest.mark.parametrize(
    ("one", "known", "end"),
    [
        (command(), None, "write"),
        (command(), KnownEntry(SEQUENCE, HASH, was_sent=True), "unchanged"),
        (command(), KnownEntry(SEQUENCE, "other", was_sent=True), "write"),
        (command(), KnownEntry(SEQUENCE + 1, HASH, was_sent=True), "superseded"),
        (command(mode=Mode.DRY_RUN), None, "dry_run"),
        (command(operation=Operation.VERIFY), KnownEntry(SEQUENCE, HASH, was_sent=True), "compare"),
        (command(operation=Operation.WITHDRAW), None, "withdrawn"),
        (command(operation=Operation.WITHDRAW), KnownEntry(SEQUENCE, None, was_sent=False), "withdrawn"),
        (command(operation=Operation.WITHDRAW), KnownEntry(SEQUENCE, HASH, was_sent=True), "write"),
    ],
)
def test_a_command_ends_as_the_ledger_lets_it(one: ProcoreCommand, known: KnownEntry | None, end: str) -> None:
    assert fate(one, known) == end


def test_what_is_there_costs_nothing() -> None:
    cost = Cost()
    cost.add([command()], {command().origin_id: KnownEntry(SEQUENCE, HASH, was_sent=True)})
    assert (dict(cost.fates), cost.calls()) == ({"unchanged": 1}, {})


def test_headers_share_calls_and_lines_do_not() -> None:
    cost = Cost()
    approved = replace(command(), rules=ProcoreRules(package="per_change_order"))
    plenty = [replace(approved, origin_id=str(number)) for number in range(1001)]
    cost.add(plenty, {})
    # Three of the contract, one of its tiers, two of headers, two of approvals, one of lines and two of each package.
    assert cost.calls() == {"procore:acme": 3 + 1 + 2 + 2 + 1001 * 3}


def test_what_our_mark_tells_is_read_and_not_written() -> None:
    """The ledger is lost; the outcomes say what was carried last."""
    one = command()
    assert fate(one, None, lambda _: one.idempotency_key) == "recognise"
    assert fate(one, None, lambda _: "of another version") == "write"
    assert fate(one, KnownEntry(SEQUENCE, "other", was_sent=True), lambda _: one.idempotency_key) == "write"
    cost = Cost()
    cost.add([replace(one, origin_id=str(number)) for number in range(10)], {}, lambda _: one.idempotency_key)
    assert (dict(cost.fates), cost.calls()) == ({"recognise": 10}, {"procore:acme": 10 * 3})


def test_with_one_tier_each_package_is_written_singly() -> None:
    """Eleven of one contract, eight of them approved: four calls each, and one more for each approval."""
    destination = replace(command().destination, tiers=1)
    payload = command().payload
    assert payload is not None
    pending = [
        replace(command(), origin_id=str(at), destination=destination, payload=replace(payload, status="pending"))
        for at in range(3)
    ]
    approved = [
        replace(command(), origin_id=str(at), destination=destination, payload=replace(payload, status="approved"))
        for at in range(3, 11)
    ]
    cost = Cost()
    cost.add([*pending, *approved], {})
    assert cost.calls() == {"procore:acme": 3 + 11 * 4 + 8}


def test_of_many_with_one_tier_what_was_found_is_looked_at_again() -> None:
    """Forty, pending: four calls each as ever, and one to look again, since their turns come much later."""
    destination = replace(command().destination, tiers=1)
    payload = command().payload
    assert payload is not None
    pending = replace(payload, status="pending")
    cost = Cost()
    cost.add([replace(command(), origin_id=str(at), destination=destination, payload=pending) for at in range(40)], {})
    assert cost.calls() == {"procore:acme": 3 + 40 * 5}


def test_an_import_of_cinx_is_more_than_one_call() -> None:
    """Subscription, template, the purchase order by its number, and what the POCO itself takes."""
    one = cinx_command("1", None, "PO-123")
    cost = Cost()
    cost.add([one], {})
    assert cost.calls() == {"cinx:acme": 9}
