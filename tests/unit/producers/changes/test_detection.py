from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from producers.changes import detection
from producers.changes.detection import observations
from producers.changes.events import Observation
from producers.source import PollResult, ReadChangeOrder, UnreadableRow
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.records import PollState
from relay.domain.sources.constructiononline import read_raw
from relay.engine.kafka import KafkaUnreachable
from tests.unit.producers.samples import AT, account_state, event_of, poll_state, read

OLD = {"fingerprint": "of another form", "fingerprint_version": 0}


class Published:
    """Events by change order id, and what was asked for."""

    def __init__(self, *events: ChangeOrderObserved) -> None:
        self.events = {event.change_order_id: event for event in events}
        self.asked: list[str | None] = []

    def last_of(self, poll_states: Iterable[PollState]) -> Mapping[str, ChangeOrderObserved]:
        self.asked += [state.change_order_id for state in poll_states]
        return self.events


def detected(
    *poll_states: PollState,
    change_orders: tuple[ReadChangeOrder, ...] = (),
    deleted: tuple[str, ...] = (),
    published: Published | None = None,
    failed: list[UnreadableRow] | None = None,
) -> list[Observation]:
    result = PollResult(at=AT, change_orders=change_orders, deleted=deleted)
    rows = [] if failed is None else failed
    return observations(account_state(*poll_states), result, published or Published(), read_raw, rows)


def changes(made: list[Observation]) -> list[tuple[str | None, Change | None]]:
    return [(each.state.change_order_id, each.event.change if each.event else None) for each in made]


def test_what_changed_is_observed_and_deletions_come_last() -> None:
    news = detected(poll_state("1"), poll_state("2"), change_orders=(read("1", title="B"), read("3")), deleted=("2",))
    assert changes(news) == [("1", Change.UPDATED), ("3", Change.CREATED), ("2", Change.DELETED)]


def test_what_poll_state_holds_already_is_no_observation() -> None:
    assert detected(poll_state("1"), change_orders=(read("1"),)) == []
    assert detected(poll_state("1", row="r"), change_orders=(replace(read("1"), row="r"),)) == []


def test_another_row_of_the_same_content_is_remembered_without_an_event() -> None:
    (rebased,) = detected(poll_state("1", row="r"), change_orders=(replace(read("1"), row="s"),))
    assert (rebased.event, rebased.state.row) == (None, "s")


def test_a_deletion_is_observed_once_and_only_of_what_was_known() -> None:
    assert changes(detected(poll_state("1"), deleted=("1", "9"))) == [("1", Change.DELETED)]
    assert detected(poll_state("1", deleted=True), deleted=("1",)) == []


def test_only_what_poll_state_cannot_tell_is_read_back() -> None:
    published = Published(event_of("1"), event_of("2"), event_of("3"))
    news = detected(
        poll_state("1", **OLD),
        poll_state("2", **OLD),
        poll_state("3"),
        poll_state("4"),
        change_orders=(read("1"), read("2", title="B"), read("4", title="B")),
        deleted=("3",),
        published=published,
    )
    assert sorted(map(str, published.asked)) == ["1", "2", "3"]
    assert changes(news) == [("1", None), ("2", Change.UPDATED), ("4", Change.UPDATED), ("3", Change.DELETED)]


@pytest.mark.parametrize("step", ["compare", "observed"])
def test_what_the_relay_fails_over_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    real = getattr(detection, step)

    def broken(*arguments: Any) -> Any:
        if "spoilt" in repr(arguments):
            raise KeyError("a defect")
        return real(*arguments)

    monkeypatch.setattr(detection, step, broken)
    failed: list[UnreadableRow] = []
    spoilt = read("2", b"the row", title="spoilt")
    news = detected(change_orders=(read("1"), spoilt, read("3")), failed=failed)
    assert changes(news) == [("1", Change.CREATED), ("3", Change.CREATED)]
    assert [(row.raw, row.why, row.defect) for row in failed] == [
        (b"the row", "change order 2 (KeyError: 'a defect')", True)
    ]


def test_what_no_row_is_to_blame_for_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise KafkaUnreachable("no broker")

    monkeypatch.setattr(detection, "compare", gone)
    with pytest.raises(KafkaUnreachable):
        detected(change_orders=(read("1"),))
