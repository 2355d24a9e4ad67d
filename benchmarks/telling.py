"""What it costs a first load that each write is told on a topic: with and without, in turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import procore_calls
from benchmarks.ground import Ground

_PROGRAMS = {"told": "cli", "not_told": "benchmarks.without_writes"}


def measure(fresh: Callable[[], Ground], count: int, items: int, contracts: int, turns: int) -> dict[str, Any]:
    """Seconds of a first load, of each turn; and how much slower it is with what is told, by the best of each."""
    seconds: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
    for _ in range(turns):
        for name, program in _PROGRAMS.items():
            load = procore_calls.measure(fresh, count, items, contracts, 1, program)["first_load"]
            seconds[name].append(load["seconds"])
    return {
        "change_orders": count,
        "items": items,
        "seconds": seconds,
        "slower": round(min(seconds["told"]) / min(seconds["not_told"]) - 1, 3),
    }
