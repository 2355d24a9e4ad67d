from __future__ import annotations

import os
import subprocess
import sys

import pytest

from relay.engine.stages.crash_points import BadCrashPoint, Countdown, CrashPoint, reached

PROGRAM = """
from relay.engine.stages.crash_points import CrashPoint, reached
for turn in range(5):
    reached(CrashPoint.WRITER_AFTER_CALL)
    reached(CrashPoint.WRITER_AFTER_INTEND)
    print(turn, flush=True)
"""


def _run(crash_at: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "COR_CRASH_AT"}
    if crash_at is not None:
        environment["COR_CRASH_AT"] = crash_at
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("crash_at", "turns"),
    [("writer.after_intend:3", 2), ("writer.after_call", 0), ("writer.after_intend:1", 0)],
)
def test_the_process_ends_at_the_named_passage(crash_at: str, turns: int) -> None:
    done = _run(crash_at)
    assert done.returncode == 137
    assert done.stdout.split() == [str(turn) for turn in range(turns)]
    assert crash_at.partition(":")[0] in done.stderr


@pytest.mark.parametrize("crash_at", [None, "", "writer.after_intend:6", "poller.after_send"])
def test_a_process_goes_on_where_no_point_is_named_or_met(crash_at: str | None) -> None:
    done = _run(crash_at)
    assert (done.returncode, len(done.stdout.split())) == (0, 5)


@pytest.mark.parametrize("crash_at", ["writer.after_lunch", "writer.after_intend:x", "writer.after_intend:0"])
def test_a_point_that_is_none_is_wrong_usage(crash_at: str) -> None:
    done = _run(crash_at)
    assert (done.returncode, done.stdout) == (2, "")
    assert "poller.after_listing" in done.stderr


def test_only_the_named_point_counts_down() -> None:
    countdown = Countdown.parse("mapper.before_commit:2")
    passages = [CrashPoint.MAPPER_BEFORE_COMMIT, CrashPoint.MAPPER_AFTER_COMMIT, CrashPoint.MAPPER_BEFORE_COMMIT]
    assert [countdown.passed(point) for point in passages] == [False, False, True]


def test_a_wrong_point_names_the_known_ones() -> None:
    with pytest.raises(BadCrashPoint, match=r"letters\.before_commit"):
        Countdown.parse("nowhere")


def test_unarmed_points_do_nothing() -> None:
    for point in CrashPoint:
        reached(point)
