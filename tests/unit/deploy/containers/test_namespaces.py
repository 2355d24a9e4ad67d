"""Needs root on Linux, as what it tests does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from deploy.containers import namespaces

ROOT = Path(__file__).parents[4]


def separable() -> bool:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    return subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not separable(), reason="namespaces of one's own need root on Linux")

INSIDE = """
import os, subprocess, sys, time
from pathlib import Path
from deploy.containers import namespaces

def work():
    place = Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place / "mounted"], check=True)
    namespaces.enter_own_network()
    subprocess.run(["sh", "-c", "sleep 600 & sleep 600 & true"], check=True, cwd=place)  # orphans
    interfaces = [name for _, name in __import__("socket").if_nameindex()]
    (place / "said").write_text(" ".join([str(os.getppid()), *interfaces]))
    time.sleep(float(sys.argv[2]))
    return 7

sys.exit(namespaces.as_first_process(work))
"""
OUTSIDE = """
import os, sys
from deploy.containers import namespaces
sys.exit(namespaces.run([sys.executable, *sys.argv[1:]], os.environ))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "mounted").mkdir()
    (tmp_path / "inside.py").write_text(textwrap.dedent(INSIDE))
    return tmp_path


def begin(place: Path, seconds: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", OUTSIDE, str(place / "inside.py"), str(place), str(seconds)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT)


def left(place: Path) -> list[str]:
    """The mounts and the processes that are of the place."""
    mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if str(place) in line]
    return mounts + [command for command in commands() if str(place) in command]


def commands() -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            found.append((entry / "cmdline").read_text() + " " + str((entry / "cwd").readlink()))
        except OSError:
            continue
    return found


def until_said(place: Path) -> str:
    end = time.monotonic() + 30
    while not (place / "said").exists() or not (place / "said").read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    return (place / "said").read_text()


def until_gone(place: Path) -> None:
    end = time.monotonic() + 30
    while left(place):
        assert time.monotonic() < end, left(place)
        time.sleep(0.05)


def test_the_commands_exit_code_comes_out_and_nothing_stays(place: Path) -> None:
    process = begin(place, 0)
    assert process.wait(timeout=60) == 7
    assert until_said(place) == "1 lo"
    assert left(place) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_interrupts_it_finds_nothing_left(place: Path, number: signal.Signals) -> None:
    process = begin(place, 600)
    until_said(place)
    process.send_signal(number)
    assert process.wait(timeout=30) == namespaces.INTERRUPTED + number
    assert left(place) == []


def test_when_it_is_killed_the_kernel_ends_the_rest(place: Path) -> None:
    process = begin(place, 600)
    until_said(place)
    process.kill()
    process.wait(timeout=30)
    until_gone(place)
