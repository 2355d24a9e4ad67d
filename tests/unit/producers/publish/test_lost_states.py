from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self

import pytest
from structlog.testing import capture_logs

from producers.changes.compare import Verdict, compare
from producers.changes.events import deleted, observed
from producers.poll_state import AccountState, blank
from producers.publish import lost_states
from producers.publish.lost_states import LostStates
from relay.domain.change_order import Status
from relay.engine.kafka import Outgoing, Record
from relay.engine.topics import CURRENT, POLL_STATE
from tests.unit.producers.publish.logs import CODEC, World
from tests.unit.producers.samples import AT, order, read

LATER = AT + timedelta(days=400)


@pytest.fixture
def world() -> World:
    """Two change orders that were published, one of them approved, and one that is gone."""
    world = World()
    for number, status in (("1", Status.APPROVED), ("2", Status.PENDING), ("3", Status.PENDING)):
        world.publish(observed(world.state, read(number, status=status), AT))
    world.publish(deleted(world.state, world.state.states["3"], None, AT))
    return world


def recall(world: World, state: AccountState, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns which topics were read."""
    asked: list[str] = []

    def read_to_end(_connection: object, partitions: Sequence[Any], *, pass_over: object) -> list[Record]:
        asked.extend(partition.topic for partition in partitions)
        return world.logs.records[partitions[0].topic]

    class Cluster:
        def __init__(self, _connection: object) -> None: ...
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...
        def partitions(self, _topic: str) -> int:
            return 1

    monkeypatch.setattr(lost_states, "read_to_end", read_to_end)
    monkeypatch.setattr(lost_states, "Cluster", Cluster)
    nothing: Any = None
    lost = LostStates(nothing, CODEC, world.commits, CURRENT.name(), beat=lambda: None, clock=lambda: LATER)
    lost.recall([state])
    lost.recall([state])
    return asked


def test_what_was_published_is_known_again_and_stands_on_poll_state(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.state.states
    world.logs.records[POLL_STATE.name()].clear()
    state = blank("constructiononline", "acme")
    assert recall(world, state, monkeypatch) == [CURRENT.name()], "it is read once"
    assert state.states.keys() == {"1", "2"}
    for number, status in (("1", Status.APPROVED), ("2", Status.PENDING)):
        known = state.states[number]
        assert (known.sequence, known.approved_seen_at) == (before[number].sequence, before[number].approved_seen_at)
        assert compare(order(number, status=status), known) is Verdict.UNCHANGED
    world.restore()
    assert world.state.states == state.states


def test_only_what_lacks_is_taken_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    state = blank("constructiononline", "acme")
    newer = replace(world.state.states["1"], sequence=world.state.states["1"].sequence + 1)
    state.apply(newer)
    recall(world, state, monkeypatch)
    assert state.states["1"] == newer
    assert state.states.keys() == {"1", "2"}


def test_an_event_that_cannot_be_read_is_known_by_its_key_with_a_sequence_above_any(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.logs.append(Outgoing(CURRENT.name(), b"constructiononline:acme:2", b"hello"))
    world.logs.append(Outgoing(CURRENT.name(), b"hello", b"hello"))
    state = blank("constructiononline", "acme")
    with capture_logs() as logged:
        recall(world, state, monkeypatch)
    assert state.states["2"].sequence == int(LATER.timestamp()) > world.state.states["2"].sequence
    assert compare(order("2"), state.states["2"]) is Verdict.UNCLEAR
    assert [entry["event"] for entry in logged] == ["poll.event_unreadable", "poll.state_recalled"]


def test_an_account_whose_poll_state_is_whole_asks_for_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.state.apply(replace(world.state.account_state, polled_at=AT))
    assert recall(world, world.state, monkeypatch) == []
    world.state.forget("2")
    assert recall(world, world.state, monkeypatch) == [CURRENT.name()]
    assert world.state.states.keys() == {"1", "2", "3"}


def test_a_stranger_s_key_of_any_length_is_no_change_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its poll state would have it as its key, and once more: no topic takes that."""
    world.logs.append(Outgoing(CURRENT.name(), b"constructiononline:acme:" + b"9" * 4_500_000, b"hello"))
    state = blank("constructiononline", "acme")
    recall(world, state, monkeypatch)
    assert state.states.keys() == {"1", "2"}
