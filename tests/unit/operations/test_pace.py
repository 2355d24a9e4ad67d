from __future__ import annotations

import pytest

from operations.pace import Pace


class Time:
    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 6))
        self.now += seconds


def test_the_first_is_not_waited_for_and_the_rest_keep_the_rate() -> None:
    time = Time()
    pace = Pace(10, clock=lambda: time.now, pause=time.pause)
    for _ in range(3):
        pace.take(5)
    assert time.pauses == [0.5, 0.5]


def test_time_that_the_work_itself_takes_counts() -> None:
    time = Time()
    pace = Pace(10, clock=lambda: time.now, pause=time.pause)
    pace.take(5)
    time.now += 0.4
    pace.take(5)
    assert time.pauses == [pytest.approx(0.1)]
