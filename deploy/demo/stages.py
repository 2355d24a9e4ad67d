"""The relay's stages, each a process of its own."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from deploy.demo.failures import DemoFailed
from deploy.demo.workplace import Workplace
from deploy.local.child import Child
from deploy.local.ports import LOOPBACK, free_ports

NAMES = ("poll-constructiononline", "mapper", "procore-writer", "cinx-submitter", "dead-letters", "views")

_GRACE = 40.0
"""Seconds from SIGTERM; more than the shutdown budget of the demonstration's settings."""


class Stages:
    """Starts, stops and kills them. Whoever closes it leaves none behind."""

    def __init__(self, workplace: Workplace, environment: Mapping[str, str]) -> None:
        ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
        self.metrics = {name: f"http://{LOOPBACK}:{port}/metrics" for name, port in ports.items()}
        self._children = {
            name: Child(
                name,
                [sys.executable, "-m", "cli", "run", name],
                workplace.log(name),
                {**environment, "COR_METRICS_PORT": str(ports[name])},
            )
            for name in NAMES
        }
        self._up: set[str] = set()

    def start(self, *names: str) -> None:
        """Starts these, or all."""
        for name in names or NAMES:
            self._children[name].start()
            self._up.add(name)

    def metric(self, name: str, metric: str) -> Iterator[tuple[Mapping[str, str], float]]:
        """A stage's metric: labels and value of each sample."""
        with urlopen(self.metrics[name]) as answer:  # noqa: S310 - an address of our own
            text = answer.read().decode()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == metric:
                    yield sample.labels, sample.value

    def stop(self, name: str) -> None:
        """Asks one to end, as an update does."""
        self._up.discard(name)
        self._children[name].stop(_GRACE)

    def kill(self, name: str) -> int:
        """SIGKILL; returns the number that the process had."""
        child = self._children[name]
        pid = child.pid
        if pid is None:
            raise DemoFailed(f"expected: {name} runs\nfound: it has ended\n{child.log_end()}")
        self._up.discard(name)
        child.kill()
        return pid

    def check(self) -> None:
        """Raises :class:`DemoFailed` if one that was started has ended by itself."""
        for name in self._up:
            child = self._children[name]
            if not child.running:
                raise DemoFailed(f"expected: {name} runs\nfound: it has ended; its log ends with\n{child.log_end()}")

    def log_ends(self) -> str:
        """The last lines of every stage's log, for whoever has to find out what went wrong."""
        return "\n".join(f"--- {name}\n{child.log_end()}" for name, child in self._children.items())

    def close(self) -> None:
        """Ends all of them: asked together, killed if that takes too long."""
        for pid in [child.pid for child in self._children.values() if child.pid is not None]:
            os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + _GRACE
        for child in self._children.values():
            child.stop(max(0.1, end - time.monotonic()))
