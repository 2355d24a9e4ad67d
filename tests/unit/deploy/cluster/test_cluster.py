"""What ``make cluster`` does, with a program in kubectl's place: its own logic, and not a cluster's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from deploy.cluster import __main__ as command
from deploy.cluster.overlay import NAMESPACE, Overlay
from deploy.cluster.surroundings import address_for
from deploy.cluster.verdicts import STEPS, NotProven, Record
from deploy.kubernetes.forms import CUSTOM, OLDEST, newest, refused
from deploy.kubernetes.rendering import render
from relay.engine.configuration import load_configuration
from relay.engine.configuration.problems import ConfigurationError

FAKE = Path(__file__).with_name("fake_kubectl.py")
REMOTES = {
    "constructiononline": "http://10.0.0.9:1",
    "procore": "http://10.0.0.9:2",
    "cinx": "http://10.0.0.9:3",
}


class Around:
    """Surroundings in which everything arrives."""

    host, kafka, remotes = "10.0.0.9", "10.0.0.9:9092", REMOTES

    def editing(self) -> nullcontext[None]:
        return nullcontext()

    def await_arrived(self, configuration: Path) -> None:
        assert "contract_no" not in configuration.read_text(encoding="utf-8")

    def longest_pause(self) -> float:
        return 1.5


@contextmanager
def around(host: str) -> Iterator[Around]:
    assert host == "10.0.0.9"
    yield Around()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """With the program that stands in for kubectl first on the path."""
    program = tmp_path / "kubectl"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    ours = {"KUBECONFIG": "a file", "IMAGE": "relay:1", "COR_CLUSTER_HOST": "10.0.0.9", "FAKE_KUBECTL": str(tmp_path)}
    return {**ours, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


def asked(environment: Mapping[str, str]) -> list[str]:
    return (Path(environment["FAKE_KUBECTL"]) / "asked").read_text(encoding="utf-8").splitlines()


def test_without_a_cluster_it_renders_validates_and_says_what_it_did_not_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main({}) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == f"Not run, since KUBECONFIG names no cluster: {', '.join(STEPS)}."
    assert [line.split(":")[0] for line in said[:-1]] == ["overlay dev", "overlay prod"]
    assert all(release in said[0] for release in (OLDEST, *newest()))


def test_every_step_is_made_and_the_namespace_is_gone_afterwards(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    command.prove(environment, around)
    said = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in said[:-1]] == list(STEPS)
    assert "1.5 s" in next(line for line in said if line.startswith("a killed pod"))
    assert "contract_no is unknown" in next(line for line in said if line.startswith("a wrong configuration"))
    lines = asked(environment)
    assert lines[-1].startswith(f"delete namespace {NAMESPACE}")
    applied = [at for at, line in enumerate(lines) if line.startswith("apply -k")]
    assert len(applied) == 3, "right, wrong, right again"
    assert all(lines[at - 1].startswith("delete job provision") for at in applied), "a Job cannot be changed"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("not ready", "timed out waiting"),
        ("killed", "ends by itself"),
        ("namespace", "is there already"),
        ("refused", r"provision has failed \(PodFailurePolicy\): cor: no such topic"),
        ("not ready", "mapper-0: ErrImagePull: relay:1 is not here"),
    ],
)
def test_what_is_not_as_it_must_be_is_said(environment: dict[str, str], fault: str, said: str) -> None:
    with pytest.raises(NotProven, match=said):
        command.prove({**environment, "FAKE_KUBECTL_FAULT": fault}, around)
    is_ours = fault != "namespace"
    assert any(line.startswith("delete namespace") for line in asked(environment)) == is_ours


def test_a_step_that_fails_is_not_told_as_done() -> None:
    said: list[str] = []
    record = Record(said.append)
    with pytest.raises(NotProven), record.step("work"):
        raise NotProven("nothing arrived")
    assert not said
    assert not record.done


def overlay(folder: Path) -> Overlay:
    return Overlay(folder, "registry.example:5000/relay:7", host="10.0.0.9", kafka="10.0.0.9:9092", remotes=REMOTES)


def test_the_overlay_is_dev_with_this_image_kafka_and_way_out(tmp_path: Path) -> None:
    made = overlay(tmp_path)
    resources = render(made.write(made.right))
    assert {one["apiVersion"].partition("/")[0] for one in resources}.isdisjoint(CUSTOM)
    assert refused(resources, newest()[-1]) == []
    pods = [one["spec"]["template"]["spec"] for one in resources if one["kind"] in ("StatefulSet", "Job", "Deployment")]
    containers = [container for pod in pods for container in pod["containers"]]
    assert {one["image"] for one in containers} == {"registry.example:5000/relay:7"}
    assert {one["imagePullPolicy"] for one in containers} == {"IfNotPresent"}
    settings = [one["data"] for one in resources if one["metadata"]["name"].startswith("settings-")]
    assert [one["COR_KAFKA_BOOTSTRAP_SERVERS"] for one in settings] == ["10.0.0.9:9092"]
    secrets = {one["metadata"]["name"] for one in resources if one["kind"] == "Secret"}
    mounted = {one["secret"]["secretName"] for pod in pods for one in pod["volumes"] if "secret" in one}
    assert mounted == secrets | {"tables"}, "which are in a file here, and a file has no password"
    assert {one["metadata"].get("namespace", NAMESPACE) for one in resources} == {NAMESPACE}
    assert "10.0.0.9/32" in str([one for one in resources if one["kind"] == "NetworkPolicy"])


def test_the_right_configuration_is_one_and_the_wrong_one_is_refused(tmp_path: Path) -> None:
    made, file = overlay(tmp_path), tmp_path / "cor.yaml"
    made.write(made.right)
    load_configuration(file, secrets_of=())
    made.write(made.wrong)
    with pytest.raises(ConfigurationError, match=r"cor\.yaml"):
        load_configuration(file, secrets_of=())


def test_the_address_is_the_named_one_or_that_towards_the_cluster() -> None:
    assert address_for("https://127.0.0.1:6443", {"COR_CLUSTER_HOST": "192.0.2.7"}) == "192.0.2.7"


@pytest.mark.parametrize("server", ["https://127.0.0.1:6443", "https://0.0.0.0:40001", "https://[::1]:6443"])
def test_an_address_that_no_pod_reaches_is_refused_with_what_to_say(server: str) -> None:
    """Clusters on this machine, as kind and k3s make them, have their API there."""
    with pytest.raises(NotProven, match="name in COR_CLUSTER_HOST"):
        address_for(server, {})
