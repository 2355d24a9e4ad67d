"""Somebody who works at simulated sources without a rest, so that something is always under way."""

from __future__ import annotations

import threading
from collections import deque
from typing import Self

from deploy.sandbox.process import Control

HOUSE = 1321036
"""The project whose change orders are entered."""

_PAUSE = 0.6
"""Seconds between two deeds."""

_OPEN = 2
"""So many change orders are open at each source; when there are more, the oldest is approved."""

_LAMP = {"NAME": "Pendant lamp", "CLASSIFICATION": 1, "RATE": "240.5", "RATE_QTY": 3, "COST_CODE_ID": 371}


class Editor:
    """Enters, edits and approves change orders at each source in turn until the block ends; then raises what it met."""

    def __init__(self, *sources: Control) -> None:
        self._open = [(source, deque[int]()) for source in sources]
        self._deeds = 0
        self._done = threading.Condition()
        self._told_to_end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="editor")
        self._failure: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._told_to_end.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def await_deeds(self, least: int) -> None:
        """Returns once so many are done, or no more will be."""
        with self._done:
            self._done.wait_for(lambda: self._deeds >= least or self._failure is not None)

    def _work(self) -> None:
        try:
            while not self._told_to_end.wait(_PAUSE):
                source, numbers = self._open[self._deeds % len(self._open)]
                self._act(source, numbers, self._deeds // len(self._open) % 4)
                with self._done:
                    self._deeds += 1
                    self._done.notify_all()
        except Exception as failure:  # noqa: BLE001 - it is raised where the block ends
            with self._done:
                self._failure = failure
                self._done.notify_all()

    def _act(self, source: Control, numbers: deque[int], step: int) -> None:
        """Of four deeds one enters something, two edit, and one approves what is then left alone."""
        if step == 0:
            made = source.people("create_change_order", project=HOUSE, name=self._title(), items=[_LAMP])
            numbers.append(made["ID"])
        elif step == 3 and len(numbers) > _OPEN:
            source.people("approve", id=numbers.popleft())
        else:
            source.people("edit_change_order", id=numbers[-1], set={"NAME": self._title()})

    def _title(self) -> str:
        return f"As of deed {self._deeds}"
