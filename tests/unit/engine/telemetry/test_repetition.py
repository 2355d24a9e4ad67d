from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from relay.engine.telemetry.repetition import SeldomRepeated


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told(clock: Clock) -> Iterator[list[str]]:
    """What a handler with the filter writes."""
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Keeping()
    handler.addFilter(SeldomRepeated("somelibrary", clock))
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


def test_a_line_that_repeats_itself_is_told_once_a_minute(clock: Clock, told: list[str]) -> None:
    logger = logging.getLogger("somelibrary.net")
    for node in range(3):
        logger.warning("node %s is away", node)
    logger.warning("node %s is back", 1)
    clock.now += 60
    logger.warning("node %s is away", 7)
    assert told == ["node 0 is away", "node 1 is back", "node 7 is away (2 more like it since the last one)"]


def test_what_others_say_is_told_each_time(told: list[str]) -> None:
    for _ in range(2):
        logging.getLogger("somelibraryof_another").warning("again")
        logging.getLogger("relay").warning("again")
    assert told == ["again"] * 4
