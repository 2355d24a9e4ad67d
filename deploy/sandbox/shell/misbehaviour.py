"""What each kind of fault does to a request; the kinds are described in ``faults``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from deploy.sandbox.shell.connection import Connection
from deploy.sandbox.shell.exchange import Answer
from deploy.sandbox.shell.faults import Fault
from deploy.sandbox.shell.history import Entry
from deploy.sandbox.shell.simulator import Simulator


@dataclass(frozen=True)
class Victim:
    """A request that a fault has taken."""

    simulator: Simulator
    connection: Connection
    entry: Entry
    fault: Fault

    @property
    def options(self) -> Mapping[str, Any]:
        """The members of the fault's kind."""
        return self.fault.options

    def apply(self) -> Answer:
        """Lets the service act on it."""
        return self.simulator.apply(self.entry)

    def send(self, answer: Answer) -> None:
        """Sends the whole answer."""
        self.connection.send(self.entry.call, answer)

    def end(self) -> None:
        """Ends the connection in the way that the fault states."""
        self.connection.end(self.options["how"])

    def hold(self) -> Callable[[], bool]:
        """Holds it; what is returned waits for the fault's seconds, or until it is released.

        That is False if everything has begun anew meanwhile: then nothing more may be applied.
        """
        simulator, entry = self.simulator, self.entry
        generation, seconds = simulator.generation, self.options.get("seconds")
        release = simulator.faults.hold(entry.n, self.fault)
        simulator.history.phase(entry, "held")

        def wait() -> bool:
            release.gone.wait(None if seconds is None else float(seconds))
            simulator.faults.release({"n": entry.n})
            return generation == simulator.generation

        return wait


Kind = Callable[[Victim], None]


def drop_before(victim: Victim) -> None:
    """Nothing is applied, nothing answered."""
    victim.end()


def apply_and_drop(victim: Victim) -> None:
    """Applied, and nobody is told."""
    victim.apply()
    victim.end()


def apply_late(victim: Victim) -> None:
    """The client is left alone at once; the service acts on the request afterwards."""
    threading.Thread(target=act_later, args=(victim, victim.hold()), daemon=True).start()
    status = victim.options["status"]
    if status is None:
        victim.end()
    else:
        victim.send(Answer(int(status)))


def act_later(victim: Victim, released: Callable[[], bool]) -> None:
    """The late half of ``apply_late``."""
    if released():
        victim.apply()
        victim.simulator.history.phase(victim.entry, "done")


def delay(victim: Victim) -> None:
    """Slow, or held until it is released."""
    early = victim.apply() if victim.options["when"] == "before" else None
    unchanged = victim.hold()()
    victim.simulator.history.phase(victim.entry, "received")
    if unchanged:
        victim.send(early or victim.apply())
    else:
        victim.connection.end("close")


def half_body(victim: Victim) -> None:
    """Applied; the answer breaks off."""
    victim.connection.send_half(victim.entry.call, victim.apply())
    victim.end()


def drip(victim: Victim) -> None:
    """Applied; the answer comes in small pieces."""
    *pieces, last = victim.connection.pieces(victim.entry.call, victim.apply(), int(victim.options["bytes"]))
    pause = threading.Event()
    for piece in pieces:
        if not victim.connection.write(piece):
            return victim.connection.end("close")
        pause.wait(float(victim.options["seconds"]))
    return victim.connection.send_last(last)


def another_answer(victim: Victim) -> None:
    """Answered with what the fault states, whether or not it was applied."""
    options = victim.options
    true = victim.apply() if options["apply"] else None
    status = options.get("status", true.status if true else 200)
    headers = options.get("headers", {"Content-Type": "application/json"})
    answer = Answer(int(status), str(options["body"]), {name: str(value) for name, value in headers.items()})
    victim.simulator.note(victim.entry, answer)
    victim.send(answer)


def duplicate(victim: Victim) -> None:
    """A proxy on the way delivers the request more than once."""
    for _ in range(int(victim.options["deliveries"]) - 1):
        victim.apply()
    victim.send(victim.apply())


DEEDS: Final[Mapping[str, Kind]] = {
    "drop_before": drop_before,
    "reset": drop_before,
    "apply_and_drop": apply_and_drop,
    "apply_late": apply_late,
    "delay": delay,
    "hold": delay,
    "half_body": half_body,
    "drip": drip,
    "status": another_answer,
    "html": another_answer,
    "wrong_json": another_answer,
    "duplicate": duplicate,
}
