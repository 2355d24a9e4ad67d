"""The folder that a demonstration works in: configuration, secrets, logs, and the environment to try more with."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from ruamel.yaml import YAML

from deploy.demo.failures import DemoFailed

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".local" / "demo"
EXAMPLE = Path(__file__).with_name("configuration.yaml")

SECRETS = {
    "constructiononline-password": "sandbox-password",
    "constructiononline-api-key": "sandbox-api-key",
    "procore-client-id": "sandbox-client",
    "procore-client-secret": "sandbox-secret",
    "cinx-password": "sandbox-password",
}
"""The simulated systems' credentials; a real installation mounts its own files."""


class Workplace:
    """One folder for one demonstration at a time; what it leaves can be read until the next one."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._held = (folder / "held").open("w")
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._held.close()
            raise DemoFailed(f"a demonstration runs already: it holds {folder}") from None
        self._clear()

    @property
    def configuration(self) -> Path:
        """What ``COR_CONFIG`` names."""
        return self.folder / "configuration.yaml"

    def log(self, stage: str) -> Path:
        """Where a stage writes."""
        return self.folder / "logs" / f"{stage}.log"

    def configure(self, addresses: Mapping[str, str], *, accounts: set[str], projects: set[str] | None = None) -> None:
        """Writes the configuration with these ConstructionOnline accounts.

        Of the account ``acme`` only the routes of ``projects`` are there, or all of them.
        """
        yaml = YAML()
        yaml.preserve_quotes = True
        yaml.width = 200
        document = yaml.load(Template(EXAMPLE.read_text(encoding="utf-8")).substitute(addresses))
        offices = document["accounts"]["constructiononline"]
        for name in offices.keys() - accounts:
            del offices[name]
        kept = [route for route in document["routes"] if _is_wanted(route, accounts, projects)]
        for at in reversed(range(len(document["routes"]))):
            if document["routes"][at] not in kept:
                del document["routes"][at]
        fresh = self.configuration.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            yaml.dump(document, file)
        fresh.replace(self.configuration)  # a running process must never see half a file

    def close(self) -> None:
        """Lets the next one begin."""
        self._held.close()

    def _clear(self) -> None:
        for entry in self.folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "held":
                entry.unlink()
        (self.folder / "logs").mkdir()
        secrets = self.folder / "secrets"
        secrets.mkdir(mode=0o700)
        for name, secret in SECRETS.items():
            (secrets / name).write_text(secret, encoding="utf-8")


def _is_wanted(route: Mapping[str, Any], accounts: set[str], projects: set[str] | None) -> bool:
    source = route["from"]
    if source["account"] not in accounts:
        return False
    return source["account"] != "acme" or projects is None or str(source["project"]) in projects
