"""``python -m benchmarks``: runs the benchmarks and prints one JSON object.

Sizes are small enough for a coffee break; ``--full`` takes those that the figures in the
documentation come from. Machines are noisy: compare ratios within one run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import (
    cinx_jobs,
    commands,
    compression,
    latency,
    mapping,
    pages,
    procore_calls,
    procore_tiers,
    rate_budget,
    restoring,
    tables,
    telling,
)
from benchmarks.ground import Ground, ground
from relay.engine.telemetry.logging import LogFormat, LogLevel, configure_logging

Benchmark = Callable[[Callable[[], Ground]], Any]

SMALL: dict[str, Benchmark] = {
    "mapping": lambda fresh: [mapping.measure(fresh, 5_000, items) for items in (0, 5)],
    "poll_to_applied": lambda fresh: latency.measure(fresh, 10),
    "procore_calls": lambda fresh: procore_calls.measure(fresh, 300, 5, 3, 10),
    "procore_tiers": lambda fresh: procore_tiers.measure(fresh, 2),
    "rate_budget": lambda fresh: rate_budget.measure(fresh, 150, 50),
    "cinx_jobs": lambda fresh: cinx_jobs.measure(fresh, 10, 1, 50),
    "restore": lambda fresh: restoring.measure(fresh, 100_000),
    "commands": lambda fresh: [commands.measure(fresh, 10_000, 5)],
    "compression": lambda fresh: compression.measure(fresh, 8_000, 5),
    "telling": lambda fresh: telling.measure(fresh, 300, 5, 3, 2),
    "tables": lambda fresh: tables.measure(fresh, 20_000, 5),
    "pages": lambda fresh: pages.measure(fresh, 250, (100, 1_000)),
}
FULL: dict[str, Benchmark] = {
    "mapping": lambda fresh: [mapping.measure(fresh, 20_000, items) for items in (0, 5)],
    "poll_to_applied": lambda fresh: latency.measure(fresh, 50),
    "procore_calls": lambda fresh: procore_calls.measure(fresh, 10_000, 5, 10, 50),
    "procore_tiers": lambda fresh: procore_tiers.measure(fresh, 10),
    "rate_budget": lambda fresh: rate_budget.measure(fresh, 600, 50),
    "cinx_jobs": lambda fresh: cinx_jobs.measure(fresh, 50, 5, 50),
    "restore": lambda fresh: restoring.measure(fresh, 1_000_000),
    "commands": lambda fresh: [commands.measure(fresh, orders, 5) for orders in (10_000, 100_000, 1_000_000)],
    "compression": lambda fresh: compression.measure(fresh, 40_000, 5),
    "telling": lambda fresh: telling.measure(fresh, 3_000, 5, 10, 3),
    "tables": lambda fresh: tables.measure(fresh, 1_000_000, 5),
    "pages": lambda fresh: pages.measure(fresh, 2_500, (100, 400, 3_000)),
}


def main() -> None:
    """Prints the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(SMALL)}; default all")
    parser.add_argument("--full", action="store_true", help="the large sizes")
    arguments = parser.parse_args()
    chosen = FULL if arguments.full else SMALL
    configure_logging(LogLevel.WARNING, LogFormat.CONSOLE)
    results: dict[str, Any] = {"machine": {"cores": os.cpu_count(), "python": platform.python_version()}}
    with ground() as fresh:
        for name in arguments.names or list(chosen):
            print(f"{name} …", file=sys.stderr)
            results[name] = chosen[name](fresh)
    print(json.dumps(results, indent=2))


main()
