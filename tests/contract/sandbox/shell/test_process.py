from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.sandbox.process import ROOT, simulated, start

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "deploy.sandbox.cinx", *sys.argv[1:]])
sys.stdin.readline()
"""


@pytest.mark.parametrize("name", ["constructiononline", "cinx"])
def test_it_says_where_it_listens_and_ends_on_request(name: str) -> None:
    sandbox = start(name)
    try:
        assert sandbox.call("GET", "")["name"] == name
    finally:
        sandbox.stop()
    assert sandbox.process.returncode == 0


def test_it_ends_on_request_while_it_holds_a_request() -> None:
    with simulated("cinx") as sandbox:
        sandbox.fault("apply_late")
        connected = subprocess.run(
            [sys.executable, "-c", f"import urllib.request as r; r.urlopen('{sandbox.url}/2.0/ping')"],
            check=False,
            capture_output=True,
        )
        assert connected.returncode == 1
        assert sandbox.history(phase="held", wait=10)
        sandbox.process.send_signal(signal.SIGINT)
        assert sandbox.process.wait(20) == 0


def test_it_ends_with_its_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin
    assert parent.stdout
    with parent.stdin, parent.stdout:
        assert parent.stdout.readline().startswith("listening on http://127.0.0.1:")
        parent.kill()
        parent.wait()
        # The pipe ends only when the simulator, which has inherited it, has ended too.
        assert parent.stdout.read() == ""


def test_a_seed_is_applied() -> None:
    with simulated("constructiononline", {"people": [{"operation": "load_samples"}]}) as sandbox:
        assert [order["ID"] for order in sandbox.state()["change_orders"]] == [498099, 500942]
        sandbox.people("clear")
        sandbox.reset()
        assert len(sandbox.state()["change_orders"]) == 2


@pytest.mark.parametrize(
    ("seed", "reason"),
    [
        ("{", "no JSON"),
        ('{"faults": [{"kind": "x"}]}', "kind is one of"),
        ('{"people": [{"operation": "x"}]}', "no operation 'x'"),
        ('{"settings": {"x": 1}}', "no setting 'x'"),
    ],
)
def test_a_wrong_seed_ends_it_with_the_reason(tmp_path: Path, seed: str, reason: str) -> None:
    file = tmp_path / "seed.json"
    file.write_text(seed, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.sandbox.cinx", "--seed", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert reason in ended.stderr
    assert ended.stdout == ""
