from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from relay.domain.failures import Fatal
from relay.engine.kafka import KafkaFailure
from relay.engine.stages.process import run_stages
from relay.engine.telemetry import events
from relay.engine.telemetry.health import Health
from schemas import SchemaNotRegistered

ROOT = Path(__file__).parents[4]


class Working:
    """A stage that takes turns until it is stopped, or until a turn raises or returns true."""

    def __init__(
        self, name: str, stop: threading.Event, health: Health, turn: Callable[[int], bool | None] = lambda _: None
    ) -> None:
        self.name = name
        self.turns = 0
        self.left_properly = False
        self._stop, self._health, self._turn = stop, health, turn

    def run(self) -> None:
        while not self._stop.is_set():
            self.turns += 1
            self._health.beat(self.name)
            if self._turn(self.turns):
                return
            self._stop.wait(0.001)
        self.left_properly = True


class Process:
    """What one process shares, with a notice of its being abandoned."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.health = Health()
        self.abandoned: list[int] = []

    def stage(self, name: str, turn: Callable[[int], bool | None] = lambda _: None) -> Working:
        return Working(name, self.stop, self.health, turn)

    def run(
        self,
        *stages: Working,
        once: bool = False,
        budget: float = 30,
        condemned: Callable[[str], Fatal | None] = lambda _: None,
    ) -> int:
        return run_stages(
            stages,
            stop=self.stop,
            health=self.health,
            shutdown_budget=budget,
            once=once,
            condemned=condemned,
            abandon=self.abandoned.append,
        )


@pytest.fixture
def process() -> Process:
    return Process()


def _failures(logs: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(log["stage"], log["error"], log["message"]) for log in logs if log["event"] == events.STAGE_FAILED]


def test_stages_work_until_they_are_stopped(process: Process) -> None:
    def stop_at_ten(turn: int) -> None:
        if turn == 10:
            process.stop.set()

    first, second = process.stage("mapper"), process.stage("dead-letters", stop_at_ten)
    assert process.run(first, second) == 0
    assert (first.left_properly, second.left_properly) == (True, True)
    assert process.abandoned == []


def test_a_stage_that_raises_stops_the_others_properly(process: Process) -> None:
    def fail(turn: int) -> None:
        raise Fatal("offsets are lost; run cor replay")

    good = process.stage("mapper")
    with capture_logs() as logs:
        assert process.run(good, process.stage("procore-writer", fail)) == 1
    assert good.left_properly
    assert _failures([dict(log) for log in logs]) == [("procore-writer", "Fatal", "offsets are lost; run cor replay")]


def test_the_beginning_of_the_end_is_told_with_how_long_it_may_take(process: Process) -> None:
    def fail(turn: int) -> None:
        raise Fatal("over")

    with capture_logs() as logs:
        process.run(process.stage("mapper", fail))
    told = [log for log in logs if log["event"] in (events.PROCESS_STOPPING, events.STAGE_FAILED)]
    assert [log["event"] for log in told] == [events.PROCESS_STOPPING, events.STAGE_FAILED]
    assert told[0]["stages"] == ["mapper"]
    assert told[0]["seconds"] > 0


@pytest.mark.parametrize("error", [Fatal("run cor replay"), SchemaNotRegistered("run cor schemas register")])
def test_an_error_that_says_what_to_do_is_told_without_its_stack(process: Process, error: Exception) -> None:
    def fail(turn: int) -> None:
        raise error

    with capture_logs() as logs:
        assert process.run(process.stage("mapper", fail)) == 1
    (failure,) = [log for log in logs if log["event"] == events.STAGE_FAILED]
    assert (failure["message"], "exc_info" in failure) == (str(error), False)


def test_an_unforeseen_error_is_told_with_its_exception(process: Process) -> None:
    def fail(turn: int) -> None:
        raise KeyError("x")

    with capture_logs() as logs:
        assert process.run(process.stage("mapper", fail)) == 1
    (failure,) = [log for log in logs if log["event"] == events.STAGE_FAILED]
    assert isinstance(failure["exc_info"], KeyError)
    assert failure["message"].startswith("KeyError('x'): a defect of the relay itself. Started again, it goes on")


def test_a_failure_that_others_have_is_told_in_its_own_words(process: Process) -> None:
    def fail(turn: int) -> None:
        raise KafkaFailure("Kafka at 127.0.0.1:1: no leader")

    with capture_logs() as logs:
        assert process.run(process.stage("mapper", fail)) == 1
    assert _failures([dict(log) for log in logs]) == [("mapper", "KafkaFailure", "Kafka at 127.0.0.1:1: no leader")]


def test_even_a_stage_that_leaves_by_system_exit_is_noticed(process: Process) -> None:
    def leave(turn: int) -> None:
        raise SystemExit(0)

    assert process.run(process.stage("mapper", leave)) == 1


def test_a_stage_that_ends_by_itself_is_a_failure(process: Process) -> None:
    with capture_logs() as logs:
        assert process.run(process.stage("mapper", lambda _: True), process.stage("dead-letters")) == 1
    ((stage, _, message),) = _failures([dict(log) for log in logs])
    assert stage == "mapper"
    assert "although nobody stopped it" in str(message)


def test_a_stage_that_does_not_end_within_the_budget_is_abandoned_with_its_stack(process: Process) -> None:
    release = threading.Event()

    def hang_in_a_call(turn: int) -> None:
        process.stop.set()
        release.wait(60)

    with capture_logs() as logs:
        code = process.run(process.stage("mapper", hang_in_a_call), budget=0.05)
    release.set()
    assert (code, process.abandoned) == (1, [1])
    (overran,) = [log for log in logs if log["event"] == events.STAGE_OVERRAN]
    assert "hang_in_a_call" in overran["stack"]


def test_a_first_signal_while_a_failed_process_winds_down_is_borne(process: Process) -> None:
    asked = threading.Event()

    def leave_after_the_signal(turn: int) -> None:
        if process.stop.wait(60):
            os.kill(os.getpid(), signal.SIGTERM)
            asked.set()

    def fail(turn: int) -> None:
        raise Fatal("broken")

    assert process.run(process.stage("dead-letters", leave_after_the_signal), process.stage("mapper", fail)) == 1
    assert asked.is_set()
    assert process.abandoned == []


def test_once_ends_when_every_stage_is_idle(process: Process) -> None:
    def work_then_idle(turn: int) -> None:
        process.health.idle("mapper", turn > 20)

    def always_idle(turn: int) -> None:
        process.health.idle("dead-letters", True)

    worker = process.stage("mapper", work_then_idle)
    assert process.run(worker, process.stage("dead-letters", always_idle), once=True) == 0
    assert worker.turns >= 22


def test_once_a_stage_may_end_by_itself(process: Process) -> None:
    def idle(turn: int) -> None:
        process.health.idle("dead-letters", True)

    stages = process.stage("mapper", lambda _: True), process.stage("dead-letters", idle)
    assert process.run(*stages, once=True) == 0


PROGRAM = """
import sys, threading
from relay.engine.stages.process import run_stages
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.logging import LogFormat, LogLevel, configure_logging

