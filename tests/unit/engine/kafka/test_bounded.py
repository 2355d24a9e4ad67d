from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from relay.engine.kafka.watchdog import BoundedCalls, Overdue

LONG = 20.0


@pytest.fixture
def calls() -> Iterator[BoundedCalls]:
    calls = BoundedCalls("bounded")
    yield calls
    calls.close()


def test_results_and_errors_come_back(calls: BoundedCalls) -> None:
    assert calls.call(lambda: 7, LONG) == 7
    with pytest.raises(ZeroDivisionError):
        calls.call(lambda: 1 // 0, LONG)


def test_an_error_that_is_itself_a_time_out_is_not_taken_for_ours(calls: BoundedCalls) -> None:
    def late() -> None:
        raise TimeoutError("the job's own")

    with pytest.raises(TimeoutError, match="the job's own"):
        calls.call(late, LONG)


def test_a_call_that_hangs_is_given_up_and_the_next_one_runs(calls: BoundedCalls) -> None:
    forever = threading.Event()
    with pytest.raises(Overdue, match="within 0 s"):
        calls.call(forever.wait, 0.01)
    assert calls.call(lambda: "next", LONG) == "next"
    forever.set()


def test_calls_run_one_after_the_other_on_one_thread(calls: BoundedCalls) -> None:
    names = {calls.call(lambda: threading.current_thread().name, LONG) for _ in range(3)}
    assert names == {"bounded"}


def test_after_closing_it_may_be_used_again(calls: BoundedCalls) -> None:
    calls.close()
    assert calls.call(lambda: 1, LONG) == 1
