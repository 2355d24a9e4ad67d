"""What an operator types, and what comes back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from typing import Any

from deploy.demo.failures import DemoFailed
from deploy.demo.screen import Screen

PATIENCE = 150.0
"""Seconds after which a command is stuck."""


class Operator:
    """Runs ``cor`` with the demonstration's settings."""

    def __init__(self, screen: Screen, environment: Mapping[str, str]) -> None:
        self._screen = screen
        self._environment = {**os.environ, **environment}

    def types(self, *words: str, ends: Collection[int] = (0,)) -> str:
        """Shows the command, runs it, and returns what it printed. Raises :class:`DemoFailed` for another end."""
        self._screen.typed(" ".join(["cor", *map(_quoted, words)]))
        return self.asks(*words, ends=ends)

    def asks(self, *words: str, ends: Collection[int] = (0,)) -> str:
        """The same without showing it."""
        command = [sys.executable, "-m", "cli", *words]
        try:
            done = subprocess.run(
                command, env=self._environment, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired as stuck:
            raise DemoFailed(f"cor {' '.join(words)} did not end within {PATIENCE:.0f} s: {stuck.stdout!r}") from None
        if done.returncode not in ends:
            wanted = f"exit code {' or '.join(map(str, ends))}"
            said = f"{done.stdout}{done.stderr}"
            raise DemoFailed(f"cor {' '.join(words)}\nexpected: {wanted}\nfound: {done.returncode}\n{said}")
        return done.stdout

    def reads(self, *words: str, ends: Collection[int] = (0,)) -> Any:
        """What the command says with ``--json``."""
        return json.loads(self.asks(*words, "--json", ends=ends))


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word
