"""``python -m benchmarks.peers PYTHON``: each program in turn, round by round, on one Kafka; prints JSON."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Any

from benchmarks.ground import ROOT, Ground, ground
from benchmarks.mapping import CONFIGURATION, load
from relay.engine.kafka import Partition, read_to_end
from relay.engine.topics import PROCORE

PROGRAMS: dict[str, list[str]] = {
    "ours": ["-m", "benchmarks.peers.ours"],
    "bare": ["-m", "benchmarks.peers.bare"],
    "quix": ["-m", "benchmarks.peers.quix"],
    "batches": ["-m", "benchmarks.peers.stream", "batches"],
    "messages": ["-m", "benchmarks.peers.stream", "messages"],
}
PATIENCE = 600


def run(python: str, program: str, here: Ground, count: int) -> tuple[float, float]:
    """Seconds of a clock and of the processor.

    Raises ``RuntimeError`` with what a program that failed has said, or where it has not written every command once.
    """
    place = [here.connection.bootstrap_servers, here.prefix, str(here.folder), str(here.partitions), str(count)]
    ended = subprocess.run(
        [python, *PROGRAMS[program], *place],
        cwd=ROOT,
        env={**here.environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if ended.returncode != 0:
        raise RuntimeError(f"{program} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    name = PROCORE.commands.name(here.prefix)
    places = [Partition(name, number) for number in range(here.partitions)]
    written = sum(1 for _ in read_to_end(here.connection, places))
    if written != count:
        raise RuntimeError(f"{program} wrote {written} commands for {count} change orders")
    seconds, processor = json.loads(ended.stdout.strip().splitlines()[-1])
    return seconds, processor


def main() -> None:
    """Prints, by program, the median of each, and both as shares of ours."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("python", help="of the environment that has the pinned packages")
    parser.add_argument("--count", type=int, default=5_000, help="change orders")
    parser.add_argument("--items", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=PROGRAMS, default=list(PROGRAMS))
    arguments = parser.parse_args()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in arguments.only}
    with ground() as fresh:
        for _ in range(arguments.rounds):
            for name in arguments.only:
                here = fresh()
                here.configure(CONFIGURATION)
                load(here, arguments.count, arguments.items)
                taken[name].append(run(arguments.python, name, here, arguments.count))
                print(name, taken[name][-1], file=sys.stderr)
    print(json.dumps({"cores": os.cpu_count(), **_told(taken, arguments.count)}, indent=2))


def _told(taken: dict[str, list[tuple[float, float]]], count: int) -> dict[str, Any]:
    clock = {name: statistics.median(seconds for seconds, _ in runs) for name, runs in taken.items()}
    processor = {name: statistics.median(seconds for _, seconds in runs) for name, runs in taken.items()}
    ours = next(iter(clock))
    return {
        name: {
            "per_second": round(count / clock[name]),
            "per_cpu_second": round(count / processor[name]),
            f"{ours}_is_of_it": round(clock[name] / clock[ours], 2),
            f"{ours}_is_of_its_cpu": round(processor[name] / processor[ours], 2),
        }
        for name in taken
    }


main()
