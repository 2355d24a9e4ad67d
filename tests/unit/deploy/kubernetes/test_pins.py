"""What a file calls by number or name: the overlay of production with the line of the component put in force."""

from __future__ import annotations

import pytest

from deploy.kubernetes.forms import CUSTOM, refused
from tests.unit.deploy.kubernetes import test_network, test_pods
from tests.unit.deploy.kubernetes.manifests import Workload, named, of_kind, overlay, production_with
from tests.unit.deploy.kubernetes.test_forms import RELEASES


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The overlay, by its folder."""
    return production_with("pins", tmp_path_factory.mktemp("kubernetes"))


@pytest.fixture(scope="module")
def provision(name: str) -> Workload:
    return Workload(name, named(of_kind(name, "Job"))["provision"])


@pytest.mark.parametrize("release", RELEASES)
def test_kubernetes_knows_every_field(name: str, release: str) -> None:
    assert refused([one for one in overlay(name) if not one["apiVersion"].startswith(CUSTOM)], release) == []


def test_who_records_names_logs_in_at_every_system_as_the_console_does(name: str, provision: Workload) -> None:
    console = Workload(name, named(of_kind(name, "Deployment"))["console"])
    for system in ("constructiononline", "procore", "cinx"):
        folder = f"/run/secrets/change-order-relay/{system}"
        assert provision.files()[folder] == console.files()[folder]
    test_pods.test_a_pod_has_no_rights_that_it_does_not_need(provision)


def test_the_way_to_the_systems_is_that_of_the_console(name: str, provision: Workload) -> None:
    def outside(workload: Workload) -> list[object]:
        rules = test_network.policies(workload, "egress")
        return [rule for rule in rules if any("ipBlock" in peer for peer in rule["to"])]

    assert outside(provision)
    assert outside(provision) == outside(Workload(name, named(of_kind(name, "Deployment"))["console"]))
