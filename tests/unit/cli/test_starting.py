from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from operations.run import run
from operations.stages import LOGS_IN_AT, STAGES
from relay.engine.configuration import ConfigurationError
from relay.engine.configuration.accounts import MODELS

ROOT = Path(__file__).parents[3]


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens, for as long as the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def waiting(tmp_path: Path, nobody: str) -> Iterator[subprocess.Popen[str]]:
    """A mapper that waits for a Kafka that is not there; it calls no remote, and has no credentials."""
    account = "{company_id: 4200, client_id_file: secret, client_secret_file: secret}"
    (tmp_path / "cor.yaml").write_text(f"accounts: {{procore: {{acme: {account}}}}}\nroutes: []\n", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "run", "mapper"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("COR_")},
            "COR_KAFKA_BOOTSTRAP_SERVERS": nobody,
            "COR_CONFIG": str(tmp_path / "cor.yaml"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str], event: str) -> dict[str, object]:
    """The first log line of an event."""
    assert process.stdout is not None
    for line in process.stdout:
        said: dict[str, object] = json.loads(line)
        if said["event"] == event:
            return said
    raise AssertionError(f"the process ended without {event}")


def test_a_worker_that_waits_for_kafka_is_alive_and_not_ready(waiting: subprocess.Popen[str]) -> None:
    port = told(waiting, "telemetry.served")["port"]
    told(waiting, "kafka.not_ready")
    assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
    ready = httpx.get(f"http://127.0.0.1:{port}/readyz")
    assert (ready.status_code, ready.json()) == (503, {"waiting": ["start"]})


def test_a_worker_that_waits_for_kafka_shows_that_it_owns_nothing(waiting: subprocess.Popen[str]) -> None:
    """An alert goes by it. Without Kafka there is nothing else that could raise one."""
    port = told(waiting, "telemetry.served")["port"]
    metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    shown = [line for line in metrics.splitlines() if line.startswith(("cor_partitions_owned", "cor_stage_ready"))]
    assert shown == ['cor_partitions_owned{stage="mapper"} 0.0', 'cor_stage_ready{stage="mapper"} 0.0']


def test_a_worker_that_waits_for_kafka_ends_when_told_to(waiting: subprocess.Popen[str]) -> None:
    """By a handler of its own: the first process of a container has no other."""
    told(waiting, "kafka.not_ready")
    waiting.send_signal(signal.SIGTERM)
    waiting.communicate(timeout=60)
    assert waiting.returncode == 128 + signal.SIGTERM


def test_a_stage_that_calls_a_remote_does_not_start_without_its_credentials(
    tmp_path: Path, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = "{company_id: 4200, client_id_file: secret, client_secret_file: secret}"
    (tmp_path / "cor.yaml").write_text(f"accounts: {{procore: {{acme: {account}}}}}\nroutes: []\n", encoding="utf-8")
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", nobody)
    monkeypatch.setenv("COR_CONFIG", str(tmp_path / "cor.yaml"))
    for stage, system in LOGS_IN_AT.items():
        if system == "procore":
            with pytest.raises(ConfigurationError, match="client_id_file"):
                run([stage], once=True, json_logs=True)


def test_every_system_is_logged_in_at_by_a_stage_and_every_name_is_one() -> None:
    assert LOGS_IN_AT.keys() <= STAGES.keys()
    assert set(LOGS_IN_AT.values()) == set(MODELS)
