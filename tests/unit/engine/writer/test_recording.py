"""What is recorded in one transaction, and where the next one begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from relay.engine.writer.steps import record


@dataclass
class Work:
    """A transaction that holds so many bytes a change order."""

    size: int = 0
    origin_ids: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.origin_ids


class State:
    """Notes what each transaction held, and when change orders became ready again."""

    def __init__(self, bytes_each: int) -> None:
        self.committed: list[list[str]] = []
        self.ready: list[str] = []
        self._bytes_each = bytes_each
        self.history = SimpleNamespace(call_answered=lambda _: None)
        self.scheduler = SimpleNamespace(make_ready=self.ready.append)

    def begin(self) -> Work:
        return Work()

    def work_on(self, work: Work, subject: str, step: Callable[..., Any], instead: Callable[..., Any]) -> None:
        work.origin_ids.append(subject)
        work.size += self._bytes_each

    def commit(self, work: Work, kind: object) -> None:
        self.committed.append(work.origin_ids)


def call(*origin_ids: str) -> Any:
    tasks = [SimpleNamespace(command=SimpleNamespace(origin_id=origin_id)) for origin_id in origin_ids]
    batch = SimpleNamespace(tasks=tasks, calls=[None] * len(tasks))
    return SimpleNamespace(batch=batch, key=SimpleNamespace(call="call"))


def recorded(bytes_each: int, *calls: Any) -> State:
    state = State(bytes_each)
    record.record_answers(cast(Any, state), calls)
    return state


def test_small_answers_of_several_calls_are_recorded_together() -> None:
    state = recorded(1, call("a", "b"), call("c"))
    assert state.committed == [["a", "b", "c"]]
    assert state.ready == ["a", "b", "c"]


def test_a_transaction_ends_between_change_orders_of_one_call_where_they_are_large() -> None:
    state = recorded(5 * 1024 * 1024, call("a", "b", "c"), call("d", "e"))
    assert state.committed == [["a", "b"], ["c", "d"], ["e"]]
    assert state.ready == ["a", "b", "c", "d", "e"]


def test_a_transaction_holds_at_most_a_thousand_change_orders() -> None:
    names = [str(number) for number in range(2500)]
    state = recorded(1, call(*names))
    assert [len(together) for together in state.committed] == [1000, 1000, 500]
    assert [name for together in state.committed for name in together] == names


def test_nothing_is_committed_for_nothing() -> None:
    assert recorded(1).committed == []


def test_a_commit_that_is_not_certain_leaves_the_rest_unsaid(monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(9 * 1024 * 1024)

    def fail(work: Work, kind: object) -> None:
        if state.committed:
            raise ConnectionError("fenced")
        state.committed.append(work.origin_ids)

    monkeypatch.setattr(state, "commit", fail)
    with pytest.raises(ConnectionError):
        record.record_answers(cast(Any, state), [call("a", "b", "c")])
    assert (state.committed, state.ready) == ([["a"]], ["a"])
