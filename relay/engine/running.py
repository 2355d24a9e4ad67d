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

from relay.domain.failures import Fatal
from relay.engine.stage import Stage
from relay.engine.telemetry import events
from relay.engine.telemetry.health import Health

_log = structlog.get_logger(__name__)

_GLANCE = 0.1  # Seconds between two looks at the stages; signals are seen at once.


class _Thread(threading.Thread):
    """Runs one stage and keeps what it raised. A daemon, so that a stuck one cannot keep the process."""

    def __init__(self, stage: Stage, ended: threading.Event) -> None:
        super().__init__(name=stage.name, daemon=True)
        self.error: BaseException | None = None
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


def run_stages(
    stages: Sequence[Stage],
    *,
    stop: threading.Event,
    health: Health,
    shutdown_budget: float,
    once: bool = False,
    abandon: Callable[[int], object] = os._exit,
) -> int:
    """Runs ``stages`` until ``stop``, SIGTERM or SIGINT; returns the exit code.

    0: all stages ended as asked. 1: a stage raised, ended by itself, or did not end within
    ``shutdown_budget`` seconds; the other stages are stopped properly first. With ``once`` the
    stages are stopped when every one of them has been idle twice in a row. A second signal, and
    a stage that overruns the budget, end the process through ``abandon`` at once. Signals are
    watched only where this runs on the main thread.
    """
    ended = threading.Event()
    threads = [_Thread(stage, ended) for stage in stages]
    with _signals(stop, abandon):
        for thread in threads:
            health.expect(thread.name)
        for thread in threads:
            thread.start()
            _log.info(events.STAGE_STARTED, stage=thread.name)
        _watch(threads, stop, ended, health, once=once)
        stop.set()
        late = _join(threads, shutdown_budget)
    code = _verdict(threads, late)
    if late:
        abandon(code)
    return code


def _watch(
    threads: Sequence[_Thread], stop: threading.Event, ended: threading.Event, health: Health, *, once: bool
) -> None:
    while not stop.wait(_GLANCE):
        if once and health.settled():
            return
        if not ended.is_set():
            continue
        ended.clear()
        gone = [thread for thread in threads if thread.done]
        for thread in gone:
            _lost(thread, once=once)
        if any(thread.error for thread in gone) or (gone and not once):
            return
        for thread in gone:
            health.retire(thread.name)


def _lost(thread: _Thread, *, once: bool) -> None:
    thread.join()
    if thread.error is None and not once:
        thread.error = Fatal(f"{thread.name} ended although nobody stopped it; the process ends with it")


def _join(threads: Sequence[_Thread], budget: float) -> list[_Thread]:
    deadline = time.monotonic() + budget
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread for thread in threads if thread.is_alive()]


def _verdict(threads: Sequence[_Thread], late: Sequence[_Thread]) -> int:
    for thread in threads:
        if thread.error is not None:
            _tell_failure(thread)
        elif thread in late:
            _log.error(events.STAGE_OVERRAN, stage=thread.name, stack=_stack(thread))
        else:
            _log.info(events.STAGE_ENDED, stage=thread.name)
    return 1 if late or any(thread.error is not None for thread in threads) else 0


def _tell_failure(thread: _Thread) -> None:
    error = thread.error
    if isinstance(error, Fatal):  # Its message says all; a stack would hide it.
        _log.error(events.STAGE_FAILED, stage=thread.name, error=type(error).__name__, message=str(error))
    elif error is not None:
        _log.error(
            events.STAGE_FAILED,
            stage=thread.name,
            error=type(error).__name__,
            message=str(error),
            exc_info=error,
        )


def _stack(thread: _Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the documented way to see another thread
    return "".join(traceback.format_stack(frame)) if frame else ""


@contextmanager
def _signals(stop: threading.Event, abandon: Callable[[int], object]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def asked(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            abandon(128 + number)
        stop.set()

    before = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
