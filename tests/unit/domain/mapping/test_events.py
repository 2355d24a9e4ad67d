from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from relay.domain.change_order import Status
from relay.domain.cinx_content import ContentLine, lines_hash
from relay.domain.commands import Lane, Mode, Operation
from relay.domain.events import Change
from relay.domain.mapping import map_event, reasons
from relay.domain.routes import OwnRecords, RouteMode, Source, Unrouted
from relay.domain.sources import native_json
from tests.unit.domain.mapping.samples import (
    HOME,
    NOW,
    REFERENCE,
    change_order,
    cinx,
    event,
    procore,
    route,
    routing,
)


def test_every_target_of_the_route_gets_one_command_with_the_whole_identity() -> None:
    decision = map_event(event(), routing(route(procore(), cinx())), NOW, reference=REFERENCE, letter_id="l")
    assert decision.lane is Lane.LIVE
    assert not decision.skips + decision.refusals
    first, second = decision.commands
    assert [one.origin_id for one in decision.commands] == [
        "cor:constructiononline:acme:498099:main",
        "cor:constructiononline:acme:498099:steel",
    ]
    assert first.change_order_key == first.root == "constructiononline:acme:498099"
    assert (first.system, first.account, first.sequence, first.event) == ("procore", "acme", 1700000000, REFERENCE)
    assert first.mapped_at == NOW.replace(microsecond=123000)
    assert first.letter_id == "l"
    assert first.command_id != second.command_id
    assert first.idempotency_key != second.idempotency_key


def test_a_snapshot_goes_to_the_backfill_lane_and_a_replay_may_say_so_too() -> None:
    assert map_event(event(change=Change.SNAPSHOT), routing(), NOW).lane is Lane.BACKFILL
    assert map_event(event(), routing(), NOW, lane=Lane.BACKFILL).lane is Lane.BACKFILL


@pytest.mark.parametrize("status", [Status.DRAFT, Status.VOID])
def test_a_status_that_the_route_does_not_carry_withdraws(status: Status) -> None:
    command = map_event(event(change_order(status=status)), routing(), NOW).commands[0]
    assert (command.operation, command.reason, command.payload) == (
        Operation.WITHDRAW,
        reasons.STATUS_NOT_CARRIED,
        None,
    )


@pytest.mark.parametrize("statuses", [{"approved": "approved"}, {"approved": "approved", "unknown": "pending"}])
@pytest.mark.parametrize("raw", [None, "7"])
def test_a_status_that_is_not_known_withdraws_nothing(statuses: dict[str, str], raw: str | None) -> None:
    shown = change_order(status=Status.UNKNOWN, status_raw=raw)
    decision = map_event(event(shown), routing(route(procore(), cinx(), statuses=statuses)), NOW)
    carried = "unknown" in statuses
    assert [command.operation for command in decision.commands] == [Operation.APPLY] * carried
    wanted = ["cinx.status_unreadable"] if carried else ["procore.status_unreadable", "cinx.status_unreadable"]
    assert [refusal.reason for refusal in decision.refusals] == wanted
    assert all(("7" in refusal.sentence) is (raw == "7") for refusal in decision.refusals)
    gone = map_event(event(shown, change=Change.DELETED), routing(), NOW)
    assert [command.reason for command in gone.commands] == [reasons.DELETED]


@pytest.mark.parametrize("status", [Status.PENDING, Status.REJECTED])
def test_cinx_is_given_nothing_that_is_not_approved(status: Status) -> None:
    decision = map_event(event(change_order(status=status)), routing(route(procore(), cinx())), NOW)
    assert [one.operation for one in decision.commands] == [Operation.APPLY, Operation.WITHDRAW]


def test_a_route_that_does_not_carry_approval_orders_nothing() -> None:
    carried = route(cinx(), statuses={"pending": "pending"})
    assert map_event(event(), routing(carried), NOW).commands[0].operation is Operation.WITHDRAW


def test_a_deletion_withdraws_from_every_target() -> None:
    decision = map_event(event(change=Change.DELETED), routing(route(procore(), cinx())), NOW)
    assert {(one.operation, one.reason) for one in decision.commands} == {(Operation.WITHDRAW, reasons.DELETED)}


