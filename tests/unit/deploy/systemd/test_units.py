"""The units: what systemd says of them, and that they fit the relay's stages, settings and exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cli.errors import Exit
from deploy.kubernetes.alerts import groups
from operations.stages import LOGS_IN_AT, STAGES
from relay.engine.configuration import load_configuration
from relay.engine.settings import Settings, read_settings, variable
from tests.unit.deploy.systemd.units import FOLDER, PROGRAM, complaints, copied, entries, values, verified

STAGE = FOLDER / "cor@.service"
PROVISION = FOLDER / "cor-provision.service"
TARGET = FOLDER / "cor.target"
DROP_INS = {name: FOLDER / f"cor@{name}.service.d" / "stage.conf" for name in STAGES}
WEB = FOLDER / "cor-web.service"
FILES = [STAGE, PROVISION, WEB, TARGET, *DROP_INS.values()]
CONFIGURATION = "/etc/change-order-relay"
CLOSING_SECONDS = 10

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
every_stage = pytest.mark.parametrize("name", STAGES)


def environment(*files: Path) -> dict[str, str]:
    """The variables that units set; a later one goes before an earlier one."""
    lines = (FOLDER / "settings.env").read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line and not line.startswith("#")]
    return dict(
        line.split("=", 1) for line in [*told, *(line for file in files for line in values(file, "Environment"))]
    )


@every_file
def test_a_strict_reader_takes_every_line(file: Path) -> None:
    assert complaints(file) == []


def test_systemd_has_nothing_to_say_against_the_units(tmp_path: Path) -> None:
    """Where ``systemd-analyze`` is not there, the strict reader's word is all there is."""
    stages = [f"cor@{name}.service" for name in STAGES]
    assert not verified(copied(tmp_path), "cor.target", "cor-provision.service", "cor-web.service", *stages)


@pytest.mark.parametrize(
    ("there", "instead"),
    [("RestartPreventExitStatus", "RestartPreventsExitStatus"), ("TimeoutStopSec=200s", "TimeoutStopSec=soon")],
)
def test_a_slip_would_be_found(tmp_path: Path, there: str, instead: str) -> None:
    file = copied(tmp_path) / STAGE.name
    file.write_text(file.read_text(encoding="utf-8").replace(there, instead), encoding="utf-8")
    assert complaints(file)
    assert verified(tmp_path, "cor@mapper.service") != []


def test_the_target_has_every_stage_and_no_other() -> None:
    assert sorted(values(TARGET, "Wants")) == sorted(f"cor@{name}.service" for name in STAGES)
    assert {file.parent.name for file in FOLDER.glob("*.d/*")} == {f"cor@{name}.service.d" for name in STAGES}
    assert values(STAGE, "PartOf") == [TARGET.name]


def test_what_is_started_is_the_stage_of_the_name() -> None:
    assert values(STAGE, "ExecStart") == [f"{PROGRAM} run %i"]


def test_schemas_come_before_topics_and_these_before_the_stages() -> None:
    register, apply = values(PROVISION, "ExecStart")
    assert f"{PROGRAM} schemas register" in register
    assert apply == f"{PROGRAM} topics apply"
    assert PROVISION.name in values(STAGE, "After")[0].split()
    assert PROVISION.name in values(STAGE, "Wants")


@every_stage
def test_the_settings_of_every_stage_are_right(name: str) -> None:
    said = environment(STAGE, DROP_INS[name])
    settings = read_settings({key: value.replace("%i", name) for key, value in said.items() if key.startswith("COR_")})
    assert settings.instance == name
    assert {key for key in said if key.startswith("COR_")} <= {variable(field) for field in Settings.model_fields}


def test_a_stage_has_the_time_that_it_may_take_to_end() -> None:
    (seconds,) = values(STAGE, "TimeoutStopSec")
    settings = read_settings({key: value for key, value in environment().items() if key.startswith("COR_")})
    assert int(seconds.removesuffix("s")) >= settings.shutdown_budget + CLOSING_SECONDS
    (minutes,) = values(PROVISION, "TimeoutStartSec")
    assert int(minutes.removesuffix("min")) * 60 >= 3 * settings.patience + 60


