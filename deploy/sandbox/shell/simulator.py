"""One simulated remote with its history, faults and clock, behind one lock."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any

from deploy.sandbox.shell.clock import Clock
from deploy.sandbox.shell.exchange import Answer, Call
from deploy.sandbox.shell.faults import Faults
from deploy.sandbox.shell.history import Entry, History
from deploy.sandbox.shell.json_text import render
from deploy.sandbox.shell.seed import Seed
from deploy.sandbox.shell.service import Refused, Service
from deploy.sandbox.shell.snapshot import restored, taken


class Simulator:
    """What the HTTP server and the control API share. Thread-safe.

    ``make`` returns a service as it is at the beginning; it is called again at every reset.
    """

    def __init__(self, name: str, make: Callable[[Clock], Service], seed: Seed | None = None) -> None:
        self.name = name
        self.clock = Clock()
        self.history = History(self.clock)
        self.faults = Faults()
        self._make = make
        self._seed = seed or Seed()
        self._lock = threading.RLock()
        self._service = self._sown(self._seed)
        self._generation = 0

    def _sown(self, seed: Seed) -> Service:
        service = self._make(self.clock)
        seed.sow(service)
        self.faults.arm(seed.faults)
        return service

    @property
    def generation(self) -> int:
        """Counts the resets: what was left over from before one is not applied after it."""
        return self._generation

    def reset(self, seed: Seed | None) -> None:
        """Begins anew, with another seed if one is given. Held requests are released unanswered."""
        with self._lock:
            self._forget()
            self._seed = seed or self._seed
            self._service = self._sown(self._seed)

    def _forget(self) -> None:
        self._generation += 1
        self.faults.disarm()
        self.faults.release({})
        self.history.clear()

    def snapshot(self) -> str:
        """All that the service holds, as JSON text."""
        return self.with_service(lambda service: taken(service.contents()))

    def restore(self, snapshot: Any) -> None:
        """Begins anew with what the snapshot holds; raises Refused, and changes nothing, if it is none."""
        with self._lock:
            service = self._make(self.clock)
            service.refill(restored(snapshot, self.clock))
            self._forget()
            self._service = service

    def receive(self, call: Call) -> Entry:
        """Notes a request."""
        with self._lock:
            return self.history.receive(call, self._service.secrets())

    def apply(self, entry: Entry) -> Answer:
        """Lets the service act on a request; its own failure becomes a 500 that says so."""
        with self._lock:
            try:
                answer, error = self._service.answer(entry.call), None
            except Exception:  # noqa: BLE001 - whatever it is, the test has to see it
                answer, error = failed(traceback.format_exc()), traceback.format_exc()
            self.history.applied(entry, error)
            self.history.answers(entry, answer, self._service.secrets())
        return answer

    def note(self, entry: Entry, answer: Answer) -> None:
        """Notes an answer that the service did not give."""
        with self._lock:
            self.history.answers(entry, answer, self._service.secrets())

    def with_service(self, use: Callable[[Service], Any]) -> str:
        """What ``use`` returns, as JSON text; state may not change between the two."""
        with self._lock:
            return render(use(self._service))

    def operate(self, name: str, body: Any) -> str:
        """An operation of people, its result as JSON text; raises Refused."""
        if not isinstance(body, dict):
            raise Refused("an operation takes a JSON object")
        return self.with_service(lambda service: service.operate(name, body))


def failed(trace: str) -> Answer:
    """The answer of a simulator that is itself at fault, so that nobody takes it for the remote's."""
    print(trace, flush=True)
    return Answer(500, render({"sandbox_error": trace}), {"X-Sandbox-Error": "1"})
