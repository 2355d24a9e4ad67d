"""The steps on a cluster, each judged by what the simulated systems hold."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from deploy.cluster.kubectl import Kubectl
from deploy.cluster.overlay import Overlay
from deploy.cluster.surroundings import Surroundings
from deploy.cluster.verdicts import STEPS, NotProven, Record, until

WRITER = "procore-writer"
_PROVISIONED = 300.0
_READY = 300
_STOPPED = 60.0
_FAILED = 240.0


class Proof:
    """Runs :data:`STEPS`. Raises :class:`NotProven` at the first thing that is not as it must be."""

    def __init__(self, kubectl: Kubectl, overlay: Overlay, surroundings: Surroundings, record: Record) -> None:
        self._kubectl = kubectl
        self._overlay = overlay
        self._around = surroundings
        self._record = record

    def run(self) -> None:
        """All steps in order."""
        steps = (
            self._provision,
            self._become_ready,
            self._work,
            self._restart,
            self._kill,
            self._go_wrong_and_back,
            self._end_in_time,
        )
        for name, step in zip(STEPS, steps, strict=True):
            with self._record.step(name) as seen:
                step(seen)

    def _provision(self, seen: list[str]) -> None:
        self._kubectl.apply(self._overlay.write(self._overlay.right))
        until(self._job_is_done, "the Job provision is done", _PROVISIONED)
        seen.append(_last_line(self._kubectl.run("logs", "job/provision")))

    def _become_ready(self, seen: list[str]) -> None:
        names = self._stages()
        self._all_ready(names)
        restarts = sum(_restarts(pod) for pod in self._kubectl.pods())
        seen.append(f"{len(names)} stages are ready after {restarts} restarts of containers")

    def _work(self, seen: list[str]) -> None:
        self._carry()
        seen.append("what was entered, edited and approved at the source is at both remotes")

    def _restart(self, seen: list[str]) -> None:
        self._around.longest_pause()
        with self._editing():
            self._kubectl.run("rollout", "restart", "statefulset", "--selector", "app.kubernetes.io/part-of")
            self._all_ready(self._stages())
        self._arrive()
        seen.append(f"Procore was written nothing for at most {self._around.longest_pause():.1f} s")

    def _kill(self, seen: list[str]) -> None:
        self._around.longest_pause()
        with self._editing():
            before = self._uid(WRITER)
            self._kubectl.run("delete", "pod", f"{WRITER}-0", "--grace-period=0", "--force")
            until(lambda: self._uid(WRITER) not in (before, ""), f"another pod {WRITER}-0", _STOPPED)
            self._all_ready([WRITER])
        self._arrive()
        seen.append(f"Procore was written nothing for at most {self._around.longest_pause():.1f} s")

    def _go_wrong_and_back(self, seen: list[str]) -> None:
        self._kubectl.apply(self._overlay.write(self._overlay.wrong))
        try:
            until(self._job_has_failed, "the Job provision fails at once (PodFailurePolicy)", _FAILED)
            until(lambda: bool(self._said_by_the_dead()), "a pod says under Last State what it died of", _FAILED)
            seen.append(f"pods say: {self._said_by_the_dead()[:120]}")
        finally:
            self._kubectl.apply(self._overlay.write(self._overlay.right))
        self._all_ready(self._stages())
        self._carry()

    def _end_in_time(self, seen: list[str]) -> None:
        """Told to end, each stage ends by itself, and within what it is given."""
        for stage in self._stages():
            spec = self._kubectl.object("statefulset", stage)["spec"]["template"]["spec"]
            # Its last lines as well: it may have ended before its log is followed.
            with self._kubectl.following("logs", "--follow", "--tail=100", f"{stage}-0") as log:
                self._kubectl.run("delete", "pod", f"{stage}-0", "--wait")
                said = log(float(spec["terminationGracePeriodSeconds"]))
            if "stage.ended" not in said:
                raise NotProven(f"expected: {stage}-0 ends by itself (stage.ended); its log ends: {_last_line(said)}")
        self._all_ready(self._stages())
        seen.append("every stage ended by itself within its grace time")

    # -- what is looked at

    def _stages(self) -> list[str]:
        found = self._kubectl.object("statefulsets")["items"]
        return sorted(one["metadata"]["name"] for one in found)

    def _all_ready(self, names: list[str]) -> None:
        for name in names:
            self._kubectl.run("rollout", "status", f"statefulset/{name}", f"--timeout={_READY}s")

    def _carry(self) -> None:
        """What somebody does at the source arrives."""
        with self._editing():
            pass  # It lasts until there is something to carry.
        self._arrive()

    def _editing(self) -> AbstractContextManager[object]:
        return self._around.editing()

    def _arrive(self) -> None:
        self._around.await_arrived(self._overlay.folder / "cor.yaml")

    def _uid(self, stage: str) -> str:
        pods = self._kubectl.pods(f"app.kubernetes.io/component={stage}")
        return "".join(str(pod["metadata"]["uid"]) for pod in pods)

    def _job_is_done(self) -> bool:
        """Raises :class:`NotProven` where it has failed: it does not try again."""
        if failed := self._job("Failed"):
            said = _last_line(self._kubectl.run("logs", "job/provision"))
            raise NotProven(f"the Job provision has failed ({failed.get('reason')}): {said}")
        return bool(self._job("Complete"))

    def _job_has_failed(self) -> bool:
        return self._job("Failed").get("reason") == "PodFailurePolicy"

    def _job(self, kind: str) -> dict[str, Any]:
        """A condition of the Job that holds; else nothing."""
        conditions = self._kubectl.object("job", "provision").get("status", {}).get("conditions", [])
        return next((one for one in conditions if one["type"] == kind and one["status"] == "True"), {})

    def _said_by_the_dead(self) -> str:
        for pod in self._kubectl.pods():
            for container in pod.get("status", {}).get("containerStatuses", []):
                for state in (container.get("lastState", {}), container.get("state", {})):
                    message = state.get("terminated", {}).get("message", "")
                    if "cor.yaml" in message:
                        return _last_line(message)
        return ""


def _restarts(pod: dict[str, Any]) -> int:
    return sum(int(one["restartCount"]) for one in pod.get("status", {}).get("containerStatuses", []))


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
