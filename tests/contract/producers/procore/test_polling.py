"""Polling against the simulated Procore, without Kafka: what a poll brings, and for how many requests."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deploy.sandbox.process import Simulated
from producers.procore.marks import OVERLAP
from producers.procore.poll import READ_AT_ONCE
from producers.procore.projects import WantedProjects
from relay.clients.native_json.records import NativeRecord, records
from relay.clients.procore import paging
from relay.domain.change_order import Classification, Status
from relay.domain.directory import DirectoryKind
from relay.domain.events import Change
from relay.domain.failures import TenantBlocked
from relay.domain.sources import procore
from relay.domain.sources.procore import read_raw
from tests.contract.producers.procore.procore_poller import (
    LINE,
    OTHER,
    PROJECT,
    Poller,
    is_loaded,
    pco,
    shows,
)
from tests.procore_shows import shown_as, without_lines

ORIGIN = "cor:constructiononline:acme:498099:owner"


def test_the_first_load_reads_each_record_once_and_the_next_poll_none(sandbox: Simulated, poller: Poller) -> None:
    first, second = pco(sandbox, lines=[LINE]), pco(sandbox, "Slab")
    events = poller.poll(sweep=True)
    assert {event.change_order_id: event.change for event in events} == {
        str(first): Change.SNAPSHOT,
        str(second): Change.SNAPSHOT,
    }
    assert shows(sandbox) == 2
    assert poller.poll() == []
    assert shows(sandbox) == 0
    assert poller.state.account_state.loaded


def test_a_record_s_bytes_are_kept_and_read_the_same(sandbox: Simulated, poller: Poller) -> None:
    pco(sandbox, "Größe", lines=[LINE], status="approved", due_date="2026-03-20T00:00:00Z", schedule_impact_amount=2)
    (event,) = poller.poll(sweep=True)
    order = event.change_order
    assert (order.title, order.status, order.status_raw) == ("Größe", Status.APPROVED, "approved")
    assert (order.project, order.due_on, order.schedule_days) == (str(PROJECT), "2026-03-20", 2)
    assert (str(order.cost), str(order.client_price)) == ("5400.0000", "5400.0000")
    (item,) = order.items
    assert (item.cost_code, item.classification) == ("03-210", Classification.SUBCONTRACTOR)
    assert event.raw is not None
    assert json.loads(event.raw)["items"][0]["description"] == "Rebar"
    assert read_raw(event.raw).change_order == order


def test_a_window_with_an_overlap_is_asked_and_only_what_differs_is_read(later: Simulated) -> None:
    sandbox, poller = later, Poller(later.url, PROJECT)
    first, _ = pco(sandbox), pco(sandbox, "Slab")
    poller.poll(sweep=True)
    sandbox.advance((OVERLAP * 2).total_seconds())
    poller.ahead += OVERLAP * 2
    sandbox.people("edit", kind="pco", id=first, set={"title": "Footing C4"})
    sandbox.forget()
    (event,) = poller.poll()
    assert (event.change_order.title, event.change) == ("Footing C4", Change.UPDATED)
    listing = next(one for one in sandbox.history() if one["path"].endswith("potential_change_orders"))
    assert "filters[updated_at]" in str(listing["query"])
    assert shows(sandbox) == 1
    assert poller.poll() == []
    poller.source.close()


def test_a_deleted_record_is_told_by_the_list_itself(sandbox: Simulated, poller: Poller) -> None:
    number = pco(sandbox)
    pco(sandbox, "Slab")
    poller.poll(sweep=True)
    sandbox.people("delete", kind="pco", id=number)
    (event,) = poller.poll()
    assert (event.change_order_id, event.change) == (str(number), Change.DELETED)
    assert poller.poll() == []


def test_an_edit_of_a_line_is_seen_by_the_sweep_at_the_latest(sandbox: Simulated, poller: Poller) -> None:
    number = pco(sandbox, lines=[LINE])
    poller.poll(sweep=True)
    line = next(one for one in sandbox.state()["line_items"] if one["pco_id"] == number)
    sandbox.people("edit_line", line=int(line["id"]), set={"description": "Rebar #5"})
    assert poller.poll() == []
    (event,) = poller.poll(sweep=True)
    assert event.change_order.items[0].description == "Rebar #5"


def test_an_edit_within_the_second_of_the_last_reading_is_seen(sandbox: Simulated, poller: Poller) -> None:
    """A row states whole seconds, so it may look the same after one more edit."""
    sandbox.settings(line_edit_moves_parent=True)
    number = pco(sandbox, lines=[LINE])
    poller.ahead = timedelta()
    poller.poll(sweep=True)
    line = next(one for one in sandbox.state()["line_items"] if one["pco_id"] == number)
    sandbox.people("edit_line", line=int(line["id"]), set={"description": "Rebar #6"})
    assert [one.change for one in poller.poll()] == [Change.UPDATED]


def test_a_long_first_load_goes_on_over_several_polls_and_is_all_snapshot(sandbox: Simulated, poller: Poller) -> None:
    made = {str(pco(sandbox, f"T{number}")) for number in range(READ_AT_ONCE + 5)}
    first = poller.poll(sweep=True)
    assert len(first) == READ_AT_ONCE
    assert not is_loaded(poller)
    late = str(pco(sandbox, "Late"))
    events = [*first, *poller.poll(sweep=True)]
    assert is_loaded(poller)
    assert {event.change_order_id for event in events} == made | {late}
    assert {event.change for event in events} == {Change.SNAPSHOT}


def test_only_named_projects_are_polled_and_a_new_one_is_no_news(sandbox: Simulated, poller: Poller) -> None:
    contract = int(sandbox.people("create_contract", project=OTHER, kind="prime", title="Prime")["id"])
    number = pco(sandbox, "Elsewhere", contract)
    pco(sandbox)
    assert [event.project for event in poller.poll(sweep=True)] == [str(PROJECT)]
    poller.wanted = WantedProjects(named=frozenset({PROJECT, OTHER}))
    (event,) = poller.poll()
    assert (event.change_order_id, event.project, event.change) == (str(number), str(OTHER), Change.SNAPSHOT)
    sandbox.people("edit", kind="pco", id=number, set={"title": "Again"})
    poller.wanted = WantedProjects(named=frozenset(), every=True)
    assert [event.change for event in poller.poll()] == [Change.UPDATED]


def test_a_new_project_of_many_records_is_no_news_whichever_poll_reads_them(sandbox: Simulated, poller: Poller) -> None:
    """A window shows those again that are still to be read, when others of their project are known."""
    poller.poll(sweep=True)
    contract = int(sandbox.people("create_contract", project=OTHER, kind="prime", title="Prime")["id"])
    made = {str(pco(sandbox, f"T{number}", contract)) for number in range(READ_AT_ONCE + 5)}
    poller.wanted = WantedProjects(named=frozenset({PROJECT, OTHER}))
    events = [*poller.poll(), *poller.poll()]
    assert {event.change_order_id for event in events} == made
    assert {event.change for event in events} == {Change.SNAPSHOT}


def test_a_project_that_is_refused_is_left_out_and_caught_up_with(sandbox: Simulated, poller: Poller) -> None:
    number = pco(sandbox)
    poller.wanted = WantedProjects(named=frozenset({PROJECT, 999}))
    assert len(poller.poll(sweep=True)) == 1
    sandbox.people("edit", kind="pco", id=number, set={"title": "B"})
    assert len(poller.poll()) == 1


def test_a_missing_record_without_a_trace_is_confirmed_and_many_are_a_question(
    sandbox: Simulated, poller: Poller
) -> None:
    for number in range(30):
        pco(sandbox, f"T{number}")
    poller.poll(sweep=True)
    known = list(poller.state.states)
    ghost = replace(poller.state.states[known[0]], change_order_id="7777777")
    poller.state.apply(ghost)
    (event,) = poller.poll(sweep=True)
    assert (event.change_order_id, event.change) == ("7777777", Change.DELETED)
    for number in range(25):
        poller.state.apply(replace(ghost, change_order_id=str(8_000_000 + number)))
    result = poller.source.poll(poller.state, sweep=True)
    assert result.question is not None
    assert len(result.question.missing) == 25
    assert (result.change_orders, result.swept) == ((), False)


def test_a_company_that_is_refused_is_blocked(sandbox: Simulated) -> None:
    poller = Poller(sandbox.url, PROJECT, secret="wrong")
    with pytest.raises(TenantBlocked):
        poller.poll()
    with pytest.raises(TenantBlocked):
        poller.source.probe()
    poller.source.close()


def test_a_record_over_which_the_relay_fails_is_named_and_the_others_are_read(
    sandbox: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt, healthy = pco(sandbox), pco(sandbox, "Door")
    reading = procore.read

    def broken(native: Any, lines: Any, project: str) -> Any:
        if native["id"] == spoilt:
            raise ZeroDivisionError("a defect")
        return reading(native, lines, project)

    monkeypatch.setattr(procore, "read", broken)
    poller = Poller(sandbox.url, PROJECT)
    first = poller.source.poll(poller.state, sweep=True)
    poller.source.close()
    assert [read.change_order_id for read in first.change_orders] == [str(healthy)]
    (row,) = first.unreadable
    assert (row.defect, row.why) == (True, f"potential change order {spoilt} (ZeroDivisionError: a defect)")
    assert first.swept


def test_a_record_that_does_not_tell_its_lines_has_those_that_are_listed(
    sandbox: Simulated, poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    pco(sandbox, lines=[LINE])
    shown_as(monkeypatch, without_lines)
    (event,) = poller.poll(sweep=True)
    assert [item.description for item in event.change_order.items] == ["Rebar"]


def test_a_record_that_lastingly_shows_other_lines_than_are_listed_is_read_by_the_list(
    sandbox: Simulated, poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = pco(sandbox, lines=[LINE, LINE | {"description": "Mesh"}])
    shown_as(monkeypatch, lambda shown: shown | {"line_items": shown["line_items"][:1]})
    assert [poller.poll(sweep=True) for _ in range(3)] == [[], [], []]
    assert not is_loaded(poller)
    (event,) = poller.poll(sweep=True)
    assert event.change_order_id == str(number)
    assert [item.description for item in event.change_order.items] == ["Rebar", "Mesh"]
    assert event.defects == ("line_items: are others than the list of lines shows, which counts",)
    assert is_loaded(poller)
    assert poller.poll() == []


def test_a_row_without_an_id_is_named_and_proves_no_other_to_be_gone(
    sandbox: Simulated, poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, _ = pco(sandbox), [pco(sandbox, f"T{at}") for at in range(9)]
    assert len(poller.poll(sweep=True)) == 10
    pages = records

    def nameless(body: bytes, marker: str) -> list[NativeRecord]:
        return [
            NativeRecord(row.raw, {**row.data, "id": None}) if row.data["id"] == number else row
            for row in pages(body, marker)
        ]

    healthy = pco(sandbox, "Door")
    monkeypatch.setattr(paging, "records", nameless)
    result = poller.source.poll(poller.state, sweep=True)
    assert str(healthy) in {read.change_order_id for read in result.change_orders}
    assert str(number) not in {read.change_order_id for read in result.change_orders}
    assert [row.why for row in result.unreadable] == ["a potential change order without a usable id"]
    assert (result.deleted, result.question) == ((), None)


def test_where_all_projects_are_listed_they_are_noted_and_those_that_are_not_can_be_told(sandbox: Simulated) -> None:
    poller = Poller(sandbox.url, every=True)
    result = poller.source.poll(poller.state, sweep=False)
    named = {entry.entry_id: entry for entry in result.directory}
    assert named[str(PROJECT)].title
    assert all(entry.kind is DirectoryKind.PROJECT for entry in result.directory)
    (listed,) = result.listed
    assert all(listed.includes(entry) for entry in result.directory)
    poller.source.close()


def test_where_routes_name_their_projects_no_list_is_read_for_the_directory(poller: Poller) -> None:
    result = poller.source.poll(poller.state, sweep=True)
    assert (result.directory, result.listed) == ((), ())
