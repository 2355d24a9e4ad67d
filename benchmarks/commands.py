"""What operators' commands cost where much has gone through: seconds, processor seconds and memory of each."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.ground import ROOT, Ground
from benchmarks.past import fill, key_of

_PARTITIONS = 12
"""As many as topics have unless it is said otherwise: a change order's history is in a twelfth of them."""


def measure(fresh: Callable[..., Ground], orders: int, items: int) -> dict[str, Any]:
    """Each command once, as a process of its own, its start included. Compaction is not yet done."""
    here = fresh(_PARTITIONS)
    began = time.perf_counter()
    fill(here, orders, items)
    filled = time.perf_counter() - began
    commands = {
        "status": ["status"],
        "trace": ["trace", key_of(orders // 2)],
        "trace by id": ["trace", key_of(orders // 2).rpartition(":")[2]],
        "writes of one": ["writes", "--change-order", key_of(orders // 2)],
        "replay of one, dry": ["replay", "--change-order", key_of(orders // 2), "--dry-run"],
        "replay of all, dry": ["replay", "--all", "--dry-run"],
    }
    return {
        "change_orders": orders,
        "items": items,
        "partitions": here.partitions,
        "filled_in_seconds": round(filled, 1),
        **{name: cost(here, arguments) for name, arguments in commands.items()},
    }


def cost(here: Ground, arguments: list[str]) -> Mapping[str, float]:
    """What one command costs, as a process of its own. Raises ``RuntimeError`` where it fails."""
    command, began = [sys.executable, "-m", "cli", *arguments], time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=here.environment(), stdout=subprocess.DEVNULL)
    _, ended, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(ended)
    if process.returncode != 0:
        raise RuntimeError(f"cor {' '.join(arguments)} ended with {process.returncode}")
    return {
        "seconds": round(seconds, 2),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "megabytes": round(usage.ru_maxrss / 1024),
    }
