"""Stands in for kubectl: notes what it is asked, and answers as a cluster on which all goes as it should.

Run as a script; ``FAKE_KUBECTL`` names its folder, in which ``asked`` grows. ``FAKE_KUBECTL_FAULT`` chooses what is
not as it should be.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(os.environ["FAKE_KUBECTL"])
FAULT = os.environ.get("FAKE_KUBECTL_FAULT", "")
STAGES = ("mapper", "procore-writer")


def asked() -> list[str]:
    file = FOLDER / "asked"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def is_wrong() -> bool:
    """Whether the configuration that was applied last is."""
    applied = [line for line in asked() if line.startswith("apply -k")]
    return bool(applied) and "contract_no" in (Path(applied[-1].split()[-1]) / "cor.yaml").read_text(encoding="utf-8")


def stateful_set(name: str) -> dict[str, object]:
    return {"metadata": {"name": name}, "spec": {"template": {"spec": {"terminationGracePeriodSeconds": 5}}}}


def pod(stage: str) -> dict[str, object]:
    deleted = sum(f"pod {stage}-0" in line for line in asked())
    message = "cor: /etc/change-order-relay/cor.yaml:1: contract_no is unknown" if is_wrong() else ""
    state = {"terminated": {"message": message, "exitCode": 2}} if is_wrong() and FAULT != "silent" else {}
    status = {"containerStatuses": [{"restartCount": 0, "lastState": state, "state": {}}]}
    return {"metadata": {"name": f"{stage}-0", "uid": f"{stage}-{deleted}"}, "status": status}


def pods(words: list[str]) -> str:
    chosen = words[words.index("-l") + 1].rpartition("=")[2]
    return json.dumps({"items": [pod(name) for name in STAGES if chosen in (name, "stage")]})


def job(words: list[str]) -> str:
    failed = {"type": "Failed", "status": "True", "reason": "PodFailurePolicy"}
    done = {"type": "Complete", "status": "True"}
    return json.dumps({"status": {"conditions": [failed if is_wrong() or FAULT == "refused" else done]}})


def every_pod(words: list[str]) -> str:
    waiting = {"waiting": {"reason": "ErrImagePull", "message": "relay:1 is not here"}}
    status = {"containerStatuses": [{"restartCount": 0, "state": waiting, "lastState": {}}]}
    return json.dumps({"items": [{"metadata": {"name": "mapper-0"}, "status": status}]})


ANSWERS: dict[str, Callable[[list[str]], str]] = {
    "get namespace": lambda words: "namespace/change-order-relay-dev" if FAULT == "namespace" else "",
    "config view": lambda words: "https://127.0.0.1:6443",
    "logs --follow": lambda words: "" if FAULT == "killed" else '{"event": "stage.ended"}',
    "logs job": lambda words: "cor: no such topic" if FAULT == "refused" else "Everything is as declared.",
    "get statefulsets": lambda words: json.dumps({"items": [stateful_set(name) for name in STAGES]}),
    "get statefulset ": lambda words: json.dumps(stateful_set(words[2])),
    "get job": job,
    "get pods -l": pods,
    "get pods": every_pod,
}


def answer(words: list[str]) -> str:
    line = " ".join(words)
    return next((made(words) for beginning, made in ANSWERS.items() if line.startswith(beginning)), "")


def main() -> int:
    words = sys.argv[1:]
    assert words[:2] == ["--namespace", "change-order-relay-dev"]
    del words[:2]
    with (FOLDER / "asked").open("a", encoding="utf-8") as file:
        file.write(" ".join(words) + "\n")
    if FAULT == "not ready" and words[0] == "rollout" and words[1] == "status":
        sys.stderr.write("error: timed out waiting for the condition\n")
        return 1
    sys.stdout.write(answer(words))
    return 0


if __name__ == "__main__":
    sys.exit(main())
