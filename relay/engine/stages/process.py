"""Runs the stages of one process: a thread each, signals, and an end within a written budget."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import structlog

from relay.domain.failures import CallFailure, Fatal
from relay.engine.kafka import KafkaFailure
from relay.engine.stages.context import Stage
from relay.engine.telemetry import events
from relay.engine.telemetry.health import Health
from schemas import RegistryFailure, SchemaNotRegistered

_log = structlog.get_logger(__name__)

# Seconds between two looks at the stages and at signals. No wait is longer: Python tells of a signal that
# comes just before a wait only after it.
_LOOK_EVERY = 0.1

_DEFECT = (
    "{error!r}: a defect of the relay itself. Started again, it goes on where it was; report this message with its "
    "exception"
)
_CONDEMNED = 5.0
"""Seconds that a stage has to end which must not go on."""


class _Thread(threading.Thread):
    """Runs one stage and keeps what it raised. A daemon, so that a stuck one cannot keep the process."""

    def __init__(self, stage: Stage, ended: threading.Event) -> None:
        super().__init__(name=stage.name, daemon=True)
        self.error: BaseException | None = None
        self.condemned: Fatal | None = None
        self.done = False
        self._stage = stage
        self._ended = ended

    def run(self) -> None:
        try:
            self._stage.run()
        except BaseException as error:  # noqa: BLE001 - also SystemExit: no stage ends unnoticed
            self.error = error
        finally:
            self.done = True
            self._ended.set()

    @property
    def failure(self) -> BaseException | None:
        """Why it must not go on, or else what it raised."""
        return self.condemned or self.error


def run_stages(
    stages: Sequence[Stage],
    *,
    stop: threading.Event,
    health: Health,
    shutdown_budget: float,
    once: bool = False,
    condemned: Callable[[str], Fatal | None] = lambda stage: None,
    abandon: Callable[[int], object] = os._exit,
) -> int:
    """Runs ``stages`` until ``stop``, SIGTERM or SIGINT; returns the exit code.

    0: all stages ended as asked. 1: a stage raised, ended by itself, or did not end within
    ``shutdown_budget`` seconds; the other stages are stopped properly first. With ``once`` the
    stages are stopped when every one of them has been idle twice in a row. ``condemned`` tells, by a stage's
    name, why it must not go on: it counts as if the stage had raised that, and has five seconds left to end,
    since it may wait for what will not come. A second signal, and
    a stage that overruns the budget, end the process through ``abandon`` at once. Signals are
    watched only where this runs on the main thread.
    """
    run = _Run(stages, stop, health, condemned, once=once)
    with _signals(abandon) as asked:
        run.start()
        run.watch(asked)
        stop.set()
        _log.info(events.PROCESS_STOPPING, stages=[thread.name for thread in run.threads], seconds=shutdown_budget)
        late = _join(run.threads, shutdown_budget)
    code = _exit_code(run.threads, late)
    if late:
        abandon(code)
    return code


class _Run:
    """The threads of one process, until it is time to stop them."""

    def __init__(
        self,
        stages: Sequence[Stage],
        stop: threading.Event,
        health: Health,
        condemned: Callable[[str], Fatal | None],
        *,
        once: bool,
    ) -> None:
        self._ended = threading.Event()
        self.threads = [_Thread(stage, self._ended) for stage in stages]
        self._stop = stop
        self._health = health
        self._condemned = condemned
        self._once = once

    def start(self) -> None:
        for thread in self.threads:
            self._health.expect(thread.name)
        for thread in self.threads:
            thread.start()
            _log.info(events.STAGE_STARTED, stage=thread.name)

    def watch(self, asked: Sequence[int]) -> None:
        """Returns when the stages are to be stopped."""
        while not (self._stop.is_set() or asked or self._has_lost_a_stage() or (self._once and self._health.settled())):
            self._ended.wait(_LOOK_EVERY)

    def _has_lost_a_stage(self) -> bool:
        """Whether a stage has ended that should not have; one that may end is retired."""
        self._ended.clear()
        gone = [thread for thread in self.threads if thread.done]
        for thread in gone:
            if thread.error is None and not self._once and not self._stop.is_set():
                thread.error = Fatal(f"{thread.name} ended although nobody stopped it; the process ends with it")
            self._health.retire(thread.name)
        for thread in self.threads:
            thread.condemned = self._condemned(thread.name)
        return any(thread.failure is not None for thread in self.threads)


def _join(threads: Sequence[_Thread], budget: float) -> list[_Thread]:
    began = time.monotonic()
    for thread in threads:
        deadline = began + (budget if thread.condemned is None else min(budget, _CONDEMNED))
        while thread.is_alive() and (left := deadline - time.monotonic()) > 0:
            thread.join(min(left, _LOOK_EVERY))
    return [thread for thread in threads if thread.is_alive()]


def _exit_code(threads: Sequence[_Thread], late: Sequence[_Thread]) -> int:
    for thread in threads:
        if thread.failure is not None:
            _log_failure(thread)
        elif thread in late:
            _log.error(events.STAGE_OVERRAN, stage=thread.name, stack=_stack(thread))
        else:
            _log.info(events.STAGE_ENDED, stage=thread.name)
    return 1 if late or any(thread.failure is not None for thread in threads) else 0


def _log_failure(thread: _Thread) -> None:
    error = thread.failure
    if isinstance(error, Fatal | SchemaNotRegistered):  # Its message says all; a stack would hide it.
        _log.error(events.STAGE_FAILED, stage=thread.name, error=type(error).__name__, message=str(error))
    elif error is not None:
        foreseen = isinstance(error, CallFailure | KafkaFailure | RegistryFailure | OSError)
        _log.error(
            events.STAGE_FAILED,
            stage=thread.name,
            error=type(error).__name__,
            message=str(error) if foreseen else _DEFECT.format(error=error),
            exc_info=error,
        )


def _stack(thread: _Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the documented way to see another thread
    return "".join(traceback.format_stack(frame)) if frame else ""


@contextmanager
def _signals(abandon: Callable[[int], object]) -> Iterator[list[int]]:
    """A list that is no longer empty once the process was asked to end; the next signal ends it."""
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(number: int, frame: FrameType | None) -> None:
        # No lock may be taken here: the thread that was interrupted may hold it.
        if asked:
            abandon(128 + number)
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
