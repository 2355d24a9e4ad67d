from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest

from tests.cor_process import run_cor

Cor = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cor() -> Cor:
    """Runs ``cor`` as a process of its own, with no settings but the named ones."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COR_")}
        return run_cor(arguments, kept | settings, 60)

    return run
