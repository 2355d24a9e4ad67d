from __future__ import annotations

from pathlib import Path

import pytest

from operations.stages import LOGS_IN_AT
from relay.engine.configuration import load_configuration
from relay.engine.configuration.accounts import MODELS
from relay.engine.settings import PREFIX, Settings, read_settings, variable
from tests.unit.deploy.kubernetes.manifests import ALL, NAMES, STAGES, Resource, Workload, configuration, of_kind, shown

every = pytest.mark.parametrize("workload", ALL, ids=shown)
every_stage = pytest.mark.parametrize("workload", STAGES, ids=shown)

CREDENTIALS = "/run/secrets/change-order-relay"
CLOSING_SECONDS = 10
"""For the interpreter to start ending and the container to be gone."""


def settings_of(workload: Workload, folder: Path, container: Resource | None = None) -> Settings:
    """The settings of a container of a pod, else of the relay's, with files of this machine where it has Secrets."""
    environment, mounted = workload.environment(container), workload.files(container)
    for name, value in environment.items():
        if name.endswith("_FILE"):
            file = folder / Path(value).relative_to("/")
            if str(Path(value).parent) in mounted:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("secret")
            environment[name] = str(file)
    instance = environment.get("COR_INSTANCE", "none").replace("<metadata.name>", f"{workload.name}-0")
    ours = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    return read_settings({**ours, "COR_INSTANCE": instance})


@every
def test_every_variable_is_one_of_the_settings(workload: Workload) -> None:
    known = {variable(field) for field in Settings.model_fields}
    assert {name for name in workload.environment() if name.startswith(PREFIX)} <= known
    assert {name for name in workload.environment() if not name.startswith(PREFIX)} <= {"COMPONENT"}


@every
def test_the_settings_of_every_pod_are_right(workload: Workload, tmp_path: Path) -> None:
    for container in workload.containers:
        settings = settings_of(workload, tmp_path / container["name"], container)
        assert settings.configuration_file() == Path("/etc/change-order-relay/cor.yaml")


@every_stage
def test_the_grace_period_is_longer_than_the_shutdown_budget(workload: Workload, tmp_path: Path) -> None:
    budget = settings_of(workload, tmp_path).shutdown_budget
    assert workload.pod["terminationGracePeriodSeconds"] >= budget + CLOSING_SECONDS


@every_stage
def test_a_process_may_wait_for_kafka_and_restore_before_it_counts_as_not_started(
    workload: Workload, tmp_path: Path
) -> None:
    probe = workload.cor["startupProbe"]
    patience = settings_of(workload, tmp_path).patience  # for Kafka, for the registry, for topics and names
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 3 * patience + 60


@every_stage
def test_a_stage_is_killed_for_standing_still_only_after_it_counts_as_stalled(workload: Workload) -> None:
    probe = workload.cor["livenessProbe"]
    assert probe["failureThreshold"] >= 3
    assert probe["timeoutSeconds"] >= 3


@every
def test_secrets_are_files_and_never_variables(workload: Workload) -> None:
    for container in workload.containers:
        assert not [source for source in container.get("envFrom", []) if "secretRef" in source]
        assert not [one for one in container.get("env", []) if "secretKeyRef" in one.get("valueFrom", {})]
    secrets = [one["secret"] for one in workload.pod["volumes"] if "secret" in one]
    assert {one["defaultMode"] for one in secrets} <= {0o440}


@every
def test_a_pod_has_the_credentials_of_the_system_that_it_logs_in_at_and_no_others(workload: Workload) -> None:
    """A break-in at the mapper gives no remote system away."""
    mounted = {
        path: volume["secret"]["secretName"]
        for path, volume in workload.files().items()
        if "secret" in volume and path.startswith(CREDENTIALS)
    }
    assert all(path == f"{CREDENTIALS}/{system}" for path, system in mounted.items())
    assert ("tables" in mounted.values()) == (workload.name in {"views", "console"}), "who reads the tables' database"
    systems = set(mounted.values()) - {"tables"}
    if workload.is_stage:
        assert systems == set(filter(None, [LOGS_IN_AT.get(workload.name)]))
    else:
        assert systems == (set(MODELS) if workload.name == "console" else set())


@every
def test_a_stage_of_a_system_without_an_account_starts_without_its_secret(workload: Workload) -> None:
    own = [volume["secret"] for path, volume in workload.files().items() if path.startswith(CREDENTIALS)]
    assert all(secret["optional"] for secret in own)


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_is_kept_with_the_manifests(name: str) -> None:
    assert of_kind(name, "Secret") == []


@every
def test_every_file_that_a_variable_names_is_mounted(workload: Workload) -> None:
    for container in workload.containers:
        folders, variables = workload.files(container), workload.environment(container)
        files = [value for name, value in variables.items() if name.endswith("_FILE") or name == "COR_CONFIG"]
        assert [file for file in files if str(Path(file).parent) not in folders] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_configuration_is_valid_and_its_secrets_are_where_the_pods_have_them(name: str, tmp_path: Path) -> None:
    text = configuration(name)
    here = text.replace(CREDENTIALS, str(tmp_path))
    for line in here.splitlines():
        key, _, value = line.strip().partition(": ")
        if key.endswith("_file"):
            assert value.startswith(str(tmp_path)), f"{key} is not under {CREDENTIALS}"
            Path(value).parent.mkdir(exist_ok=True)
            Path(value).write_text("secret")
    (tmp_path / "cor.yaml").write_text(here)
    accounts = load_configuration(tmp_path / "cor.yaml").accounts()
    assert accounts
    for key, account in accounts.items():
        files = [value for field, value in account if field.endswith("_file") and value]
        assert {file.parent for file in files} == {tmp_path / key.partition(":")[0]}


@every
def test_a_changed_configuration_rolls_the_pods(workload: Workload) -> None:
    """The names of ConfigMaps end in a hash of their content."""
    names = {one["metadata"]["name"] for one in of_kind(workload.overlay, "ConfigMap")}
    used = [one["configMap"]["name"] for one in workload.pod["volumes"] if "configMap" in one]
    named = [source["configMapRef"] for source in workload.cor["envFrom"]]
    used += [one["name"] for one in named if one["name"] != "tables"]  # Which is not there with tables in a file.
    assert len(used) == 2
    assert all(one in names and one.rpartition("-")[0] in {"settings", "configuration"} for one in used)


def test_no_two_overlays_are_one_installation() -> None:
    installations = [settings["COR_INSTALLATION"] for settings in map(_settings, NAMES)]
    assert len(set(installations)) == len(NAMES)


def _settings(name: str) -> Resource:
    (found,) = [one["data"] for one in of_kind(name, "ConfigMap") if "COR_INSTALLATION" in one["data"]]
    return dict(found)


def test_what_is_deployed_as_an_example_sends_nothing() -> None:
    assert [name for name in NAMES if "mode: live" in configuration(name)] == []
