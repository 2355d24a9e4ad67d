"""One installation of the relay seen from outside: the command ``cor``, and the simulated remotes.

This is the one place that knows how the product is started and set up; everything else of the product is seen
through its command line, its topics, and what the remotes were asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from deploy.sandbox.process import Simulated, simulated

COR = str(Path(sys.executable).with_name("cor"))
"""The command of the revision that is installed beside this interpreter."""

PATIENCE = 120.0
"""Seconds after which a command is stuck, and what is awaited does not come."""

DONE, DONE_WITH_LETTERS = 0, 3

SIMULATORS = {
    "acme": "constructiononline",
    "harbor": "constructiononline",
    "procore_acme": "procore",
    "procore_harbor": "procore",
    "cinx_acme": "cinx",
    "cinx_harbor": "cinx",
}
"""The remotes, by the names that the configuration has for their addresses, with the system that each one is."""

ACCOUNTS = {
    "acme": "constructiononline:acme",
    "harbor": "constructiononline:harbor",
    "procore_acme": "procore:acme",
    "procore_harbor": "procore:harbor",
    "cinx_acme": "cinx:acme",
    "cinx_harbor": "cinx:harbor",
}
"""What the configuration calls them."""

SECRETS = {
    "password": "sandbox-password",
    "api-key": "sandbox-api-key",
    "client-id": "sandbox-client",
    "client-secret": "sandbox-secret",
}
SETTINGS = {
    "COR_INSTALLATION": "upgrade",
    "COR_HTTP_DEADLINE": "3",
    "COR_SEND_WINDOW": "1",
    "COR_SESSION_TIMEOUT": "6",
    "COR_TRANSACTION_TIMEOUT": "5",
    "COR_LOG_FORMAT": "console",
}
"""Short times, so that what has to wait does not wait long."""


class Stuck(AssertionError):
    """A command ended otherwise than it should, or what was awaited did not come."""


@dataclass
class Cor:
    """``cor`` with the settings of one installation; ``program`` is that of another release where one is named."""

    folder: Path
    servers: str
    prefix: str
    program: tuple[str, ...] = (COR,)
    settings: Mapping[str, str] = field(default_factory=dict)

    def prepare(self, configuration: str, remotes: Mapping[str, Simulated]) -> None:
        """Writes secrets and configuration, the addresses of the remotes filled in."""
        for name, secret in SECRETS.items():
            (self.folder / name).write_text(secret, encoding="utf-8")
        text = Template(configuration).substitute({name: one.url for name, one in remotes.items()})
        (self.folder / "cor.yaml").write_text(text, encoding="utf-8")

    def says(self, *words: str, ends: Collection[int] = (DONE,)) -> str:
        """What the command prints. Raises :class:`Stuck` for another end."""
        done = subprocess.run(
            [*self.program, *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if done.returncode not in ends:
            raise Stuck(f"cor {' '.join(words)} ended with {done.returncode}\n{done.stdout}{done.stderr}\n{self.log()}")
        return done.stdout

    def tells(self, *words: str, ends: Collection[int] = (DONE, DONE_WITH_LETTERS)) -> Any:
        """What the command says with ``--json``."""
        return json.loads(self.says(*words, "--json", ends=ends))

    def runs(self, *stages: str, ends: Collection[int] = (DONE, DONE_WITH_LETTERS)) -> None:
        """Runs stages until nothing is left to do."""
        with self.running(*stages, "--once") as process:
            try:
                code = process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                raise Stuck(f"cor run {' '.join(stages)} does not end\n{self.log()}") from None
        if code not in ends:
            raise Stuck(f"cor run {' '.join(stages)} ended with {code}\n{self.log()}")

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """Stages at work for the length of the block, then asked to end."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*self.program, "run", *words], env=self._environment(), stdout=log, stderr=subprocess.STDOUT
            )
        try:
            yield process
            process.terminate()
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()

    def log(self) -> str:
        """The end of what the stages wrote."""
        file = self.folder / "log"
        return file.read_text(encoding="utf-8")[-8_000:] if file.exists() else ""

    def _environment(self) -> dict[str, str]:
        own = {
            "COR_KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "COR_CONFIG": str(self.folder / "cor.yaml"),
            "COR_TOPIC_PREFIX": self.prefix,
            "COR_INSTANCE": "one",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COR_")}
        return {**kept, **SETTINGS, **own, **self.settings}


@contextmanager
def remotes() -> Iterator[dict[str, Simulated]]:
    """All the simulated remotes, as new."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(simulated(system)) for name, system in SIMULATORS.items()}


def awaited(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """What ``condition`` returns as soon as that is something. Raises :class:`Stuck`."""
    until = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > until:
            raise Stuck(f"waited {patience:.0f} s for {what}")
        time.sleep(0.2)
    return found
