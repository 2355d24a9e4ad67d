"""A server that runs as a child process and never outlives us."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.services import StartFailed

_TETHER = Path(__file__).with_name("tether.py")
_TAIL_BYTES = 4_000

# The kernel ends a tied child when the *thread* that started it ends, so children are started
# by a thread that lives as long as the process.
_STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starts-children")


class Child:
    """One command, started, ended and started again. Its output goes to ``log``."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; an error if it runs already."""
        if self.running:
            raise StartFailed(f"{self.name} is running already")
        self._process = _STARTER.submit(self._spawn).result()

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        return self._process.pid if self._process and self.running else None

    def stop(self, patience: float = 20.0) -> None:
        """Asks it to end, and kills it after ``patience`` seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends it at once and returns when it is gone."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()

    def log_end(self) -> str:
        """The last lines of what it wrote."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")

    def _spawn(self) -> subprocess.Popen[bytes]:
        tied = [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *self._command]
        with self.log.open("ab") as output:
            return subprocess.Popen(
                tied,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,  # a Ctrl-C is for us, who then end it in order
            )
