"""A bound on calls that have none.

kafka-python waits without a time-out for the end of a transaction. Such calls run on a thread of
their own, so that the caller can go on when it takes too long.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Overdue(Exception):
    """The call did not come back in time. Its thread is given up; it ends if the call ever does."""


class BoundedCalls:
    """Runs calls one after the other on one thread, each for at most a stated time.

    After :class:`Overdue` the thread may hang for ever, so the next call gets a new one. The
    threads are daemons: a hanging one does not keep the process.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] | None = None

    def call(self, job: Callable[[], T], seconds: float) -> T:
        """What ``job`` returns or raises. Raises :class:`Overdue` after ``seconds``."""
        done: Future[T] = Future()
        self._thread().put(lambda: _settle(done, job))
        try:
            return done.result(seconds)
        except TimeoutError:
            if done.done():
                raise  # the job's own
            self.close()
            raise Overdue(f"no answer within {seconds:.0f} s") from None

    def close(self) -> None:
        """Lets the thread end when it has nothing in hand."""
        if self._jobs is not None:
            self._jobs.put(None)
            self._jobs = None

    def _thread(self) -> queue.SimpleQueue[Callable[[], None] | None]:
        if self._jobs is None:
            self._jobs = queue.SimpleQueue()
            threading.Thread(target=_work, args=(self._jobs,), name=self._name, daemon=True).start()
        return self._jobs


def _work(jobs: queue.SimpleQueue[Callable[[], None] | None]) -> None:
    while (job := jobs.get()) is not None:
        job()


def _settle(done: Future[T], job: Callable[[], T]) -> None:
    try:
        done.set_result(job())
    except BaseException as error:  # noqa: BLE001  (it belongs to the caller, on the other thread)
        done.set_exception(error)