def test_no_route_is_a_letter_unless_the_account_skips() -> None:
    elsewhere = route(source=replace(HOME, project="7"))
    refusal = map_event(event(), routing(elsewhere), NOW).refusals[0]
    assert (refusal.reason, refusal.target) == (reasons.ROUTE_MISSING, None)
    assert "redrive" in refusal.sentence
    skipping = routing(elsewhere, unrouted={"constructiononline:acme": Unrouted.SKIP})
    assert map_event(event(), skipping, NOW).skips[0].reason == reasons.ROUTE_MISSING


def test_a_deleted_change_order_without_a_route_needs_no_letter() -> None:
    decision = map_event(event(change=Change.DELETED), routing(route(source=replace(HOME, project="7"))), NOW)
    assert [one.reason for one in decision.skips] == [reasons.DELETED]
    assert not decision.refusals


def test_where_no_route_starts_at_the_system_nothing_is_missing() -> None:
    decision = map_event(event(system="procore"), routing(), NOW)
    assert [one.reason for one in decision.skips] == [reasons.SYSTEM_NOT_ROUTED]


def test_a_route_for_every_project_of_the_account_takes_all() -> None:
    every = route(source=Source(system="constructiononline", account="acme"))
    assert map_event(event(project="99"), routing(every), NOW).commands
    assert map_event(event(account="other"), routing(every), NOW).refusals


def test_observing_routes_say_so_and_dry_runs_are_marked() -> None:
    assert map_event(event(), routing(route(mode=RouteMode.OBSERVE)), NOW).skips[0].reason == reasons.ROUTE_OBSERVES
    assert map_event(event(), routing(route(mode=RouteMode.DRY_RUN)), NOW).commands[0].mode is Mode.DRY_RUN


@pytest.mark.parametrize(
    ("created", "history", "carried"),
    [
        ("2025-12-31T23:59:59", False, False),
        ("2026-01-01T00:00:00", False, True),
        ("2025-12-31T23:59:59", True, True),
        (None, False, True),
    ],
)
def test_only_what_was_created_since_is_carried(created: str | None, history: bool, carried: bool) -> None:  # noqa: FBT001  # a table
    dated = route(since=date(2026, 1, 1), history=history)
    decision = map_event(event(change_order(created_on=created)), routing(dated), NOW)
    assert bool(decision.commands) is carried
    assert [one.reason for one in decision.skips] == ([] if carried else [reasons.BEFORE_SINCE])


def test_two_targets_of_one_name_are_refused_together() -> None:
    every = Source(system="constructiononline", account="acme")
    decision = map_event(event(), routing(route(name="tower"), route(source=every)), NOW)
    assert [one.reason for one in decision.refusals] == [reasons.ROUTE_AMBIGUOUS]
    assert 'several targets with the name "main" (tower/main, main)' in decision.refusals[0].sentence
    assert not decision.commands


def test_a_record_of_ours_gives_one_verify_to_the_target_that_wrote_it() -> None:
    seen = event(
        system="procore", change_order_id="880123", project="315", origin_id="cor:constructiononline:acme:498099:main"
    )
    other = procore(destination=replace(procore().destination, project_id=1))
    routes = routing(route(other, source=replace(HOME, project="8")), route())
    decision = map_event(seen, routes, NOW)
    assert not decision.skips + decision.refusals
    (command,) = decision.commands
    assert (command.operation, command.payload, command.origin_id) == (Operation.VERIFY, None, seen.origin_id)
    assert command.change_order_key == command.root == "constructiononline:acme:498099"
    assert command.destination == procore().destination


@pytest.mark.parametrize("contract_id", [44021, 44040, 44041])
def test_routes_of_several_projects_may_feed_contracts_of_one_project_under_one_name(contract_id: int) -> None:
    contracts = (44040, 44021, 44041)
    targets = {one: procore(destination=replace(procore().destination, contract_id=one)) for one in contracts}
    routes = [route(target, source=replace(HOME, project=str(one))) for one, target in targets.items()]
    seen = event(
        system="procore",
        change_order_id="880123",
        project="315",
        origin_id="cor:constructiononline:acme:498099:main",
        raw=native_json.compose(b'{"id": 880123, "contract_id": %d}' % contract_id, []),
    )
    (command,) = map_event(seen, routing(*routes), NOW).commands
    assert command.destination == targets[contract_id].destination


