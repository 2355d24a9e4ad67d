"""The compose file: images, rights, settings and waiting are those that the relay and this tree ask for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploy.kubernetes.alerts import groups
from deploy.local.containers import KAFKA_IMAGE, REGISTRY_IMAGE
from deploy.local.java_registry import CONFLUENT_PATH
from deploy.monitoring import dashboards, rules
from relay.engine.configuration.accounts import MODELS
from relay.engine.settings import PREFIX, read_settings

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "deploy" / "compose"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
CLOSING_SECONDS = 10
OWN = {"provision", "relay", "page", "decisions", "mail", "cor"}
LONG_LIVED = {"kafka", "registry", "relay", "page", "proxy", "decisions", "login", "mail", "prometheus", "grafana"}


def loaded(file: Path) -> Any:
    return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))


COMPOSE: dict[str, Any] = loaded(FOLDER / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

every_service = pytest.mark.parametrize("name", SERVICES)
every_own = pytest.mark.parametrize("name", sorted(OWN))


def mounts(name: str) -> dict[str, str]:
    """What a service sees where: source by target, without what follows."""
    return {volume.split(":")[1]: volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])}


def said(value: str) -> str:
    """A variable without anything of the installation's own."""
    return re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value)


@every_service
def test_no_service_may_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode"} & set(service)
    assert not service.get("user", "").startswith(("0", "root"))


@every_own
def test_the_relay_runs_as_the_user_of_its_image(name: str) -> None:
    dockerfile = (ROOT / "deploy/image/Dockerfile").read_text(encoding="utf-8")
    assert f"USER {SERVICES[name]['user']}\n" in dockerfile
    assert SERVICES[name]["user"] == "10001:10001"


@every_service
def test_every_image_is_pinned_by_its_version(name: str) -> None:
    image = SERVICES[name]["image"]
    default = re.sub(r"^\$\{COR_IMAGE:-(.*)\}$", r"\1", image)
    assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", default)


def test_the_images_are_those_that_the_tests_run_on() -> None:
    assert SERVICES["kafka"]["image"] == KAFKA_IMAGE
    assert SERVICES["registry"]["image"] == REGISTRY_IMAGE
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {SERVICES[name]["image"] for name in OWN} == {f"${{COR_IMAGE:-change-order-relay:{version}}}"}
    assert f"IMAGE=change-order-relay:{version}" in README
    assert set(re.findall(r"apache/kafka:[\d.]+", README)) == {KAFKA_IMAGE}


@pytest.mark.parametrize("name", sorted(LONG_LIVED))
def test_what_lives_long_says_whether_it_is_well_and_starts_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - LONG_LIVED))
def test_what_ends_does_not_start_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "no"


def test_the_relay_waits_for_topics_and_these_for_kafka_and_registry() -> None:
    healthy = {"condition": "service_healthy"}
    assert SERVICES["provision"]["depends_on"] == {"kafka": healthy, "registry": healthy}
    assert SERVICES["relay"]["depends_on"]["provision"] == {"condition": "service_completed_successfully"}
    assert SERVICES["provision"]["command"] == ["cor schemas register && exec cor topics apply"]


@every_own
def test_the_settings_are_right(name: str) -> None:
    environment = SERVICES[name]["environment"]
    assert all(variable.startswith(PREFIX) for variable in environment)
    settings = read_settings({name: said(value) for name, value in environment.items()})
    assert str(settings.configuration_file().parent) in mounts(name)
    assert str(settings.schema_registry_url).endswith(CONFLUENT_PATH)
    grace = int(SERVICES["relay"]["stop_grace_period"].removesuffix("s"))
    assert grace >= settings.shutdown_budget + CLOSING_SECONDS


def test_the_relay_counts_as_not_started_only_after_its_patience() -> None:
    settings = read_settings({**SERVICES["relay"]["environment"], "COR_INSTALLATION": "one-machine"})
    start = int(SERVICES["relay"]["healthcheck"]["start_period"].removesuffix("s"))
    assert start >= 3 * settings.patience + 60


