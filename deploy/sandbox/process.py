"""Starts a simulator as a process of its own, and speaks to its control API.

For tests and demonstrations; it uses the standard library alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from deploy.sandbox.shell.json_text import render

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
"""Seconds that a process may take to end, and a control call to answer beyond what it waits for."""


class ControlRefused(RuntimeError):
    """The control API refuses; the message is its reason."""


class Control:
    """The control API of the simulator at ``url``. Fractions come back as Decimal."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: Any = None, wait: float = 0) -> Any:
        """One call under ``/_sandbox``; raises ControlRefused."""
        data = None if body is None else render(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data, method=method)  # noqa: S310 - http alone
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE + wait) as answer:  # noqa: S310 - http alone
                return json.loads(answer.read(), parse_float=Decimal)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlRefused(json.loads(error.read())["error"]) from None

    def history(self, *, wait: float = 0, **filters: object) -> list[dict[str, Any]]:
        """The requests so far, or as soon as there are ``count`` of them within ``wait`` seconds."""
        query = urlencode({**filters, "wait": wait})
        rows: list[dict[str, Any]] = self.call("GET", f"history?{query}", wait=wait)
        return rows

    def forget(self) -> None:
        """Empties the history."""
        self.call("DELETE", "history")

    def state(self) -> dict[str, Any]:
        """Everything the simulated remote holds."""
        state: dict[str, Any] = self.call("GET", "state")
        return state

    def settings(self, **values: object) -> dict[str, Any]:
        """Changes settings; all of them after that."""
        changed: dict[str, Any] = self.call("PATCH", "settings", values)
        return changed

    def people(self, operation: str, **body: object) -> Any:
        """Does what a person does in the product."""
        return self.call("POST", f"people/{operation}", body)

    def fault(self, kind: str, match: Mapping[str, object] | None = None, **options: object) -> int:
        """Arms one fault; its id."""
        armed = self.call("POST", "faults", {"kind": kind, "match": dict(match or {}), **options})
        return int(armed[0]["id"])

    def faults(self) -> dict[str, Any]:
        """The armed faults, and the numbers of the requests held."""
        armed: dict[str, Any] = self.call("GET", "faults")
        return armed

    def disarm(self, fault: int | None = None) -> None:
        """Removes one fault, or all; held requests stay held."""
        self.call("DELETE", "faults" if fault is None else f"faults/{fault}")

    def release(self, **wanted: object) -> list[int]:
        """Lets go held requests: all, those of ``fault``, or ``n``."""
        return [int(n) for n in self.call("POST", "release", wanted)["released"]]

    def advance(self, seconds: float) -> None:
        """Moves the simulator's clock forward."""
        self.call("POST", "clock", {"advance": seconds})

    def snapshot(self) -> Any:
        """All that the simulated remote holds, to be restored anywhere."""
        return self.call("GET", "snapshot")

    def restore(self, snapshot: Any) -> None:
        """Goes on from what a snapshot holds."""
        self.call("POST", "snapshot", snapshot)

    def reset(self, seed: Mapping[str, object] | None = None) -> None:
        """Begins anew."""
        self.call("POST", "reset", seed)


class Simulated(Control):
    """A running simulator process."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        super().__init__(url)
        self.process = process

    def stop(self) -> None:
        """Ends the process and waits for its end."""
        end(self.process)


def start(name: str, seed: Path | None = None, port: int = 0, options: Sequence[str] = ()) -> Simulated:
    """Starts simulator ``name`` and waits until it listens; raises RuntimeError if it does not."""
    command = [sys.executable, "-m", f"deploy.sandbox.{name}", "--port", str(port), *options]
    if seed is not None:
        command += ["--seed", str(seed)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith("listening on "):
        end(process)
        raise RuntimeError(f"the simulator {name} did not start: {line!r}, exit code {process.returncode}")
    return Simulated(process, line.split()[-1])


@contextmanager
def simulated(
    name: str, seed: Mapping[str, object] | None = None, *, options: Sequence[str] = ()
) -> Iterator[Simulated]:
    """A simulator for the length of the block; ``options`` of its command line."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "seed.json")
        file.write_text(render(dict(seed or {})), encoding="utf-8")
        sandbox = start(name, file, options=options)
    try:
        yield sandbox
    finally:
        sandbox.stop()


def end(process: subprocess.Popen[str]) -> None:
    """Asks a process to end, and insists after a while."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
    if process.returncode is None:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