@pytest.mark.parametrize("file", [STAGE, PROVISION, WEB], ids=lambda file: file.name)
def test_what_fails_is_started_again_and_a_wrong_setting_is_not(file: Path) -> None:
    assert values(file, "Restart") == ["on-failure"]
    assert values(file, "RestartPreventExitStatus") == [str(Exit.WRONG_USAGE.value)]
    assert values(file, "StartLimitIntervalSec") == ["0"]


def test_all_services_may_equally_little() -> None:
    """What stands behind ``DynamicUser`` is the same in all of them."""
    little = [
        [entry for entry in found[[key for _, key, _ in found].index("DynamicUser") :] if entry[0] == "Service"]
        for found in map(entries, (STAGE, PROVISION, WEB))
    ]
    assert little[0] == little[1] == little[2]
    said = {key: value for _, key, value in little[0]}
    assert said["NoNewPrivileges"] == said["DynamicUser"] == said["ProtectHome"] == said["PrivateTmp"] == "yes"
    assert (said["ProtectSystem"], said["CapabilityBoundingSet"]) == ("strict", "")


def test_the_page_reads_the_tables_of_views_as_its_user_and_holds_no_secret() -> None:
    assert values(WEB, "ExecStart") == [f"{PROGRAM} web"]
    for key in ("User", "StateDirectory"):
        assert values(WEB, key) == values(DROP_INS["views"], key) != []
    assert values(WEB, "LoadCredential") == [f"cor.yaml:{CONFIGURATION}/cor.yaml"]
    said = {key: value for key, value in environment(WEB).items() if key.startswith("COR_")}
    assert read_settings(said).views_url == "sqlite:////var/lib/change-order-relay/views.sqlite"


@every_stage
def test_a_stage_has_the_credentials_of_the_system_that_it_logs_in_at_and_no_others(name: str) -> None:
    loaded = values(DROP_INS[name], "LoadCredential")
    assert all(line == f"{key}:{CONFIGURATION}/{key}" for line in loaded for key in [line.partition(":")[0]])
    systems = {line.partition("-")[0] for line in loaded}
    assert systems == set(filter(None, [LOGS_IN_AT.get(name)]))
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(line.partition(":")[0] in readme for line in loaded)


def test_a_configuration_that_names_secrets_without_a_folder_finds_them_beside_it(tmp_path: Path) -> None:
    """The example of the manifests, with the names that systemd gives the files."""
    example = (FOLDER.parent / "kubernetes/overlays/prod/cor.yaml").read_text(encoding="utf-8")
    loaded = {line.partition(":")[0] for file in DROP_INS.values() for line in values(file, "LoadCredential")}
    for name in loaded:
        (tmp_path / name).write_text("secret", encoding="utf-8")
    (tmp_path / "cor.yaml").write_text(
        re.sub(r"/run/secrets/change-order-relay/(\w+)/", r"\1-", example), encoding="utf-8"
    )
    accounts = load_configuration(tmp_path / "cor.yaml").accounts().values()
    files = {value for account in accounts for field, value in account if field.endswith("_file") and value}
    assert files == {tmp_path / name for name in loaded}


@pytest.mark.parametrize("file", [STAGE, PROVISION], ids=lambda file: file.name)
def test_the_configuration_lies_among_the_credentials(file: Path) -> None:
    assert values(file, "LoadCredential") == [f"cor.yaml:{CONFIGURATION}/cor.yaml"]
    assert environment(file)["COR_CONFIG"] == "%d/cor.yaml"


def test_no_secret_is_a_variable() -> None:
    secret = re.compile("PASSWORD|SECRET|TOKEN|API_KEY")
    assert [key for key in environment(STAGE, PROVISION, *DROP_INS.values()) if secret.search(key)] == []


def test_prometheus_collects_from_every_stage_at_its_own_port() -> None:
    config = YAML(typ="safe", pure=True).load((FOLDER / "prometheus.yaml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    collected = {target["labels"]["pod"]: target["targets"] for target in job["static_configs"]}
    ports = {name: environment(file)["COR_METRICS_PORT"] for name, file in DROP_INS.items()}
    assert collected == {name: [f"127.0.0.1:{port}"] for name, port in ports.items()}
    assert len(set(ports.values())) == len(ports)
    (asked,) = [rule["expr"] for group in groups()["groups"] for rule in group["rules"] if "up{" in rule["expr"]]
    wanted = dict(re.findall(r'(\w+)="(\w+)"', asked))
    assert all(wanted.items() <= target["labels"].items() for target in job["static_configs"])