def test_the_broker_reaches_itself_over_a_listener_that_no_client_is_told() -> None:
    kafka = SERVICES["kafka"]["environment"]
    bound = dict(listener.split("://") for listener in kafka["KAFKA_LISTENERS"].split(","))
    told = dict(listener.split("://") for listener in kafka["KAFKA_ADVERTISED_LISTENERS"].split(","))
    own = kafka["KAFKA_INTER_BROKER_LISTENER_NAME"]
    assert told[own] == bound[own]
    assert bound[own].startswith("127.0.0.1:")
    assert told["CLIENT"] == SERVICES["relay"]["environment"]["COR_KAFKA_BOOTSTRAP_SERVERS"]
    assert own != "CLIENT"


def test_one_broker_asks_for_no_second_one_and_forgets_nothing_by_itself() -> None:
    kafka = SERVICES["kafka"]["environment"]
    factors = {value for name, value in kafka.items() if name.endswith(("REPLICATION_FACTOR", "_ISR", "REPLICAS"))}
    assert factors == {"1"}
    assert kafka["KAFKA_LOG_RETENTION_MS"] == "-1"
    assert kafka["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert kafka["KAFKA_LOG_DIRS"] in mounts("kafka")
    assert SERVICES["registry"]["environment"]["APICURIO_STORAGE_KIND"] == "kafkasql"


def test_kafka_has_no_login_and_so_no_way_in() -> None:
    assert COMPOSE["networks"]["kafka"] == {"internal": True}
    assert SERVICES["kafka"]["networks"] == SERVICES["registry"]["networks"] == ["kafka"]
    reaching = {name for name, service in SERVICES.items() if "kafka" in service["networks"]}
    assert reaching == {"kafka", "registry", *OWN} - {"page", "mail"}


def test_the_page_with_decisions_believes_the_proxy_and_nobody_else_reaches_it() -> None:
    page, proxy = SERVICES["decisions"], SERVICES["login"]
    settings = read_settings({name: said(value) for name, value in page["environment"].items()})
    assert settings.web_decisions
    assert settings.web_proxy == f"{proxy['networks']['login']['ipv4_address']}/32"
    assert COMPOSE["networks"]["login"]["internal"] is True
    assert {name for name, service in SERVICES.items() if "login" in service["networks"]} == {"decisions", "login"}
    assert "ports" not in page
    config = (FOLDER / "login.conf").read_text(encoding="utf-8")
    assert f"proxy_pass http://{page['networks']['login']['ipv4_address']}:{settings.web_port};" in config
    assert f"proxy_set_header {page['environment']['COR_WEB_USER_HEADER']} $remote_user;" in config
    assert "proxy_set_header Host $http_host;" in config
    assert set(re.findall(r"/run/secrets/login/(\S+);", config)) == set(re.findall(r"secrets/login/([\w.]+)`", README))


@every_service
def test_what_is_published_is_so_on_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@every_service
def test_secrets_are_files_and_never_variables(name: str) -> None:
    told = [key for key in SERVICES[name].get("environment", {}) if re.search("PASSWORD|SECRET|TOKEN|API_KEY", key)]
    assert all(key.endswith("_FILE") for key in told)
    assert "env_file" not in SERVICES[name]


def test_credentials_lie_where_the_example_of_the_configuration_names_them() -> None:
    folder = {source: target for target, source in mounts("relay").items()}["./secrets/relay"]
    example = (ROOT / "deploy/kubernetes/overlays/prod/cor.yaml").read_text(encoding="utf-8")
    files = re.findall(r"_file: (\S+)", example)
    assert files
    assert all(file.startswith(f"{folder}/") for file in files)
    assert {file.removeprefix(f"{folder}/").partition("/")[0] for file in files} == set(MODELS)
    assert {Path(file).name for file in files} <= set(re.findall(r"[a-z]+(?:-[a-z]+)?(?=`)", README))
    assert "/secrets/" in (FOLDER / ".gitignore").read_text(encoding="utf-8").splitlines()


@every_service
def test_every_file_that_is_mounted_is_there_or_belongs_to_the_installation(name: str) -> None:
    for source in mounts(name).values():
        if source.startswith(("./configuration", "./secrets")):
            assert source.removeprefix("./") in README
        elif source.startswith("."):
            assert (FOLDER / source).exists()
        else:
            assert source in COMPOSE["volumes"]


def test_prometheus_collects_from_the_relay_with_the_labels_that_the_rules_go_by() -> None:
    config = loaded(FOLDER / "prometheus.yaml")
    assert [mounts("prometheus")[file] for file in config["rule_files"]] == ["../monitoring/rules.yaml"]
    assert (FOLDER / "../monitoring/rules.yaml").resolve() == rules.FILE
    (job,) = config["scrape_configs"]
    (target,) = job["static_configs"]
    assert target["targets"] == [f"relay:{SERVICES['relay']['environment']['COR_METRICS_PORT']}"]
    asked = [rule["expr"] for group in groups()["groups"] for rule in group["rules"] if "up{" in rule["expr"]]
    assert len(asked) == 1
    for label, value in re.findall(r'(\w+)="(\w+)"', asked[0]):
        assert target["labels"][label] == value
    assert "pod" in target["labels"]
    assert set(SERVICES["prometheus"]["networks"]) <= set(SERVICES["relay"]["networks"])


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    (source,) = loaded(FOLDER / "grafana/datasources/prometheus.yaml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = loaded(FOLDER / "grafana/dashboards/files.yaml")["providers"]
    there = mounts("grafana")
    assert (FOLDER / there[provider["options"]["path"]]).resolve() == dashboards.FOLDER
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert (FOLDER / there[str(home.parent)] / home.name).exists()
    assert SERVICES["grafana"]["secrets"] == ["grafana-admin-password"]


def test_the_page_is_reached_through_the_login_and_by_no_other_way() -> None:
    assert "ports" not in SERVICES["page"]
    assert {name for name, service in SERVICES.items() if "page" in service["networks"]} == {"page", "proxy"}
    assert COMPOSE["networks"]["page"] == {"internal": True}
    assert SERVICES["proxy"]["ports"] == ["127.0.0.1:8080:8080"]
    file = FOLDER / mounts("proxy")["/etc/nginx/conf.d/default.conf"]
    text = re.sub(r"#.*", "", file.read_text(encoding="utf-8"))
    said = dict(re.findall(r"(\w+) ([^;{}]+);", text))
    assert said["auth_basic"] != "off"
    assert said["auth_basic_user_file"] == f"/run/secrets/{SERVICES['proxy']['secrets'][0]}"
    assert said["proxy_pass"] == "http://page:8080"
    assert text.count("location") == 1, "a second one could be without the login"
    assert "listen 8080" in text


def test_every_secret_is_told_and_read_by_one_service() -> None:
    read = [secret for service in SERVICES.values() for secret in service.get("secrets", [])]
    assert sorted(read) == sorted(COMPOSE["secrets"])
    for name, secret in COMPOSE["secrets"].items():
        assert secret["file"] == f"./secrets/{name}"
        assert f"`secrets/{name}`" in README
        assert f"chmod 400 secrets/{name}" in README


def test_what_is_looked_up_when_names_are_recorded_can_be_asked_for() -> None:
    """Projects and contracts that the file calls by number or name."""
    folder = "/run/secrets/change-order-relay"
    assert mounts("provision")[folder] == mounts("relay")[folder]
    assert "remotes" in SERVICES["provision"]["networks"]


def test_tables_go_with_the_topics_that_they_were_made_of() -> None:
    (removed,) = re.findall(r"docker volume rm (.+)", README)
    tables = Path(SERVICES["relay"]["environment"]["COR_VIEWS_URL"].removeprefix("sqlite:///"))
    assert set(removed.split()) == {
        f"{COMPOSE['name']}_{name}" for name in ("kafka", mounts("relay")[str(tables.parent)])
    }


def test_the_volume_that_is_backed_up_is_that_of_kafka() -> None:
    named = set(re.findall(rf"{COMPOSE['name']}_(\w+):/(?:from|to)", README))
    assert named == {source for source in mounts("kafka").values() if source in COMPOSE["volumes"]}


def test_every_link_of_the_page_leads_somewhere() -> None:
    for page, heading in re.findall(r"\]\(([^)#]+)#([\w-]+)\)", README):
        text = (FOLDER / page).read_text(encoding="utf-8")
        headings = {
            line.lower().replace(",", "").replace(" ", "-") for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        }
        assert heading in headings
