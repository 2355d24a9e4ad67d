"""The command line of every simulator."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.sandbox.shell.clock import Clock
from deploy.sandbox.shell.seed import Seed
from deploy.sandbox.shell.server import HOST, Server, running
from deploy.sandbox.shell.service import Refused, Service
from deploy.sandbox.shell.simulator import Simulator

ORPHAN_CHECK = 0.5
"""Seconds between two looks at whether the parent still lives."""


def main(name: str, make: Callable[[Clock], Service], arguments: Sequence[str] | None = None) -> int:
    """Serves until it is told to end or its parent ends; exit code 2 for a seed that is wrong."""
    # Asked for first: once the address is printed, the parent may already be ending.
    parent = os.getppid()
    options = parser(name).parse_args(arguments)
    try:
        seed = Seed.read(options.seed) if options.seed else None
        server = Server(Simulator(name, make, seed), options.port, options.host)
    except (Refused, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running(server) as url:
        print(f"listening on {url}", flush=True)
        wait(stop, None if options.detached else parent)
    return 0


def wait(stop: threading.Event, parent: int | None) -> None:
    """Returns when told to stop, or when another process has become the parent."""
    while not stop.wait(ORPHAN_CHECK):
        if parent is not None and os.getppid() != parent:
            return


def parser(name: str) -> argparse.ArgumentParser:
    """The options, the same for every simulator."""
    made = argparse.ArgumentParser(f"python -m deploy.sandbox.{name}")
    made.add_argument("--port", type=int, default=0, help="0: any free one")
    made.add_argument("--host", default=HOST, help="where it listens; it asks nobody who he is")
    made.add_argument("--seed", type=Path, help="JSON file with settings, people and faults")
    made.add_argument("--detached", action="store_true", help="outlive the process that starts it")
    return made
