"""Tables in PostgreSQL, with no page on which people decide: production with the line of that component."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.kubernetes.forms import CUSTOM, refused
from tests.unit.deploy.kubernetes import test_network, test_settings
from tests.unit.deploy.kubernetes.manifests import WORKLOADS, Workload, named, of_kind, overlay, production_with
from tests.unit.deploy.kubernetes.test_forms import RELEASES


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The overlay, by its folder."""
    return production_with("tables", tmp_path_factory.mktemp("kubernetes"))


@pytest.mark.parametrize("release", RELEASES)
def test_kubernetes_knows_every_field(name: str, release: str) -> None:
    assert refused([one for one in overlay(name) if not one["apiVersion"].startswith(CUSTOM)], release) == []


def test_every_process_finds_the_files_that_its_variables_name(name: str, tmp_path: Path) -> None:
    for resource in of_kind(name, *WORKLOADS):
        workload = Workload(name, resource)
        test_settings.test_every_file_that_a_variable_names_is_mounted(workload)
        test_settings.test_the_settings_of_every_pod_are_right(workload, tmp_path / workload.name)


def test_the_console_reads_the_tables_and_logs_in_at_the_remote_systems_as_reconciling_needs(
    name: str, tmp_path: Path
) -> None:
    views = Workload(name, named(of_kind(name, "StatefulSet"))["views"])
    console = Workload(name, named(of_kind(name, "Deployment"))["console"])
    for workload in (views, console):
        settings = test_settings.settings_of(workload, tmp_path / workload.name)
        assert (settings.views_url or "").startswith("postgresql://"), workload.name
        assert any(str(settings.views_password_file).endswith(f"{folder}/password") for folder in workload.files())
        assert test_network.reaches(
            [rule for rule in test_network.policies(workload, "egress") if test_network.into(rule, "postgresql")], 5432
        )
    secrets = {one["secret"]["secretName"] for one in console.pod["volumes"] if "secret" in one}
    assert {"constructiononline", "procore", "cinx"} <= secrets
    assert "decider" not in named(of_kind(name, "Deployment"))
