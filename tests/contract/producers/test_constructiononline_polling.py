"""Polling against the simulated ConstructionOnline, without Kafka: what a poll brings, and for how many requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from deploy.sandbox.process import Simulated, simulated
from producers.changes.events import deleted, observed
from producers.constructiononline.pace import Pace
from producers.constructiononline.source import ConstructionOnlineSource
from producers.poll_state import AccountState, blank
from producers.source import PollResult
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.domain.change_order import Status
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.failures import Denied, TenantBlocked, Throttled
from relay.domain.sources.constructiononline import read_raw

PROJECT = 1321036


@pytest.fixture(scope="module")
def process() -> Iterator[Simulated]:
    with simulated("constructiononline") as simulator:
        yield simulator


@pytest.fixture
def sandbox(process: Simulated) -> Simulated:
    process.reset()
    process.people("clear")
    process.people("create_project", id=PROJECT, name="3931 E Lake Blvd")
    process.forget()
    return process


class Poller:
    """Polls, and remembers as if everything were published at once."""

    def __init__(self, url: str, password: str = "sandbox-password") -> None:
        self.client = ConstructionOnlineClient(
            email="relay@acme.example", password=password, api_key="sandbox-api-key", base_url=f"{url}/api"
        )
        self.source = ConstructionOnlineSource(self.client, Pace())
        self.state: AccountState = blank("constructiononline", "acme")

    def look(self, *, sweep: bool = False) -> PollResult:
        return self.source.poll(self.state, sweep=sweep)

    def poll(self, *, sweep: bool = False) -> list[ChangeOrderObserved]:
        result = self.look(sweep=sweep)
        assert result.question is None
        return self.take(result)

    def take(self, result: PollResult) -> list[ChangeOrderObserved]:
        state, at = self.state, result.at
        observations = [observed(state, read, at) for read in result.change_orders]
        observations += [deleted(state, state.states[number], None, at) for number in result.deleted]
        for observation in observations:
            state.apply(observation.state)
        state.account_state = replace(
            state.account_state, watermark=result.watermark, loaded=state.account_state.loaded or result.swept
        )
        state.window, state.postponed = result.window or state.window, result.postponed
        return [observation.event for observation in observations if observation.event is not None]


@pytest.fixture
def poller(sandbox: Simulated) -> Iterator[Poller]:
    poller = Poller(sandbox.url)
    yield poller
    poller.client.close()


def order(sandbox: Simulated, name: str = "A", **more: object) -> int:
    made = sandbox.people("create_change_order", **{"project": PROJECT, "name": name, **more})
    return int(made["ID"])


def lines(*costs: int) -> list[dict[str, object]]:
    return [{"NAME": f"Line {cost}", "RATE": cost, "RATE_QTY": 1, "CLASSIFICATION": 1} for cost in costs]


def changes(events: list[ChangeOrderObserved]) -> list[tuple[str, Change]]:
    return sorted((event.change_order_id, event.change) for event in events)


def paths(sandbox: Simulated) -> list[str]:
    return [row["path"].removeprefix("/api") for row in sandbox.history()]


def test_the_first_load_is_a_snapshot_and_costs_three_requests(sandbox: Simulated, poller: Poller) -> None:
    first, second = order(sandbox, items=lines(10, 20)), order(sandbox, "B", set={"PRICE": 99})
    result = poller.look()
    events = poller.take(result)
    assert changes(events) == [(str(first), Change.SNAPSHOT), (str(second), Change.SNAPSHOT)]
    assert result.requests == len(sandbox.history()) == 3
    detailed = next(one for one in events if one.change_order_id == str(first))
    assert [item.cost for item in detailed.change_order.items] == [10, 20]
    assert detailed.defects == ()


def test_raw_holds_the_bytes_of_the_answers(sandbox: Simulated, poller: Poller) -> None:
    order(sandbox, items=lines(10))
    (event,) = poller.poll()
    assert event.raw is not None
    assert read_raw(event.raw).change_order == event.change_order
    listed = [record.raw for record in poller.client.change_orders()]
    assert listed[0] in event.raw


def test_when_nothing_changes_a_poll_costs_two_requests(sandbox: Simulated, poller: Poller) -> None:
    order(sandbox, items=lines(10))
    poller.poll()
    sandbox.forget()
    assert poller.poll() == []
    assert paths(sandbox) == ["/ChangeOrders", "/ChangeOrderItems"]
    assert poller.poll() == []


FORMS: list[dict[str, object]] = [
    {"numbers": "text"},
    {"numbers": "separated"},
    {"numbers": "fraction"},
    {"layout": "indented"},
    {"unset_dates": True},
    {"list_shape": "wrapped"},
    {"single_row": "object"},
    {"empty_list": "null"},
    {"missing_record": "null"},
    {"missing_record": "silent"},
    {"missing_record": "resource"},
]


@pytest.mark.parametrize("settings", FORMS, ids=str)
def test_changes_are_seen_once_and_cheaply_whatever_the_documentation_leaves_open(
    sandbox: Simulated, poller: Poller, settings: dict[str, object]
) -> None:
    sandbox.settings(**settings)
    first, second, third = order(sandbox, items=lines(1200, 20)), order(sandbox, "B"), order(sandbox, "C")
    found = {event.change_order_id: event.change_order for event in poller.poll()}
    assert found.keys() == {str(first), str(second), str(third)}
    assert [item.cost for item in found[str(first)].items] == [1200, 20]
    assert poller.poll() == []
    sandbox.people("edit_change_order", id=second, set={"NAME": "Edited"})
    result = poller.look()
    assert changes(poller.take(result)) == [(str(second), Change.UPDATED)]
    assert result.requests <= 4
    sandbox.people("delete_change_order", id=third)
    assert changes(poller.poll()) == [(str(third), Change.DELETED)]


def test_dates_that_are_all_unset_stop_nothing(sandbox: Simulated, poller: Poller) -> None:
    number = order(sandbox)
    sandbox.people("malform", id=number, set={"DATE_MODIFIED": "0001-01-01T00:00:00"})
    assert changes(poller.poll()) == [(str(number), Change.SNAPSHOT)]
    assert poller.poll() == []


def test_after_a_restart_the_rows_of_the_last_days_are_read_once_and_publish_nothing(
    sandbox: Simulated, poller: Poller
) -> None:
    order(sandbox, items=lines(10))
    poller.poll()
    poller.state.window = blank("a", "b").window
    sandbox.forget()
    assert poller.poll() == []
    assert len(sandbox.history()) == 3
    sandbox.forget()
    assert poller.poll() == []
    assert len(sandbox.history()) == 2


def test_an_edited_header_is_read_whole_and_published_once(sandbox: Simulated, poller: Poller) -> None:
    number = order(sandbox, items=lines(10))
    order(sandbox, "B")
    poller.poll()
    sandbox.people("edit_change_order", id=number, set={"NAME": "Other"})
    sandbox.forget()
    (event,) = poller.poll()
    assert (event.change, event.change_order.title) == (Change.UPDATED, "Other")
    assert paths(sandbox) == ["/ChangeOrders", "/ChangeOrderItems", "/ChangeOrderItems", f"/ChangeOrders/{number}"]
    assert poller.poll() == []


def test_a_new_change_order_is_created_and_sequences_grow_by_one(sandbox: Simulated, poller: Poller) -> None:
    order(sandbox)
    poller.poll()
    number = order(sandbox, "New")
    (created,) = poller.poll()
    assert created.change is Change.CREATED
    assert created.sequence == int(created.observed_at.timestamp())
    sandbox.people("approve", id=number)
    (approved,) = poller.poll()
    assert (approved.sequence, approved.change_order.status) == (created.sequence + 1, Status.APPROVED)
    assert approved.event_id != created.event_id


@pytest.mark.parametrize("moves_parent", [True, False])
def test_items_that_are_changed_added_and_removed_are_seen(
    sandbox: Simulated,
    poller: Poller,
    moves_parent: bool,  # noqa: FBT001  # a table
) -> None:
    sandbox.settings(item_edit_moves_parent=moves_parent)
    number = order(sandbox, items=lines(10, 20))
    poller.poll()
    items = [int(record.data["ID"]) for record in poller.client.items(change_order_id=number)]
    sandbox.people("change_item", id=items[0], set={"RATE": 11})
    (changed,) = poller.poll()
    assert [item.cost for item in changed.change_order.items] == [11, 20]
    sandbox.people("add_item", change_order=number, set={"NAME": "C", "RATE": 5, "RATE_QTY": 1, "ROW_NUMBER": 7})
    (added,) = poller.poll()
    assert len(added.change_order.items) == 3
    sandbox.people("remove_item", id=items[1])
    (removed,) = poller.poll()
    assert [item.cost for item in removed.change_order.items] == [11, 5]


def test_an_item_that_moves_to_another_change_order_is_in_one_of_them(sandbox: Simulated, poller: Poller) -> None:
    """No documentation says that one may; none says that it may not. Without a price its sums do not tell."""
    sandbox.settings(item_edit_moves_parent=False)
    left, joined = order(sandbox, items=lines(0, 20)), order(sandbox, items=lines(30))
    poller.poll()
    moved = next(int(record.data["ID"]) for record in poller.client.items(change_order_id=left))
    sandbox.people("remove_item", id=moved)
    sandbox.people("add_item", change_order=joined, set={"ID": moved, "NAME": "Line 0", "RATE": 0, "RATE_QTY": 1})
    items = {event.change_order_id: [item.item_id for item in event.change_order.items] for event in poller.poll()}
    assert str(moved) in items[str(joined)]
    assert str(moved) not in items[str(left)]


def test_bookkeeping_publishes_nothing_but_is_read(sandbox: Simulated, poller: Poller) -> None:
    number = order(sandbox)
    poller.poll()
    sandbox.people("edit_accounting", id=number, set={"INVOICED_AMOUNTS": 5})
    sandbox.forget()
    assert poller.poll() == []
    assert len(sandbox.history()) == 3
    assert poller.poll() == []


def test_many_changes_are_read_by_listings_and_not_one_by_one(sandbox: Simulated, poller: Poller) -> None:
    numbers = [order(sandbox, str(at), items=lines(10)) for at in range(12)]
    poller.poll()
    for number in numbers:
        sandbox.people("edit_change_order", id=number, set={"NAME": "Other"})
    sandbox.forget()
    assert len(poller.poll()) == 12
    assert len(sandbox.history()) == 4


def test_a_change_order_that_moves_while_it_is_read_is_read_again(sandbox: Simulated, poller: Poller) -> None:
    number = order(sandbox, items=lines(10))
    poller.poll()
    sandbox.people("edit_change_order", id=number, set={"NAME": "One"})
    moved: list[str] = []
    read = poller.client.items

    def items_while_somebody_edits(**filters: Any) -> Any:
        found = read(**filters)
        if "change_order_id" in filters and not moved:
            moved.append("Two")
            sandbox.people("edit_change_order", id=number, set={"NAME": "Two"})
        return found

    poller.client.items = items_while_somebody_edits  # type: ignore[method-assign, assignment]
    (event,) = poller.poll()
    assert moved
    assert event.change_order.title == "Two"


def test_what_never_stands_still_is_left_for_the_next_poll(sandbox: Simulated, poller: Poller) -> None:
    number = order(sandbox)
    poller.poll()
    sandbox.people("edit_change_order", id=number, set={"NAME": "0"})
    read, edits = poller.client.items, iter(range(1, 99))

    def items_while_somebody_edits(**filters: Any) -> Any:
        found = read(**filters)
        sandbox.people("edit_change_order", id=number, set={"NAME": str(next(edits))})
        return found

    poller.client.items = items_while_somebody_edits  # type: ignore[method-assign, assignment]
    result = poller.look()
    assert (result.change_orders, result.postponed) == ((), frozenset({str(number)}))
    poller.take(result)
    poller.client.items = read  # type: ignore[method-assign]
    assert len(poller.poll()) == 1


def test_a_deleted_change_order_is_seen_by_the_next_poll_where_the_listing_showed_it(
    sandbox: Simulated, poller: Poller
) -> None:
    number, _ = order(sandbox), order(sandbox, "B")
    poller.poll()
    sandbox.people("delete_change_order", id=number)
    assert changes(poller.poll()) == [(str(number), Change.DELETED)]
    assert poller.poll() == []
    assert poller.poll(sweep=True) == []


def test_many_that_vanish_at_once_are_left_to_the_sweep(sandbox: Simulated, poller: Poller) -> None:
    numbers = [order(sandbox, str(at), items=lines(5)) for at in range(10)]
    poller.poll()
    for number in numbers[:6]:
        sandbox.people("delete_change_order", id=number)
    sandbox.forget()
    assert poller.poll() == []
    assert len(sandbox.history()) == 2
    assert len(poller.poll(sweep=True)) == 6


def test_a_sweep_finds_what_no_listing_shows_and_confirms_it_by_a_single_call(
    sandbox: Simulated, poller: Poller
) -> None:
    number, _ = order(sandbox), order(sandbox, "B")
    poller.poll()
    poller.state.window = blank("a", "b").window
    sandbox.people("delete_change_order", id=number)
    sandbox.forget()
    assert changes(poller.poll(sweep=True)) == [(str(number), Change.DELETED)]
    assert paths(sandbox) == ["/ChangeOrders", "/ChangeOrderItems", f"/ChangeOrders/{number}"]


def test_what_a_listing_only_leaves_out_is_not_deleted(sandbox: Simulated, poller: Poller) -> None:
    number, _ = order(sandbox), order(sandbox, "B")
    poller.poll()
    sandbox.people("unlist", ids=[number])
    assert poller.poll() == []
    assert poller.poll(sweep=True) == []


def test_the_last_change_order_of_a_project_asks_unless_the_project_was_deleted(
    sandbox: Simulated, poller: Poller
) -> None:
    sandbox.people("create_project", id=7, name="Other")
    number, _ = order(sandbox, project=7), order(sandbox)
    poller.poll()
    sandbox.people("delete_change_order", id=number)
    assert poller.poll() == []
    result = poller.look(sweep=True)
    assert result.question is not None
    assert result.question.missing == (str(number),)
    assert "project 7" in result.question.sentence
    assert not result.deleted
    sandbox.people("delete_project", id=7)
    assert changes(poller.poll(sweep=True)) == [(str(number), Change.DELETED)]


def test_more_than_a_tenth_and_more_than_twenty_missing_ask(sandbox: Simulated, poller: Poller) -> None:
    numbers = [order(sandbox, str(at)) for at in range(30)]
    poller.poll()
    sandbox.people("unlist", ids=numbers[:21])
    result = poller.look(sweep=True)
    assert result.question is not None
    assert (len(result.question.missing), result.question.known) == (21, 30)
    sandbox.people("unlist", ids=numbers[:1], listed=True)
    assert poller.poll(sweep=True) == []


def test_a_row_that_nobody_can_tell_apart_does_not_stop_the_others(sandbox: Simulated, poller: Poller) -> None:
    number, other = order(sandbox), order(sandbox, "B", items=lines(5))
    sandbox.people("malform", id=number, set={"ID": "none"})
    result = poller.look()
    assert [row.why for row in result.unreadable] == ["a change order without a usable ID"]
    assert changes(poller.take(result)) == [(str(other), Change.SNAPSHOT)]


def test_wrong_types_are_observed_with_their_defects(sandbox: Simulated, poller: Poller) -> None:
    number = order(sandbox, items=lines(5))
    sandbox.people("malform", id=number, set={"CONDITION": "later", "COST_MONEY": [1]}, remove=["NUMBER"])
    (event,) = poller.poll()
    assert (event.change_order.status, event.change_order.status_raw) == (Status.UNKNOWN, "later")
    assert event.change_order.cost is None
    assert event.change_order.number is None
    assert [one.split(":")[0] for one in event.defects] == ["CONDITION", "COST_MONEY"]


@pytest.mark.parametrize(
    "shape",
    [
        {"list_shape": "wrapped"},
        {"empty_list": "null"},
        {"empty_list": "empty_body"},
        {"single_row": "object"},
        {"order": "shuffle"},
        {"utc_offset_minutes": -720},
        {"utc_offset_minutes": 840},
    ],
)
def test_whatever_form_the_answers_take_the_same_is_seen(
    sandbox: Simulated, poller: Poller, shape: dict[str, object]
) -> None:
    sandbox.settings(**shape)
    assert poller.poll() == []
    number = order(sandbox, items=lines(10, 20, 30))
    assert changes(poller.poll()) == [(str(number), Change.CREATED)]
    assert poller.poll() == []
    order(sandbox, "B")
    assert len(poller.poll()) == 1
    sandbox.people("approve", id=number)
    assert len(poller.poll()) == 1
    assert poller.poll(sweep=True) == []


def test_a_company_is_loaded_and_then_quiet(sandbox: Simulated, poller: Poller) -> None:
    sandbox.people("load_company", seed=3, change_orders=120, projects=3, max_items=40)
    assert len(poller.poll()) == 120
    assert poller.poll() == []
    assert poller.poll(sweep=True) == []


def test_wrong_credentials_are_the_account_s_and_a_spent_limit_is_waited_for(sandbox: Simulated) -> None:
    other = Poller(sandbox.url, password="wrong")
    with pytest.raises(TenantBlocked, match="login or the API key"):
        other.look()
    with pytest.raises(TenantBlocked):
        other.source.probe()
    other.client.close()
    poller = Poller(sandbox.url)
    poller.source.probe()
    sandbox.people("set_rate", window="hour", limit=0)
    with pytest.raises(Throttled) as caught:
        poller.look()
    assert caught.value.wait_seconds > 60
    poller.client.close()


def test_a_change_order_that_is_refused_is_left_for_the_next_poll(sandbox: Simulated, poller: Poller) -> None:
    number = order(sandbox)
    poller.poll()
    sandbox.people("edit_change_order", id=number, set={"NAME": "Other"})
    read = poller.client.items

    def items_refused(**filters: Any) -> Any:
        if "change_order_id" in filters:
            raise Denied("refused")
        return read(**filters)

    poller.client.items = items_refused  # type: ignore[method-assign, assignment]
    result = poller.look()
    assert (result.change_orders, result.postponed) == ((), frozenset({str(number)}))
    poller.take(result)
    poller.client.items = read  # type: ignore[method-assign]
    assert changes(poller.poll()) == [(str(number), Change.UPDATED)]


def test_what_rows_call_their_projects_is_noted(sandbox: Simulated, poller: Poller) -> None:
    order(sandbox)
    (entry,) = poller.look().directory
    assert (entry.key, entry.title) == (f"constructiononline:acme/project:{PROJECT}", "3931 E Lake Blvd")
