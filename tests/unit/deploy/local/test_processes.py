from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import StartFailed
from deploy.local.child import Child
from deploy.local.ports import accepts, free_ports
from deploy.local.readiness import wait_until
from deploy.local.scratch import Scratch, sweep

PATIENCE = 20.0
SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A zombie whose parent has not asked after it is gone as well.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_child_starts_ends_and_starts_again(tmp_path: Path) -> None:
    child = Child("sleeper", SLEEPER, tmp_path / "log")
    child.start()
    first = child.pid
    assert first is not None
    with pytest.raises(StartFailed, match="running already"):
        child.start()
    eventually(lambda: "up" in child.log_end())
    child.stop()
    assert gone(first)
    child.start()
    second = child.pid
    assert second is not None
    assert second != first
    child.kill()
    assert gone(second)


def test_a_child_that_will_not_listen_is_killed(tmp_path: Path) -> None:
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    child = Child("deaf", [sys.executable, "-c", f"{ignore}; {SLEEPER[2]}"], tmp_path / "log")
    child.start()
    eventually(lambda: "up" in child.log_end())
    child.stop(patience=0.1)
    assert not child.running


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has the kernel end a child")
def test_a_child_ends_with_its_starter_even_when_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from deploy.local.child import Child\n"
        f"child = Child('sleeper', {SLEEPER!r}, pathlib.Path({str(tmp_path / 'log')!r}))\n"
        "child.start()\nprint(child.pid, flush=True)\ntime.sleep(600)\n"
    )
    checkout = Path(__file__).resolve().parents[4]
    with subprocess.Popen([sys.executable, "-c", program], cwd=checkout, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert not gone(pid)
        starter.send_signal(signal.SIGKILL)
    eventually(lambda: gone(pid))


def test_a_child_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    child = Child("sleeper", SLEEPER, tmp_path / "log")
    asking = threading.Thread(target=child.start)
    asking.start()
    asking.join()
    eventually(lambda: "up" in child.log_end())
    assert child.running
    child.kill()


def test_ports_are_free_and_different_and_not_given_to_outgoing_connections() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(20_000 <= port < 32_000 for port in ports)
    assert not any(accepts(port) for port in ports)


def test_a_port_in_use_is_not_free() -> None:
    port = free_ports(1)[0]
    with socket.create_server(("127.0.0.1", port)):
        assert accepts(port)
    assert not accepts(port)


def test_waiting_ends_with_the_log_when_the_program_ends() -> None:
    with pytest.raises(StartFailed, match=r"ended while starting.*disk is full"):
        wait_until(lambda: False, alive=lambda: False, words=lambda: "the disk is full")


def test_waiting_ends_with_the_log_when_time_is_up() -> None:
    with pytest.raises(StartFailed, match=r"not ready after 0 s.*still thinking"):
        wait_until(lambda: False, alive=lambda: True, words=lambda: "still thinking", seconds=0.0)


def test_a_scratch_folder_is_removed_by_its_owner_or_after_the_owners_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    held, left = Scratch("held"), Scratch("left")
    left._lock.close()  # as the end of its process does
    for one in (held, left):
        os.utime(one.path / "held", (0, 0))
    sweep()
    assert held.path.exists()
    assert not left.path.exists()
    held.remove()
    assert not held.path.exists()


def test_a_named_kafka_where_nothing_answers_is_told_and_none_is_started() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.local", "up"],
        env={**os.environ, "COR_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free}"},
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert f"names 127.0.0.1:{free}, where nothing answers: unset it" in ended.stderr
    assert not ended.stdout
