"""``cor`` as a process of its own, soon: see ``tests/forks.py``."""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from tests.forks import LARGEST

ROOT = Path(__file__).parents[1]


class _Forks:
    """The other end of the channel: one process for all that this one starts."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "tests.forks", str(theirs.fileno())]
            # In a group of its own: who interrupts tests ends what they started in order.
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True
            )
        self._lock = Lock()
        atexit.register(self._end)

    def _end(self) -> None:
        """Whatever it still runs is killed by then."""
        self._channel.close()
        self._process.wait()

    def ask(self, files: Sequence[int] = (), **asked: object) -> dict[str, Any]:
        """The answer to a message."""
        with self._lock:
            socket.send_fds(self._channel, [json.dumps(asked).encode()], files)
            answer: dict[str, Any] = json.loads(self._channel.recv(LARGEST))
        return answer


@cache
def _forks() -> _Forks:
    return _Forks()


class _Fork(subprocess.Popen[Any]):
    """Everything as ``subprocess.Popen`` has it, but for its own ways of starting and of asking for an end: the process
    is another's child.
    """

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], **as_popen: Any) -> None:
        self._asked = {"start": list(words), "environment": dict(environment), "folder": str(ROOT)}
        super().__init__(["cor", *words], **as_popen)

    def _execute_child(self, *given: Any) -> None:
        """Called by the base class, with the ends of its pipes, -1 for none."""
        pipes: tuple[int, ...] = given[10:16]
        with Path(os.devnull).open("rb") as nothing:
            ours = (nothing.fileno(), 1, 2)
            ends = (pipes[0], pipes[3], pipes[5])
            files = [own if end == -1 else end for own, end in zip(ours, ends, strict=True)]
            self.pid = _forks().ask(files, **self._asked)["pid"]
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        """Called by the base class: the number and the status, or 0 for a process that has not ended."""
        if not wait_flags:
            watched = os.pidfd_open(self.pid)
            try:
                select.select([watched], [], [])
            finally:
                os.close(watched)
        answer = _forks().ask(wait=self.pid)
        return answer["pid"], answer["status"]

    def _internal_poll(self, *_: object, **__: object) -> int | None:
        """Called by the base class."""
        lock = self._waitpid_lock  # type: ignore[attr-defined]
        if lock.acquire(blocking=False):  # Else somebody waits for it, and will know.
            try:
                if self.returncode is None:
                    pid, status = self._try_wait(os.WNOHANG)
                    if pid:
                        self._handle_exitstatus(status)  # type: ignore[attr-defined]
            finally:
                lock.release()
        return self.returncode


def start_cor(words: Sequence[str], environment: Mapping[str, str], **as_popen: Any) -> subprocess.Popen[Any]:
    """Starts it with these arguments; the rest is as ``subprocess.Popen`` takes it. The caller ends it."""
    return _Fork(words, environment, **as_popen)


def run_cor(words: Sequence[str], environment: Mapping[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Runs it to its end; what it printed is text. Raises ``subprocess.TimeoutExpired``, when it is killed."""
    process = start_cor(words, environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
