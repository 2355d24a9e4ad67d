from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

Cor = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cor() -> Cor:
    """Runs ``cor`` as a process of its own, with no settings but the named ones."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COR_")}
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=kept | settings, capture_output=True, text=True, timeout=60, check=False
        )

    return run
