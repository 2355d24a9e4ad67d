"""Polling against the simulated CINX, without Kafka: what a poll brings, and for how many requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from deploy.sandbox.process import Simulated, simulated
from producers.changes.compare import Verdict, compare
from producers.changes.events import Observation, deleted, observed, rebased
from producers.cinx.source import CinxSource
from producers.poll_state import AccountState, blank
from producers.source import PollResult
from relay.clients.cinx import CinxClient, envelope
from relay.clients.native_json.records import NativeRecord, member_records
from relay.domain.change_order import Status
from relay.domain.directory import DirectoryKind
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.failures import Ambiguous, TenantBlocked, Unavailable
from relay.domain.sources import cinx
from relay.domain.sources.cinx import read_raw

ORIGIN = "cor:constructiononline:acme:498099:steel"


@pytest.fixture(scope="module")
def process() -> Iterator[Simulated]:
    with simulated("cinx") as simulator:
        yield simulator


@pytest.fixture
def sandbox(process: Simulated) -> Simulated:
    process.reset()
    process.forget()
    return process


class Poller:
    """Polls, and remembers as if everything were published at once."""

    def __init__(self, url: str, password: str = "sandbox-password") -> None:
        self.source = CinxSource(CinxClient(email="relay@acme.example", password=password, base_url=url))
        self.state: AccountState = blank("cinx", "acme")

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
        state.account_state = replace(state.account_state, loaded=state.account_state.loaded or result.swept)
        state.postponed = result.postponed
        return [observation.event for observation in observations if observation.event is not None]


@pytest.fixture
def poller(sandbox: Simulated) -> Iterator[Poller]:
    poller = Poller(sandbox.url)
    yield poller
    poller.source.close()


def poco(sandbox: Simulated, **more: Any) -> str:
    items = [{"quantity": 2, "unit_price": "10.50", "description": "Beam"}]
    made = sandbox.people("create_poco", **({"po": "PO-123", "items": items} | more))
    return str(made["cinx_guid"])


def ours(sandbox: Simulated) -> str:
    references = [
        {"type": "change-order-relay", "description": "x", "value": ORIGIN},
        {"type": "change-order-relay-sequence", "description": "x", "value": "1772460306"},
    ]
    return poco(sandbox, external_references=references)


def reads(sandbox: Simulated) -> int:
    found = [one for one in sandbox.history() if "/poco/" in one["path"]]
    sandbox.forget()
    return len(found)


def test_the_first_load_reads_every_poco_once_and_the_next_poll_none_but_open_ones(
    sandbox: Simulated, poller: Poller
) -> None:
    number, submitted = poco(sandbox), poco(sandbox, submitted=True)
    events = poller.poll(sweep=True)
    assert {event.change_order_id: event.change for event in events} == dict.fromkeys(
        (number, submitted), Change.SNAPSHOT
    )
    assert reads(sandbox) == 2
    assert poller.poll() == []
    assert reads(sandbox) == 1, "the submitted one is locked, and its row is the same"


def test_a_row_without_a_guid_is_named_and_proves_no_other_to_be_gone(
    sandbox: Simulated, poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [poco(sandbox) for _ in range(9)]
    poller.poll(sweep=True)
    healthy = poco(sandbox)
    rows_of = member_records

    def nameless(body: bytes, member: str) -> list[NativeRecord]:
        rows = rows_of(body, member)
        if len(rows) == 1:
            return rows
        spoilt = {"cinx_guid": None, "cinx_quid": None}
        return [
            NativeRecord(row.raw, {**row.data, **spoilt}) if row.data.get("cinx_guid") == known[0] else row
            for row in rows
        ]

    monkeypatch.setattr(envelope, "member_records", nameless)
    result = poller.source.poll(poller.state, sweep=True)
    found = {read.change_order_id for read in result.change_orders}
    assert (healthy in found, known[0] in found) == (True, False)
    assert [row.why for row in result.unreadable] == ["a POCO without a usable guid"]
    assert (result.deleted, result.question) == ((), None)


def test_a_poco_s_bytes_are_kept_and_read_the_same(sandbox: Simulated, poller: Poller) -> None:
    guid = poco(sandbox, description="Größe 1")
    (event,) = poller.poll(sweep=True)
    assert event.raw is not None
    assert json.loads(event.raw)["change_order"]["cinx_guid"] == guid
    assert read_raw(event.raw).change_order == event.change_order
    assert (event.change_order.purchase_order, str(event.change_order.cost)) == ("PO-123", "21.0000")


def test_what_people_do_is_seen_status_by_status(sandbox: Simulated, poller: Poller) -> None:
    guid = ours(sandbox)
    assert [event.change_order.status for event in poller.poll(sweep=True)] == [Status.DRAFT]
    told = []
    for operation in ("submit_poco", "receive_poco", "accept_poco", "erp_pending", "erp_failed"):
        sandbox.people(operation, cinx_guid=guid)
        result = poller.source.poll(poller.state, sweep=False)
        told += [read.status_change.reason for read in result.change_orders if read.status_change]
        poller.take(result)
    assert told == ["cinx.submitted", "cinx.received", "cinx.accepted", "cinx.erp_pending", "cinx.erp_failed"]


def test_lines_that_a_row_does_not_show_are_seen_while_they_can_change(sandbox: Simulated, poller: Poller) -> None:
    guid = poco(sandbox)
    poller.poll(sweep=True)
    sandbox.people("edit_poco", cinx_guid=guid, items={"0": {"quantity": 5}})
    (event,) = poller.poll()
    assert str(event.change_order.cost) == "52.5000"


def test_a_sweep_sees_also_what_no_row_shows_of_a_locked_poco(sandbox: Simulated, poller: Poller) -> None:
    guid = poco(sandbox, submitted=True)
    poller.poll(sweep=True)
    sandbox.people("edit_poco", cinx_guid=guid, items={"0": {"quantity": 5}})
    assert poller.poll() == []
    assert [event.change for event in poller.poll(sweep=True)] == [Change.UPDATED]


def test_our_mark_is_known(sandbox: Simulated, poller: Poller) -> None:
    ours(sandbox)
    (event,) = poller.poll(sweep=True)
    assert (event.origin_id, event.root) == (ORIGIN, "constructiononline:acme:498099")


def test_lists_in_any_order_and_of_many_pages_bring_each_poco_once(sandbox: Simulated, poller: Poller) -> None:
    sandbox.settings(order="shuffle")
    made = {poco(sandbox) for _ in range(70)}
    assert {event.change_order_id for event in poller.poll(sweep=True)} == made
    assert poller.poll() == []


def test_a_deleted_poco_is_gone_only_when_a_single_call_says_so(sandbox: Simulated, poller: Poller) -> None:
    guid, _ = poco(sandbox), poco(sandbox)
    poller.poll(sweep=True)
    sandbox.people("delete_poco", cinx_guid=guid)
    sandbox.forget()
    (event,) = poller.poll()
    assert (event.change_order_id, event.change) == (guid, Change.DELETED)
    assert any(guid in one["path"] for one in sandbox.history())
    assert poller.poll() == []


def test_the_only_poco_of_a_project_that_is_missing_keeps_no_other_from_being_told(
    sandbox: Simulated, poller: Poller
) -> None:
    guid, _, only = poco(sandbox), poco(sandbox), poco(sandbox, po="PO-200")
    poller.poll(sweep=True)
    for one in (guid, only):
        sandbox.people("delete_poco", cinx_guid=one)
    assert [(event.change_order_id, event.change) for event in poller.poll()] == [(guid, Change.DELETED)]
    result = poller.source.poll(poller.state, sweep=True)
    assert result.question is not None
    assert result.question.missing == (only,)


def test_a_poco_that_is_listed_is_not_gone_whatever_its_own_call_says(sandbox: Simulated, poller: Poller) -> None:
    guid = poco(sandbox)
    poller.poll(sweep=True)
    body = f'{{"response": {{"status_code": 500, "message": "Failed to find [{guid}]"}}, "rows": []}}'
    for sweep in (False, True):
        sandbox.fault("status", {"path": f"/poco/{guid}"}, status=500, body=body)
        assert poller.poll(sweep=sweep) == []
    sandbox.people("edit_poco", cinx_guid=guid, items={"0": {"quantity": 5}})
    assert [event.change for event in poller.poll()] == [Change.UPDATED]


def test_many_missing_pocos_are_a_question(sandbox: Simulated, poller: Poller) -> None:
    made = [poco(sandbox, submitted=True) for _ in range(30)]
    poller.poll(sweep=True)
    for guid in made[:22]:
        sandbox.people("delete_poco", cinx_guid=guid)
    assert poller.poll() == []
    result = poller.source.poll(poller.state, sweep=True)
    assert result.question is not None
    assert set(result.question.missing) == set(made[:22])


def test_an_account_that_is_refused_is_blocked(sandbox: Simulated) -> None:
    poller = Poller(sandbox.url, password="wrong")
    with pytest.raises(TenantBlocked):
        poller.poll()
    with pytest.raises(TenantBlocked):
        poller.source.probe()
    poller.source.close()


def test_a_poll_that_fails_half_way_forgets_nothing(sandbox: Simulated, poller: Poller) -> None:
    made = {poco(sandbox), poco(sandbox)}
    sandbox.fault("half_body", {"path": "/poco/"})
    with pytest.raises((Unavailable, Ambiguous)):
        poller.poll(sweep=True)
    assert {event.change_order_id for event in poller.poll(sweep=True)} == made


def test_a_poco_over_which_the_relay_fails_is_named_and_the_others_are_read(
    sandbox: Simulated, poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt, healthy = poco(sandbox), poco(sandbox)
    reading = cinx.read

    def broken(native: Any) -> Any:
        if native["cinx_guid"] == spoilt:
            raise ZeroDivisionError("a defect")
        return reading(native)

    monkeypatch.setattr(cinx, "read", broken)
    result = poller.source.poll(poller.state, sweep=True)
    read = {change_order.change_order_id for change_order in result.change_orders}
    assert healthy in read
    assert spoilt not in read
    (row,) = result.unreadable
    assert (row.defect, row.why) == (True, f"POCO {spoilt} (ZeroDivisionError: a defect)")
    assert result.swept


def test_what_a_detail_calls_its_project_and_purchase_order_is_noted_without_a_call_more(
    sandbox: Simulated, poller: Poller
) -> None:
    poco(sandbox), poco(sandbox)
    result = poller.source.poll(poller.state, sweep=True)
    project, order = result.directory
    assert (project.kind, order.kind) == (DirectoryKind.PROJECT, DirectoryKind.PURCHASE_ORDER)
    assert (order.number, order.project_id) == ("PO-123", project.entry_id)
    assert project.title
    assert result.listed == ()
    assert not [one for one in sandbox.history() if "/po/" in one["path"] or "/project/" in one["path"]]
