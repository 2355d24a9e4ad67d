from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.unit.deploy.kubernetes.manifests import ALL, NAMES, STAGES, Resource, Workload, of_kind, shown
from tests.unit.deploy.kubernetes.test_pods import chosen

every = pytest.mark.parametrize("workload", ALL, ids=shown)

CALLS_REMOTES = {"poll-constructiononline", "poll-procore", "poll-cinx", "procore-writer", "cinx-submitter", "console"}


def policies(workload: Workload, direction: str) -> list[Resource]:
    """The rules of one direction that hold for a pod."""
    return [
        rule
        for policy in of_kind(workload.overlay, "NetworkPolicy")
        if chosen(policy["spec"]["podSelector"], workload.labels)
        for rule in policy["spec"].get(direction, [])
    ]


def reaches(rules: list[Resource], port: int) -> bool:
    return any(one["port"] <= port <= one.get("endPort", one["port"]) for rule in rules for one in rule["ports"])


@pytest.mark.parametrize("name", NAMES)
def test_what_no_policy_names_is_refused(name: str) -> None:
    everything = [one["spec"] for one in of_kind(name, "NetworkPolicy") if one["spec"]["podSelector"] == {}]
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in everything


@every
def test_every_rule_names_peers_and_ports(workload: Workload) -> None:
    for rule in policies(workload, "egress"):
        assert rule["to"]
        assert rule["ports"]
    for rule in policies(workload, "ingress"):
        assert rule["from"]
        assert rule["ports"]


@every
def test_every_pod_reaches_names_and_the_kafka_that_its_settings_name(workload: Workload) -> None:
    rules = policies(workload, "egress")
    host, _, port = workload.environment()["COR_KAFKA_BOOTSTRAP_SERVERS"].partition(":")
    assert host.endswith(".kafka.svc")
    assert reaches(rules, 53)
    assert reaches([rule for rule in rules if into(rule, "kafka")], int(port))


@every
def test_a_registry_that_the_settings_name_is_reached(workload: Workload) -> None:
    url = workload.environment().get("COR_SCHEMA_REGISTRY_URL")
    if url is None:
        assert not reaches(policies(workload, "egress"), 8081)
        return
    assert reaches([rule for rule in policies(workload, "egress") if into(rule, "kafka")], urlsplit(url).port or 443)


@every
def test_the_world_is_open_only_to_what_calls_a_remote_system(workload: Workload) -> None:
    outside = [rule for rule in policies(workload, "egress") if any("ipBlock" in peer for peer in rule["to"])]
    assert bool(outside) == (workload.name in CALLS_REMOTES)
    for rule in outside:
        assert rule["ports"] == [{"protocol": "TCP", "port": 443}]
        assert all(peer["ipBlock"]["except"] for peer in rule["to"]), "the cluster's own addresses are no remote system"


@pytest.mark.parametrize("workload", STAGES, ids=shown)
def test_only_metrics_are_served_and_only_to_who_collects_them(workload: Workload) -> None:
    """And the page, to the proxy before it."""
    rule, *page = policies(workload, "ingress")
    assert [one["port"] for one in rule["ports"]] == ["metrics"]
    assert into(rule, "monitoring", key="from")
    assert [(one["ports"], into(one, "ingress", key="from")) for one in page] == [
        ([{"protocol": "TCP", "port": "page"}], True)
        for container in workload.containers
        if container["name"] == "page"
    ]


def into(rule: Resource, namespace: str, key: str = "to") -> bool:
    """Whether a rule is about a namespace of this cluster."""
    peers = [peer.get("namespaceSelector", {}).get("matchLabels", {}) for peer in rule[key]]
    return {"kubernetes.io/metadata.name": namespace} in peers
