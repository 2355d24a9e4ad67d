"""What is read at the start, while there is nothing to order yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

import pytest
from structlog.testing import capture_logs

from relay.domain.commands import CinxDestination
from relay.domain.ledger import HoldKind
from relay.domain.outcomes import OutcomeKind
from relay.domain.routes import CinxTarget, Route, Routing, Source
from relay.engine.telemetry import events
from tests.contract.workers.cinx_submitter.company import Loss
from tests.contract.workers.cinx_submitter.world import TOPICS, World, command, payload
from workers.cinx_submitter.account_start import Mapped, mapped_fields

ROUTE = "the route from constructiononline:acme project 1321036"


def mapped(**fields: str) -> tuple[Mapped, ...]:
    return (Mapped(account="acme", route=ROUTE, target="steel", fields=fields),)


def calls(world: World, ending: str) -> int:
    return sum(path.endswith(ending) for _, path in world.company.requests)


def told(logs: Any) -> list[tuple[str, str, str]]:
    return [(one["route"], one["target"], one["field"]) for one in logs if one["event"] == events.CINX_FIELD_REFUSED]


def test_token_subscription_and_template_are_read_before_there_is_a_command(world: World) -> None:
    world.settle()
    assert world.company.requests[0][1].endswith("/subs")
    assert (calls(world, "/subs"), calls(world, "/template/poco")) == (1, 1)
    world.settle(600)
    assert len(world.company.requests) == 2, "once is enough"


def test_the_first_change_order_does_not_read_them_again(world: World) -> None:
    world.settle()
    world.run(command())
    assert (calls(world, "/subs"), calls(world, "/template/poco")) == (1, 1)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"subscription_expired": "2026-01-01"}, "subscription of"),
        ({}, "POCO import not available for this account"),
    ],
)
def test_what_is_not_available_holds_the_account_before_there_is_a_command(
    world: World, what: dict[str, str], words: str
) -> None:
    if what:
        world.company.settings(**what)
    else:
        world.company.people("template_gone", name="poco", status=404)
    world.settle()
    (hold,) = world.state.holds.all()
    assert (hold.scope, hold.kind, hold.probe) == ("cinx:acme", HoldKind.TENANT_BLOCKED, True)
    assert words in hold.sentence
    assert any("cinx:acme" in key for key in world.log.compacted[TOPICS.inbox]), "cor status reads it from there"
    if what:
        world.company.settings(subscription_expired="")
    else:
        world.company.people("template_gone", name="poco", status=None)
    (end,) = world.run(command())
    assert end.kind is OutcomeKind.APPLIED
    assert list(world.state.holds.all()) == []


def test_a_successor_sees_the_hold_and_probes_it_at_once(world: World) -> None:
    world.company.settings(subscription_expired="2026-01-01")
    world.settle()
    world.start()
    (hold,) = world.state.holds.all()
    assert hold.kind is HoldKind.TENANT_BLOCKED
    world.company.settings(subscription_expired="")
    world.settle()
    assert list(world.state.holds.all()) == []


def test_a_host_that_does_not_answer_at_the_start_is_asked_again(world: World) -> None:
    world.company.lose(Loss.UNREACHABLE, "GET")
    world.settle()
    world.pass_time(5)
    (end,) = world.run(command())
    assert end.kind is OutcomeKind.APPLIED
    assert calls(world, "/template/poco") == 1


# -- what routes set


def test_a_field_that_the_template_does_not_have_is_told_once_and_names_its_route() -> None:
    world = World()
    world.mapped = mapped(**{"delivery.planet": "Earth", "delivery.attention": "Site office"})
    with capture_logs() as logs:
        world.settle()
        world.settle(600)
        world.run(command(content=payload(description="Other")))
        world.pass_time(4000)
        world.settle(10)
    assert told(logs) == [(ROUTE, "steel", "delivery.planet")]
    (event,) = [one for one in logs if one["event"] == events.CINX_FIELD_REFUSED]
    assert (event["log_level"], event["account"], event["reason"]) == ("error", "acme", "cinx.field_unknown")
    assert "does not have" in event["message"]
    assert "letter" not in event["message"]
    assert calls(world, "/template/poco") == 2, "it was read again after an hour, and the field is still unknown"
    world.close()


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("items.quantity", "3", "cinx.field_reserved"),
        ("dates.need_by", "soon", "cinx.field_invalid"),
        ("delivery.ship_via", "PIGEON", "cinx.option_unknown"),
        ("delivery.state", "Washington", "cinx.text_too_long"),
    ],
)
def test_whatever_no_change_order_could_set_so_is_told(world: World, field: str, text: str, reason: str) -> None:
    world.mapped = mapped(**{field: text})
    with capture_logs() as logs:
        world.settle()
    (event,) = [one for one in logs if one["event"] == events.CINX_FIELD_REFUSED]
    assert (event["field"], event["reason"]) == (field, reason)


def test_only_the_change_orders_of_the_route_that_sets_it_become_letters(world: World) -> None:
    world.mapped = mapped(**{"delivery.planet": "Earth"})
    wrong = command("1", payload(fields={"delivery.planet": "Earth"}))
    right = command("2", payload(description="Another"))
    ends = world.run(wrong, right)
    assert [end.kind for end in ends] == [OutcomeKind.REJECTED, OutcomeKind.APPLIED]
    assert world.letter().reason == "cinx.field_unknown"
    assert list(world.state.holds.all()) == []


def test_routes_that_change_while_it_runs_are_compared_again(world: World) -> None:
    with capture_logs() as logs:
        world.settle()
        world.mapped = mapped(**{"delivery.planet": "Earth"})
        world.settle()
        world.mapped = mapped(**{"delivery.attention": "Site office"})
        world.settle()
    assert told(logs) == [(ROUTE, "steel", "delivery.planet")]
    assert calls(world, "/template/poco") == 1


# -- the template


def test_a_changed_template_version_is_reported_without_any_command(world: World) -> None:
    with capture_logs() as logs:
        world.settle()
    (read,) = [one for one in logs if one["event"] == events.CINX_TEMPLATE_READ]
    row = dict(world.company.company.templates.rows["poco"])
    row["doc_info"] = {**row["doc_info"], "version": "2.0"}
    world.company.people("set_template", name="poco", row=row)
    with capture_logs() as logs:
        world.pass_time(3700)
        world.settle(10)
    (event,) = [one for one in logs if one["event"] == events.CINX_TEMPLATE_CHANGED]
    assert (event["account"], event["found"]) == ("acme", "2.0")
    assert event["known"] == read["version"] != "2.0"


def with_version(world: World, version: str) -> str:
    """Replaces the template by one of this version; returns the version there was."""
    row = dict(world.company.company.templates.rows["poco"])
    before = str(row["doc_info"]["version"])
    row["doc_info"] = {**row["doc_info"], "version": version}
    world.company.people("set_template", name="poco", row=row)
    return before


def changes(logs: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(log["known"], log["found"]) for log in logs if log["event"] == events.CINX_TEMPLATE_CHANGED]


def test_a_template_that_changed_while_no_process_ran_is_reported_at_the_start(world: World) -> None:
    world.settle()
    before = with_version(world, "2.0")
    with capture_logs() as logs:
        world.start()
        world.settle()
        world.start()
        world.settle()
    assert changes(logs) == [(before, "2.0")]


def test_the_version_stated_for_the_routes_goes_before_the_one_last_read(world: World) -> None:
    world.settle()
    with_version(world, "2.0")
    world.account["template_version"] = "2.0"
    with capture_logs() as logs:
        world.start()
        world.settle()
    assert changes(logs) == []


@pytest.mark.parametrize("stated", [None, "0.9", "the one there is"])
def test_another_version_than_the_routes_were_written_for_is_reported_at_the_start(stated: str | None) -> None:
    with closing(World()) as first:
        there = first.company.company.templates.rows["poco"]["doc_info"]["version"]
    version = there if stated == "the one there is" else stated
    with closing(World(template_version=version)) as world, capture_logs() as logs:
        world.settle()
    reported = [(log["known"], log["found"]) for log in logs if log["event"] == events.CINX_TEMPLATE_CHANGED]
    assert reported == ([("0.9", there)] if stated == "0.9" else [])


def test_a_template_that_is_gone_later_holds_the_account(world: World) -> None:
    world.settle()
    world.company.people("template_gone", name="poco", status=410)
    world.pass_time(3700)
    world.settle(10)
    assert [hold.kind for hold in world.state.holds.all()] == [HoldKind.TENANT_BLOCKED]


@pytest.mark.parametrize(("name", "shown"), [("tower", "route tower"), (None, ROUTE)])
def test_a_field_s_place_names_the_route_as_people_do(name: str | None, shown: str) -> None:
    steel = CinxTarget(
        name="steel",
        account="acme",
        destination=CinxDestination(purchase_order="PO-7"),
        fields={"delivery.planet": "Mars"},
    )
    source = Source(system="constructiononline", account="acme", project="1321036")
    (field,) = mapped_fields(Routing(routes=(Route(name=name, source=source, targets=(steel,)),)))["acme"]
    assert field.route == shown
