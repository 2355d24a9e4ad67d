"""The page with decisions: the overlay of production with the line of its component put in force."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.kubernetes.forms import CUSTOM, refused
from tests.unit.deploy.kubernetes import test_network, test_pods, test_settings
from tests.unit.deploy.kubernetes.manifests import WORKLOADS, Workload, named, of_kind, overlay, production_with
from tests.unit.deploy.kubernetes.test_forms import RELEASES
from tests.unit.deploy.kubernetes.test_kafka_rights import user_of
from tests.unit.deploy.kubernetes.test_pods import chosen


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The overlay, by its folder."""
    return production_with("decisions", tmp_path_factory.mktemp("kubernetes"))


@pytest.fixture(scope="module")
def decider(name: str) -> Workload:
    return Workload(name, named(of_kind(name, "Deployment"))["decider"])


@pytest.mark.parametrize("release", RELEASES)
def test_kubernetes_knows_every_field(name: str, release: str) -> None:
    assert refused([one for one in overlay(name) if not one["apiVersion"].startswith(CUSTOM)], release) == []


@pytest.mark.parametrize(
    "holds",
    [
        test_pods.test_a_pod_has_no_rights_that_it_does_not_need,
        test_pods.test_a_pod_shares_nothing_with_its_node,
        test_pods.test_a_pod_has_no_token_of_the_cluster,
        test_pods.test_memory_is_bounded_above_what_is_asked_for_and_the_processor_is_not,
        test_pods.test_what_a_process_died_of_stands_where_people_look,
        test_pods.test_what_is_written_goes_to_a_folder_that_may_be_written_to_and_is_bounded,
        test_settings.test_every_variable_is_one_of_the_settings,
        test_network.test_every_rule_names_peers_and_ports,
        test_network.test_every_pod_reaches_names_and_the_kafka_that_its_settings_name,
        test_network.test_a_registry_that_the_settings_name_is_reached,
        test_network.test_the_world_is_open_only_to_what_calls_a_remote_system,
    ],
)
def test_what_holds_for_every_pod_holds_for_it(holds: Callable[[Workload], None], decider: Workload) -> None:
    holds(decider)


def test_every_process_finds_the_files_that_its_variables_name(name: str, tmp_path: Path) -> None:
    found = [Workload(name, resource) for resource in of_kind(name, *WORKLOADS)]
    assert len(found) > 10
    for workload in found:
        test_settings.test_every_file_that_a_variable_names_is_mounted(workload)
        test_settings.test_the_settings_of_every_pod_are_right(workload, tmp_path / workload.name)


def test_people_decide_there_whom_the_proxy_names_and_nobody_else_gets_to_it(
    name: str, decider: Workload, tmp_path: Path
) -> None:
    settings = test_settings.settings_of(decider, tmp_path)
    assert decider.cor["args"] == ["web"]
    assert settings.web_decisions
    assert decider.environment()["COR_WEB_USER_HEADER"] == "X-Forwarded-User"
    assert ipaddress.ip_network(decider.environment()["COR_WEB_PROXY"]).is_private
    assert settings.instance == "decider"
    assert decider.resource["spec"]["replicas"] == 1
    assert decider.resource["spec"]["strategy"] == {"type": "Recreate"}
    (rule,) = test_network.policies(decider, "ingress")
    assert rule["ports"] == [{"protocol": "TCP", "port": "page"}]
    (peer,) = rule["from"]
    assert peer["podSelector"]["matchLabels"], "a namespace is wider than a proxy"
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "ingress"}
    service = named(of_kind(name, "Service"))["decider"]["spec"]
    assert chosen({"matchLabels": service["selector"]}, decider.labels)
    assert [one["targetPort"] for one in service["ports"]] == ["page"]


def test_it_is_who_decides_at_kafka_and_logs_in_nowhere_else(decider: Workload) -> None:
    assert user_of(decider) == "change-order-relay-decider"
    secrets = {one["secret"]["secretName"] for one in decider.pod["volumes"] if "secret" in one}
    assert secrets == {"change-order-relay-decider", "kafka-ca", "tables"}


def test_all_who_read_the_tables_read_those_in_the_database(name: str, decider: Workload, tmp_path: Path) -> None:
    views = Workload(name, named(of_kind(name, "StatefulSet"))["views"])
    console = Workload(name, named(of_kind(name, "Deployment"))["console"])
    for workload in (views, console, decider):
        settings = test_settings.settings_of(workload, tmp_path / workload.name)
        assert (settings.views_url or "").startswith("postgresql://"), workload.name
        assert any(str(settings.views_password_file).endswith(f"{folder}/password") for folder in workload.files()), (
            workload.name
        )
        assert test_network.reaches(
            [rule for rule in test_network.policies(workload, "egress") if test_network.into(rule, "postgresql")], 5432
        )
    (page,) = [one for one in views.containers if one["name"] == "page"]
    assert not [one for one in page["env"] if one["name"] == "COR_VIEWS_URL"], "it is the settings'"
    assert "tables-password" in {one["name"] for one in page["volumeMounts"]}
