"""Processes of ``cor`` that tests start as forks are processes like any other."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import cor_process
from tests.cor_process import ROOT, run_cor, start_cor
from tests.faults.harness import CONFIGURATION

PATIENCE = 60.0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of a mapper that waits for a Kafka that is not there."""
    (tmp_path / "cor.yaml").write_text(CONFIGURATION.format(procore="http://127.0.0.1:1", secrets=tmp_path))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COR_")}
    ours = {"COR_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "COR_CONFIG": str(tmp_path / "cor.yaml")}
    return {**kept, **ours, "COR_PATIENCE": "600", "COR_METRICS_ADDRESS": "127.0.0.1", "COR_METRICS_PORT": "0"}


@contextmanager
def watched(pid: int) -> Iterator[int]:
    file = os.pidfd_open(pid)
    yield file
    os.close(file)


def has_ended(watch: int) -> bool:
    return bool(select.select([watch], [], [], PATIENCE)[0])


def test_it_prints_and_ends_as_cor_does(environment: dict[str, str]) -> None:
    ended = run_cor(["topics", "--help"], environment, PATIENCE)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "cor topics" in ended.stdout
    ended = run_cor(["no-such-command"], environment, PATIENCE)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "no-such-command" in ended.stderr


def test_each_has_settings_of_its_own(environment: dict[str, str]) -> None:
    wrong = run_cor(["run", "mapper"], {**environment, "COR_PATIENCE": "soon"}, PATIENCE)
    assert wrong.returncode == 2
    assert "COR_PATIENCE" in wrong.stderr
    crashing = run_cor(["run", "mapper"], {**environment, "COR_CRASH_AT": "nowhere"}, PATIENCE)
    assert crashing.returncode == 2
    assert "COR_CRASH_AT" in crashing.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 128 + 15)])
def test_it_is_ended_by_signals(environment: dict[str, str], number: signal.Signals, code: int) -> None:
    process = start_cor(["run", "mapper"], environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        assert process.poll() is None
        process.send_signal(number)
        assert process.wait(PATIENCE) == code
        assert process.poll() == code


def test_a_patience_that_ends_leaves_nothing(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[str]] = []

    def noted(*given: Any, **more: Any) -> subprocess.Popen[str]:
        started.append(start_cor(*given, **more))
        return started[-1]

    monkeypatch.setattr(cor_process, "start_cor", noted)
    with pytest.raises(subprocess.TimeoutExpired):
        run_cor(["run", "mapper"], environment, 0.5)
    assert [one.returncode for one in started] == [-signal.SIGKILL]


def test_nothing_is_left_of_a_test_that_is_killed(environment: dict[str, str]) -> None:
    """Who starts a stage and is killed before it ends it."""
    killed = (
        "import os, sys; from tests.cor_process import start_cor\n"
        "process = start_cor(['run', 'mapper'], dict(os.environ), stdout=sys.stderr)\n"
        "print(process.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", killed],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as test:
        assert test.stdout is not None
        with watched(int(test.stdout.readline())) as stage:
            test.kill()
            assert has_ended(stage)
