"""One broker and one registry for all processes of a test run.

The first process that asks starts them; they end with the process that owns the run, or when it
calls :func:`end`.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.local.services import NamedKafka, NamedRegistry, StartFailed

_CHECKOUT = Path(__file__).resolve().parents[2]
_PATIENCE = 180.0  # Seconds; the first time Maven fetches what is to be run.
_PAUSE = 0.05


def kafka(folder: Path, owner: int) -> NamedKafka:
    """The run's Kafka. ``folder`` is common to the run; ``owner`` is the process whose end ends it."""
    words = _line(folder, "kafka", ["up"], owner)
    return NamedKafka(words["kafka"], words.get("sasl"), "shared by the test run")


def registry(folder: Path, owner: int) -> NamedRegistry:
    """The run's schema registry, as :func:`kafka`."""
    words = _line(folder, "registry", ["up", "--no-kafka", "--registry"], owner)
    return NamedRegistry(words["registry"], "shared by the test run")


def end(folder: Path) -> None:
    """Ends what was started for the run and returns when it is gone."""
    for note in folder.glob("*.pid"):
        pid = int(note.read_text())
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + 30.0
        while _runs(pid) and time.monotonic() < until:
            time.sleep(_PAUSE)
        note.unlink()


def _line(folder: Path, what: str, arguments: Sequence[str], owner: int) -> dict[str, str]:
    """What ``python -m deploy.local`` printed, by word; it is started where it has not been yet."""
    said = folder / f"{what}.line"
    with _alone(folder / f"{what}.lock"):
        if not (folder / f"{what}.pid").exists():
            _start(folder, what, arguments, owner)
        words = said.read_text().split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _start(folder: Path, what: str, arguments: Sequence[str], owner: int) -> None:
    said, complaints = folder / f"{what}.line", folder / f"{what}.log"
    command = [sys.executable, "-m", "deploy.local", *arguments, "--while", str(owner)]
    with said.open("w") as out, complaints.open("w") as err:
        process = subprocess.Popen(
            command, cwd=_CHECKOUT, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
    until = time.monotonic() + _PATIENCE
    while not said.read_text().endswith("\n"):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            process.wait()
            raise StartFailed(f"no {what} for the tests:\n{complaints.read_text()}")
        time.sleep(_PAUSE)
    (folder / f"{what}.pid").write_text(str(process.pid))
    process.returncode = 0  # It goes on without us; whoever owns the run ends it.


def _runs(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # if it is our child, it is gone only when asked after
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
