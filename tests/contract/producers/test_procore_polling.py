"""Polling against the simulated Procore, without Kafka: what a poll brings, and for how many requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.sandbox.process import Simulated, simulated
from producers.changes.compare import Verdict, compare
from producers.changes.events import Observation, deleted, observed, rebased
from producers.poll_state import AccountState, blank
from producers.procore.marks import OVERLAP
from producers.procore.poll import READ_AT_ONCE
from producers.procore.projects import WantedProjects
from producers.procore.source import ProcoreSource
from producers.source import PollResult
from relay.clients.procore import ProcoreClient
from relay.domain.change_order import Classification, Status
from relay.domain.directory import DirectoryKind
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.failures import TenantBlocked
from relay.domain.sources import procore
from relay.domain.sources.procore import read_raw

PROJECT, OTHER = 315, 316
ORIGIN = "cor:constructiononline:acme:498099:owner"


@pytest.fixture(scope="module")
def process() -> Iterator[Simulated]:
    with simulated("procore") as simulator:
        yield simulator


@pytest.fixture
def sandbox(process: Simulated) -> Simulated:
    process.reset()
    process.settings(hourly_limit=1_000_000, spike_limit=1_000_000)
    process.forget()
    return process


class Poller:
    """Polls, and remembers as if everything were published at once."""

    def __init__(self, url: str, *projects: int, secret: str = "sandbox-secret", every: bool = False) -> None:
        client = ProcoreClient(
            company_id=4200, client_id="sandbox-client", client_secret=secret, api_url=url, login_url=url
        )
        self.wanted = WantedProjects(named=frozenset(projects), every=every)
        self.ahead = timedelta(minutes=1)  # So that what was made just now counts as settled.
        self.source = ProcoreSource("acme", client, lambda: self.wanted, lambda: datetime.now(UTC) + self.ahead)
        self.state: AccountState = blank("procore", "acme")

    def poll(self, *, sweep: bool = False) -> list[ChangeOrderObserved]:
        result = self.source.poll(self.state, sweep=sweep)
        assert result.question is None
        return self.take(result)

    def take(self, result: PollResult) -> list[ChangeOrderObserved]:
        state, observations = self.state, list[Observation]()
        for read in result.change_orders:
            before = state.states.get(read.change_order_id)
            same = compare(read.reading.change_order, before) is Verdict.UNCHANGED
            observations.append(rebased(state, read) if same else observed(state, read, result.at))
        observations += [deleted(state, state.states[number], None, result.at) for number in result.deleted]
        for observation in observations:
            state.apply(observation.state)
        state.account_state = replace(
            state.account_state, loaded=state.account_state.loaded or result.swept, watermark=result.watermark
        )
        return [observation.event for observation in observations if observation.event is not None]


@pytest.fixture
def poller(sandbox: Simulated) -> Iterator[Poller]:
    poller = Poller(sandbox.url, PROJECT)
    yield poller
    poller.source.close()


LINE = {"description": "Rebar", "amount": "5400.0", "cost_code": "03-210", "line_item_type": "S"}


def pco(sandbox: Simulated, title: str = "Footing", contract: int = 44023, **more: Any) -> int:
    return int(sandbox.people("create_pco", contract=contract, title=title, **more)["id"])


def is_loaded(poller: Poller) -> bool:
    return poller.state.account_state.loaded


def shows(sandbox: Simulated) -> int:
    """How many records were read whole since the last time."""
    found = [one for one in sandbox.history() if one["path"].rpartition("/")[2].isdigit()]
    sandbox.forget()
    return len(found)


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


@pytest.fixture
def later() -> Iterator[Simulated]:
    """A simulator whose clock a test may move."""
    with simulated("procore") as simulator:
        yield simulator


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
