"""Somebody who works at the simulated source without a rest, so that something is always under way."""

from __future__ import annotations

import threading
from collections import deque
from typing import Self

from deploy.sandbox.process import Control

HOUSE = 1321036
"""The project whose change orders are entered."""

_PAUSE = 0.4
"""Seconds between two deeds."""

_OPEN = 6
"""So many change orders are open; when there are more, the oldest is approved."""

_LAMP = {"NAME": "Pendant lamp", "CLASSIFICATION": 1, "RATE": "240.5", "RATE_QTY": 3, "COST_CODE_ID": 371}


class Editor:
    """Enters, edits and approves change orders until the block ends; then raises what it met, if anything."""

    def __init__(self, source: Control) -> None:
        self._source = source
        self._numbers: deque[int] = deque()
        self._deeds = 0
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

    def _work(self) -> None:
        try:
            while not self._told_to_end.wait(_PAUSE):
                self._deeds += 1
                self._act()
        except Exception as failure:  # noqa: BLE001 - it is raised where the block ends
            self._failure = failure

    def _act(self) -> None:
        """Of four deeds one enters something, two edit, and one approves what is then left alone."""
        at = self._deeds % 4
        if at == 1:
            made = self._source.people("create_change_order", project=HOUSE, name=self._title(), items=[_LAMP])
            self._numbers.append(made["ID"])
        elif at == 0 and len(self._numbers) > _OPEN:
            self._source.people("approve", id=self._numbers.popleft())
        else:
            self._source.people("edit_change_order", id=self._numbers[-1], set={"NAME": self._title()})

    def _title(self) -> str:
        return f"As of deed {self._deeds}"
