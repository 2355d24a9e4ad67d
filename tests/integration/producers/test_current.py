"""The newest event of each change order: beside every event, filled for an older installation, and to know by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from producers.publish import current_fill
from relay.domain.events import Change, ChangeOrderObserved
from relay.engine.kafka import Outgoing
from relay.engine.topics import CURRENT, POLL_STATE
from tests.integration.producers.conftest import CinxFlow

POLLER = "poll-cinx"
ACCOUNT = "cinx:acme"
ITEMS = [{"quantity": 2, "unit_price": "10.50", "description": "Beam"}]


def made(flow: CinxFlow, count: int) -> list[str]:
    return [str(flow.people("create_poco", po="PO-123", items=ITEMS)["cinx_guid"]) for _ in range(count)]


def current(flow: CinxFlow) -> dict[str, ChangeOrderObserved]:
    """What the topic comes to hold, by change order."""
    values = {(record.key or b"").decode(): record.value for record in flow.records(CURRENT)}
    events = [flow.codec.decode(value, ChangeOrderObserved) for value in values.values() if value is not None]
    return {event.change_order_id: event for event in events}


def newest(flow: CinxFlow) -> dict[str, ChangeOrderObserved]:
    last = {event.change_order_id: event for event in flow.events()}
    return {number: event for number, event in last.items() if event.change is not Change.DELETED}


def as_if_there_had_been_no_such_topic(flow: CinxFlow) -> None:
    account = replace(flow.states()[ACCOUNT], current_complete=False)
    topic, name = POLL_STATE.name(flow.prefix), CURRENT.name(flow.prefix)
    place = next(record.partition for record in flow.records(POLL_STATE))
    with flow.writer() as writer:
        for record in flow.records(CURRENT):
            writer.send(Outgoing(name, record.key, None))
        writer.send(Outgoing(topic, ACCOUNT.encode(), flow.codec.encode(account, topic), place))
        writer.flush()


def lose_poll_state(flow: CinxFlow) -> None:
    topic = POLL_STATE.name(flow.prefix)
    with flow.writer() as writer:
        for record in flow.records(POLL_STATE):
            writer.send(Outgoing(topic, record.key, None, record.partition))
        writer.flush()


def test_it_goes_with_every_event_and_goes_away_with_a_deletion(cinx_flow: CinxFlow) -> None:
    flow = cinx_flow
    changed, gone, _ = made(flow, 3)
    assert flow.run(POLLER) == 0
    flow.people("edit_poco", cinx_guid=changed, items={"0": {"quantity": 3}})
    flow.people("delete_poco", cinx_guid=gone)
    assert flow.run(POLLER) == 0
    assert current(flow) == newest(flow)
    assert gone not in current(flow)
    assert str(current(flow)[changed].change_order.cost) == "31.5000"
    assert flow.states()[ACCOUNT].current_complete
    assert len(flow.records(CURRENT)) == len(flow.events()), "a new account needs nothing to be filled"


def test_it_is_filled_for_an_older_installation_and_never_with_what_is_no_longer_the_newest(
    cinx_flow: CinxFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All have changed: the first poll publishes that while the scan has most of what was before still to come."""
    flow = cinx_flow
    guids = made(flow, 30)
    assert flow.run(POLLER) == 0
    as_if_there_had_been_no_such_topic(flow)
    assert current(flow) == {}
    monkeypatch.setattr(current_fill, "_AT_ONCE", 1)
    for guid in guids[1:]:
        flow.people("edit_poco", cinx_guid=guid, items={"0": {"quantity": 3}})
    assert flow.run(POLLER) == 0
    assert len(flow.events()) == 30 + 29
    assert current(flow) == newest(flow)
    assert current(flow)[guids[0]].change is Change.SNAPSHOT
    assert flow.states()[ACCOUNT].current_complete


def test_where_poll_state_is_lost_nothing_is_published_again_and_a_deletion_is_found(cinx_flow: CinxFlow) -> None:
    flow = cinx_flow
    same, changed, gone = made(flow, 3)
    assert flow.run(POLLER) == 0
    before = {event.change_order_id: event for event in flow.events()}
    lose_poll_state(flow)
    flow.people("edit_poco", cinx_guid=changed, items={"0": {"quantity": 3}})
    flow.people("delete_poco", cinx_guid=gone)
    assert flow.run(POLLER) == 0
    again = {event.change_order_id: event for event in flow.events() if event not in before.values()}
    assert {number: event.change for number, event in again.items()} == {
        changed: Change.UPDATED,
        gone: Change.DELETED,
    }
    for number, event in again.items():
        assert event.sequence == before[number].sequence + 1
    assert again[gone].change_order == before[gone].change_order
    assert flow.states()[f"{ACCOUNT}:{same}"].sequence == before[same].sequence
    assert current(flow) == newest(flow)
