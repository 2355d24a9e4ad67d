"""The three simulated systems, a configuration that names them, and ``cor`` in this process without Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.sandbox.process import Simulated, simulated
from tests.cor_command import Ended, cor

SECRETS = {
    "password": "sandbox-password",
    "key": "sandbox-api-key",
    "client": "sandbox-client",
    "client-secret": "sandbox-secret",
}

ACCOUNTS = """\
# The three logins.
accounts:
  constructiononline:
    acme: {{email: relay@acme.example, password_file: password, api_key_file: key, base_url: {constructiononline}/api}}
  procore:
    acme: {{company_id: 4200, client_id_file: client, client_secret_file: client-secret, api_url: {procore},
            login_url: {procore}, requests_per_hour: 100000, requests_per_10_seconds: 10000}}
  cinx:
    acme: {{email: relay@acme.example, password_file: password, base_url: {cinx}}}
"""

LOGIN = "/oauth/token"


class Office:
    """Three systems, one folder with their logins, and ``cor``."""

    def __init__(self, systems: dict[str, Simulated], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.systems = systems
        self.folder = folder
        self._capsys = capsys
        for name, secret in SECRETS.items():
            (folder / name).write_text(secret, encoding="utf-8")
        self.configure("")

    def configure(self, routes: str) -> Path:
        """The accounts, and these routes."""
        file = self.folder / "start.yaml"
        urls = {name: system.url for name, system in self.systems.items()}
        file.write_text(ACCOUNTS.format(**urls) + routes, encoding="utf-8")
        return file

    def cor(self, *arguments: str) -> Ended:
        """Runs the command."""
        return cor(self._capsys, *arguments)

    def forget(self) -> None:
        for system in self.systems.values():
            system.forget()

    def asked(self) -> list[tuple[str, str, str]]:
        """System, method and path of every request."""
        return [(name, row["method"], row["path"]) for name, system in self.systems.items() for row in system.history()]

    def only_read(self) -> bool:
        """Whether there were reads and logins only."""
        return all(method == "GET" or path == LOGIN for _, method, path in self.asked())


@pytest.fixture(scope="module")
def processes() -> Iterator[dict[str, Simulated]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(simulated(name)) for name in ("constructiononline", "procore", "cinx")}


@pytest.fixture
def office(
    processes: dict[str, Simulated],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Office:
    for system in processes.values():
        system.reset()
    source = processes["constructiononline"]
    source.people("create_project", id=901, name="Pier 9")
    source.people("create_project", id=902, name="2026-014 Mill Street")
    source.people("create_project", id=903, name="Nowhere Else")
    monkeypatch.delenv("COR_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setattr("operations.guests.guest.CINX_PACE", 1000.0)  # It has tests of its own.
    monkeypatch.setenv("COR_CONFIG", str(tmp_path / "start.yaml"))
    office = Office(processes, tmp_path, capsys)
    office.forget()
    return office
