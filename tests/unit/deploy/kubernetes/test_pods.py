from __future__ import annotations

import re

import pytest

from operations import stages
from tests.unit.deploy.kubernetes.manifests import ALL, NAMES, STAGES, Resource, Workload, named, of_kind, shown

every = pytest.mark.parametrize("workload", ALL, ids=shown)
every_stage = pytest.mark.parametrize("workload", STAGES, ids=shown)


@pytest.mark.parametrize("name", NAMES)
def test_each_stage_has_a_workload_of_its_name(name: str) -> None:
    found = {one.name: one.cor["args"] for one in STAGES if one.overlay == name}
    assert found == {stage: ["run", stage] for stage in stages.STAGES}


@every
def test_a_pod_has_no_rights_that_it_does_not_need(workload: Workload) -> None:
    pod = workload.pod["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert min(pod["runAsUser"], pod["runAsGroup"]) > 10_000
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert workload.containers
    for container in workload.containers:
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["readOnlyRootFilesystem"] is True
        assert own["capabilities"] == {"drop": ["ALL"]}


@every
def test_a_pod_shares_nothing_with_its_node(workload: Workload) -> None:
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(workload.pod)
    assert {kind for one in workload.pod["volumes"] for kind in one} <= {"name", "secret", "configMap", "emptyDir"}


@every
def test_a_pod_has_no_token_of_the_cluster(workload: Workload) -> None:
    assert workload.pod["automountServiceAccountToken"] is False
    account = named(of_kind(workload.overlay, "ServiceAccount"))[workload.pod["serviceAccountName"]]
    assert account["automountServiceAccountToken"] is False


@every
def test_memory_is_bounded_above_what_is_asked_for_and_the_processor_is_not(workload: Workload) -> None:
    """A heartbeat that waits for a share of a processor costs the partitions."""
    for container in workload.containers:
        resources = container["resources"]
        assert resources["limits"].keys() == {"memory"}
        assert mebibytes(resources["requests"]["memory"]) <= mebibytes(resources["limits"]["memory"])
        assert resources["requests"].keys() == {"cpu", "memory", "ephemeral-storage"}


def mebibytes(quantity: str) -> int:
    assert quantity.endswith("Mi")
    return int(quantity.removesuffix("Mi"))


@every
def test_what_a_process_died_of_stands_where_people_look(workload: Workload) -> None:
    assert all(container["terminationMessagePolicy"] == "FallbackToLogsOnError" for container in workload.containers)


@pytest.mark.parametrize("name", NAMES)
def test_the_job_does_not_try_again_what_cannot_succeed_and_keeps_its_log(name: str) -> None:
    """Exit code 2 is a wrong file or setting (README); a pod failure policy needs ``Never`` (Kubernetes, 'Jobs')."""
    job = named(of_kind(name, "Job"))["provision"]["spec"]
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert job["podFailurePolicy"]["rules"] == [
        {"action": "FailJob", "onExitCodes": {"containerName": "cor", "operator": "In", "values": [2]}}
    ]


@every
def test_what_is_written_goes_to_a_folder_that_may_be_written_to_and_is_bounded(workload: Workload) -> None:
    assert workload.files()["/tmp"]["emptyDir"]["sizeLimit"]


@every_stage
def test_a_stage_is_probed_where_it_answers(workload: Workload) -> None:
    cor = workload.cor
    assert {one["name"]: str(one["containerPort"]) for one in cor["ports"]} == {
        "metrics": workload.environment()["COR_METRICS_PORT"]
    }
    paths = {kind: cor[kind]["httpGet"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {kind: (one["path"], one["port"]) for kind, one in paths.items()} == {
        "startupProbe": ("/readyz", "metrics"),
        "livenessProbe": ("/livez", "metrics"),
        "readinessProbe": ("/readyz", "metrics"),
    }
    assert workload.environment()["COR_METRICS_ADDRESS"] == "::"


@every_stage
def test_eviction_takes_one_at_a_time_and_never_waits_for_a_broken_one(workload: Workload) -> None:
    budgets = [
        one
        for one in of_kind(workload.overlay, "PodDisruptionBudget")
        if chosen(one["spec"]["selector"], workload.labels)
    ]
    (budget,) = budgets
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@every_stage
def test_a_stage_has_a_stable_name_and_a_service_that_gives_it(workload: Workload) -> None:
    spec = workload.resource["spec"]
    assert workload.environment()["COR_INSTANCE"] == "<metadata.name>"
    service = named(of_kind(workload.overlay, "Service"))[spec["serviceName"]]
    assert service["spec"]["clusterIP"] == "None"
    assert chosen({"matchLabels": service["spec"]["selector"]}, workload.labels)


@every_stage
def test_no_two_stages_claim_each_other_s_pods(workload: Workload) -> None:
    others = [one for one in ALL if one.overlay == workload.overlay and one.resource["kind"] != "Job"]
    claimed = [one.name for one in others if chosen(workload.resource["spec"]["selector"], one.labels)]
    assert claimed == [workload.name]


@every_stage
def test_instances_of_a_stage_are_spread_over_zones_and_nodes(workload: Workload) -> None:
    spread = workload.pod["topologySpreadConstraints"]
    assert {one["topologyKey"] for one in spread} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    for one in spread:
        assert chosen(one["labelSelector"], workload.labels)
        assert one["matchLabelKeys"] == ["app.kubernetes.io/component"]


def test_production_names_its_image_by_digest() -> None:
    images = {one["image"] for workload in ALL if workload.overlay == "prod" for one in workload.containers}
    assert len(images) == 1
    assert re.fullmatch(r"[^@]+@sha256:[0-9a-f]{64}", images.pop())


def test_production_covers_a_lost_node() -> None:
    replicas = {one.name: one.resource["spec"]["replicas"] for one in STAGES if one.overlay == "prod"}
    # The tables of views are made again on another node; nothing waits for them.
    assert {name for name, count in replicas.items() if count < 2} == {"views"}


def chosen(selector: Resource, labels: dict[str, str]) -> bool:
    """Whether a selector takes a pod with these labels."""
    equal = selector.get("matchLabels", {}).items() <= labels.items()
    among = all(labels.get(one["key"]) in one["values"] for one in selector.get("matchExpressions", []))
    return equal and among