@pytest.mark.parametrize("raw", [None, b"", b"[]", b'{"change_order": {"id": 1}, "items": []}'])
def test_a_verify_of_what_is_not_as_our_marks_say_carries_nothing_observed(raw: bytes | None) -> None:
    origin_id = "cor:constructiononline:acme:498099:main"
    seen = event(system="procore", change_order_id="1", project="315", origin_id=origin_id, raw=raw)
    (command,) = map_event(seen, routing(), NOW).commands
    assert command.observed is None


POCO = b"""{"cinx_guid": "ABC-1", "items": [{"description": "Rebar", "quantity": 10, "unit_price": 18.4}]}"""


def observed_of(raw: bytes | None, **more: Any) -> dict[str, str] | None:
    origin_id = "cor:constructiononline:acme:498099:steel"
    seen = event(system="cinx", change_order_id="abc-1", project=None, origin_id=origin_id, raw=raw, **more)
    (command,) = map_event(seen, routing(route(cinx())), NOW).commands
    assert command.operation is Operation.VERIFY
    return command.observed


def test_a_verify_of_a_poco_carries_what_its_lines_said() -> None:
    said = ContentLine(description="rebar", quantity=Decimal(10), unit_price=Decimal("18.40"))
    observed = observed_of(native_json.compose(POCO, []))
    assert observed == {"poco_guid": "abc-1", "poco_lines": lines_hash([said])}
    other = observed_of(native_json.compose(POCO.replace(b"18.4", b"18.5"), []))
    assert other is not None
    assert other["poco_lines"] != observed["poco_lines"]


def test_a_verify_of_a_deleted_or_unreadable_poco_carries_nothing_observed() -> None:
    assert observed_of(None) is None
    assert observed_of(b"[]") is None
    assert observed_of(native_json.compose(b"{}", [])) is None
    assert observed_of(native_json.compose(POCO, []), change=Change.DELETED) is None


def test_a_record_of_ours_whose_target_is_gone_is_skipped() -> None:
    seen = event(system="procore", origin_id="cor:constructiononline:acme:498099:gone")
    assert [one.reason for one in map_event(seen, routing(), NOW).skips] == [reasons.OWN_RECORD]


def test_own_records_go_on_under_their_root_only_where_the_route_says_so() -> None:
    seen = event(
        system="procore", project="315", origin_id="cor:constructiononline:acme:498099:main", change_order_id="880123"
    )
    start = Source(system="procore", account="acme", project="315")
    skipping = routing(route(), route(cinx(), source=start))
    assert [one.operation for one in map_event(seen, skipping, NOW).commands] == [Operation.VERIFY]
    mapping = routing(route(), route(cinx(), source=start, own_records=OwnRecords.MAP))
    verify, apply = map_event(seen, mapping, NOW).commands
    assert apply.origin_id == "cor:constructiononline:acme:498099:steel"
    assert apply.change_order_key == "procore:acme:880123"
    assert verify.operation is Operation.VERIFY


def test_mapping_later_makes_a_newer_command_of_the_same_intent() -> None:
    now = map_event(event(), routing(), NOW).commands[0]
    later = map_event(event(), routing(), NOW + timedelta(seconds=1)).commands[0]
    assert later.version > now.version
    assert later.command_id != now.command_id
    assert later.idempotency_key == now.idempotency_key


def test_a_pilot_is_carried_as_if_its_route_were_live() -> None:
    shown = route(mode=RouteMode.DRY_RUN, name="tower")
    piloted = replace(
        routing(shown), pilots=frozenset({("tower", event().key), ("other", "constructiononline:acme:1")})
    )
    assert {command.mode for command in map_event(event(), piloted, NOW).commands} == {Mode.LIVE}
    another = event(change_order_id="1")
    assert {command.mode for command in map_event(another, piloted, NOW).commands} == {Mode.DRY_RUN}
