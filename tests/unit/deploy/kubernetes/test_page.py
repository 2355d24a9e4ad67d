"""The page beside the tables, in the overlays that have it."""

from __future__ import annotations

from pathlib import Path

from deploy.kubernetes.rendering import HERE
from tests.unit.deploy.kubernetes.manifests import STAGES, named, of_kind
from tests.unit.deploy.kubernetes.test_settings import settings_of

(VIEWS,) = [one for one in STAGES if (one.overlay, one.name) == ("prod", "views")]
(PAGE,) = [one for one in VIEWS.containers if one["name"] == "page"]


def test_the_page_reads_the_tables_that_the_stage_beside_it_makes() -> None:
    assert PAGE["args"] == ["web"]
    assert PAGE["envFrom"] == VIEWS.cor["envFrom"]
    assert not [one for one in (*PAGE["env"], *VIEWS.cor["env"]) if one["name"] == "COR_VIEWS_URL"]
    assert VIEWS.environment()["COR_VIEWS_URL"].startswith("sqlite:////var/lib/change-order-relay/")
    tables = {one["name"]: one["mountPath"] for one in VIEWS.cor["volumeMounts"]}["tables"]
    assert {one["name"]: one["mountPath"] for one in PAGE["volumeMounts"]}["tables"] == tables
    secrets = {path for path, volume in VIEWS.files(PAGE).items() if "secret" in volume}
    assert secrets == {"/run/secrets/change-order-relay/tables", "/run/secrets/kafka", "/run/secrets/kafka-ca"}


def test_its_settings_are_right_and_it_answers_where_it_is_asked(tmp_path: Path) -> None:
    settings = settings_of(VIEWS, tmp_path, PAGE)
    assert settings.kafka_sasl_username == "change-order-relay-views", "the user of its pod"
    assert {one["name"]: one["containerPort"] for one in PAGE["ports"]} == {"page": settings.web_port}
    for probe in ("readinessProbe", "livenessProbe"):
        asked = PAGE[probe]["httpGet"]
        assert Path(HERE.parents[1] / "web" / asked["path"].removeprefix("/")).is_file()
        assert asked["httpHeaders"] == [{"name": "Host", "value": "localhost"}], "any other host is refused"


def test_the_service_leads_to_it_also_while_the_stage_is_not_ready() -> None:
    service = named(of_kind("prod", "Service"))["page"]["spec"]
    assert service["selector"].items() <= VIEWS.labels.items()
    assert service["publishNotReadyAddresses"] is True
    assert [one["targetPort"] for one in service["ports"]] == ["page"]
