"""What is asked of the cluster, by its own program."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from deploy.cluster.verdicts import NotProven

PATIENCE = 600
"""Seconds for one command; pods may have to fetch their image."""


class Kubectl:
    """``kubectl`` in one namespace of the cluster that ``KUBECONFIG`` names."""

    def __init__(self, environment: Mapping[str, str], namespace: str) -> None:
        self._environment = dict(environment)
        self.namespace = namespace

    def run(self, *words: str, ends: tuple[int, ...] = (0,)) -> str:
        """What it prints. Raises :class:`NotProven`, with its words, for another end."""
        done = self._done(*words)
        if done.returncode not in ends:
            raise NotProven(f"kubectl {' '.join(words)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def object(self, *words: str) -> dict[str, Any]:
        """One object, or a list, as it is now."""
        found: dict[str, Any] = json.loads(self.run("get", *words, "-o", "json"))
        return found

    def apply(self, folder: Path) -> None:
        """A kustomization. The Job of the last one goes first: it cannot be changed."""
        self.run("delete", "job", "provision", "--ignore-not-found", "--wait")
        self.run("apply", "-k", str(folder))

    def pods(self, selector: str = "change-order-relay/kind=stage") -> list[dict[str, Any]]:
        """The pods of a selector."""
        found: list[dict[str, Any]] = self.object("pods", "-l", selector)["items"]
        return found

    def server(self) -> str:
        """The URL of the cluster's API."""
        return self.run("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")

    @contextmanager
    def following(self, *words: str) -> Iterator[Callable[[float], str]]:
        """A command that goes on beside the block. What is yielded waits for its end, for so many seconds at most, and
        returns what it printed.
        """
        # Into a file: a pipe that nobody reads would hold the command back, and what it is to print would be gone.
        with TemporaryFile("w+") as output:
            process = subprocess.Popen(self._command(words), env=self._environment, stdout=output, stderr=output)

            def printed(seconds: float) -> str:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
                output.seek(0)
                return output.read()

            try:
                yield printed
            finally:
                process.kill()
                process.wait()

    def complaints(self) -> list[str]:
        """What keeps pods from working, in the cluster's own words; nothing where it does not tell."""
        try:
            pods = self.object("pods")["items"]
        except NotProven as silence:
            return [str(silence)]
        return [
            f"{pod['metadata']['name']}: {found}" for pod in pods for found in _complaints_of(pod.get("status", {}))
        ]

    def _command(self, words: Sequence[str]) -> list[str]:
        program = shutil.which("kubectl", path=self._environment.get("PATH"))
        if program is None:
            raise NotProven("kubectl is not on the path")
        return [program, "--namespace", self.namespace, *words]

    def _done(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = self._command(words)
        try:
            return subprocess.run(
                command, env=self._environment, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            raise NotProven(f"kubectl {' '.join(words)} did not end within {PATIENCE} s") from None


def _complaints_of(status: dict[str, Any]) -> Iterator[str]:
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield f"{condition.get('reason')}: {condition.get('message')}"
    for container in status.get("containerStatuses", []):
        for state in (container.get("state", {}), container.get("lastState", {})):
            if "waiting" in state:
                yield f"{state['waiting'].get('reason')}: {state['waiting'].get('message', '')}".rstrip(": ")
            elif state.get("terminated", {}).get("exitCode"):
                ended = state["terminated"]
                yield f"ended with {ended['exitCode']}: {ended.get('message', '').strip()[-500:]}".rstrip(": ")