configure_logging(LogLevel.ERROR, LogFormat.JSON)
stop = threading.Event()

class Stage:
    name = "mapper"
    def run(self):
        print("runs", flush=True)
        stop.wait()
        if "stubborn" in sys.argv:
            print("stops", flush=True)
            threading.Event().wait()
        print("settled", flush=True)

sys.exit(run_stages([Stage()], stop=stop, health=Health(), shutdown_budget=30))
"""


@contextmanager
def _started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            _wait_for(process, "runs")
            yield process
        finally:
            process.kill()


def _wait_for(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    assert any(one == f"{line}\n" for one in process.stdout), f"the process ended without a line {line!r}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_stages_settle(number: signal.Signals) -> None:
    with _started() as process:
        process.send_signal(number)
        _wait_for(process, "settled")
        assert process.wait(timeout=60) == 0


def test_a_second_signal_ends_the_process_at_once() -> None:
    with _started("stubborn") as process:
        process.send_signal(signal.SIGINT)
        _wait_for(process, "stops")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 128 + signal.SIGINT


def test_a_stage_that_must_not_go_on_ends_the_process_though_it_waits_for_what_will_not_come(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.engine.stages.process._CONDEMNED", 0.05)
    never, lost = threading.Event(), Fatal("its ledger is gone")
    stuck, neighbour = process.stage("writer", lambda _: never.wait(60)), process.stage("mapper")
    with capture_logs() as log:
        code = process.run(stuck, neighbour, condemned=lambda name: lost if name == "writer" else None)
    never.set()
    assert (code, process.abandoned) == (1, [1])
    assert neighbour.left_properly
    (failed,) = [entry for entry in log if entry["event"] == events.STAGE_FAILED]
    assert (failed["stage"], failed["message"]) == ("writer", "its ledger is gone")
