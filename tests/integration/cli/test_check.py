from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.sandbox.process import simulated
from tests.integration.cli.conftest import Place

SECRETS = {
    "password": "sandbox-password",
    "key": "sandbox-api-key",
    "client": "sandbox-client",
    "client-secret": "sandbox-secret",
}

CONFIGURATION = """
accounts:
  constructiononline:
    acme: {{email: relay@acme.example, password_file: password, api_key_file: key, base_url: {constructiononline}/api}}
  procore:
    acme: {{company_id: 4200, client_id_file: client, client_secret_file: client-secret, api_url: {procore},
            login_url: {procore}}}
  cinx:
    acme: {{email: relay@acme.example, password_file: password, base_url: {cinx}}}
routes: []
"""


@pytest.fixture
def remotes(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The three simulated systems, and a configuration that names them."""
    with ExitStack() as stack:
        urls = {one: stack.enter_context(simulated(one)).url for one in ("constructiononline", "procore", "cinx")}
        project = {"id": 1321036, "name": "3931 E Lake Blvd"}
        httpx.post(f"{urls['constructiononline']}/_sandbox/people/create_project", json=project).raise_for_status()
        for name, secret in SECRETS.items():
            (tmp_path / name).write_text(secret, encoding="utf-8")
        (tmp_path / "cor.yaml").write_text(CONFIGURATION.format(**urls), encoding="utf-8")
        yield urls


def test_a_set_up_that_is_well_is_proven_with_what_was_said_and_no_secret(
    place: Place, remotes: dict[str, str]
) -> None:
    (place.folder / "cor.yaml").write_text(CONFIGURATION.format(**remotes), encoding="utf-8")
    assert place.cor("topics", "apply", "--partitions", "2").code == 0
    ended = place.cor("check", "--json")
    assert {one["check"]: one["ok"] for one in ended.json["checks"]} == dict.fromkeys(
        (
            "settings",
            "configuration",
            "kafka",
            "topics",
            "schemas",
            "names",
            "routes",
            "polling",
            "constructiononline:acme",
            "procore:acme",
            "cinx:acme",
        ),
        True,
    )
    assert (ended.code, ended.json["ok"]) == (0, True)
    exchanges = {one["check"]: one["exchanges"] for one in ended.json["checks"]}
    assert exchanges["procore:acme"][-1]["sent"] == f"GET {remotes['procore']}/rest/v1.0/me"
    assert exchanges["procore:acme"][-1]["answer"].startswith("200 OK: ")
    assert exchanges["cinx:acme"][0]["sent"] == f"GET {remotes['cinx']}/2.0/subs"
    printed = place.cor("check").out + ended.out
    assert "All is well." in printed
    for secret in (*list(SECRETS.values())[:2], SECRETS["client-secret"]):
        assert secret not in printed
    assert '"access_token":"[secret]"' in printed


def test_each_thing_that_is_wrong_is_told_and_the_others_are_still_checked(
    place: Place, remotes: dict[str, str]
) -> None:
    (place.folder / "cor.yaml").write_text(CONFIGURATION.format(**remotes), encoding="utf-8")
    (place.folder / "client-secret").write_text("not-the-secret", encoding="utf-8")
    ended = place.cor("check", "--json")
    found = {one["check"]: one for one in ended.json["checks"]}
    assert ended.code == 1
    assert [name for name, one in found.items() if not one["ok"]] == ["names", "procore:acme"]
    assert "cor topics apply" in found["names"]["said"]
    assert "client id or secret" in found["procore:acme"]["said"]
    assert found["procore:acme"]["exchanges"][0]["answer"].startswith("401")
    assert "not-the-secret" not in ended.out


CINX_ROUTE = """
routes:
  - from: {{system: constructiononline, account: acme, project: 1321036}}
    targets:
      - {{name: steel, system: cinx, account: acme, purchase_order: PO-123, fields: {{{fields}}}}}
"""


def cinx_of(place: Place, remotes: dict[str, str], fields: str) -> tuple[int, dict[str, Any]]:
    """How the CINX account is judged beside a route that sets these fields."""
    text = (CONFIGURATION.replace("routes: []", "") + CINX_ROUTE).format(**remotes, fields=fields)
    (place.folder / "cor.yaml").write_text(text, encoding="utf-8")
    assert place.cor("topics", "apply", "--partitions", "2").code == 0
    ended = place.cor("check", "--json")
    return ended.code, next(one for one in ended.json["checks"] if one["check"] == "cinx:acme")


def test_cinx_is_asked_for_subscription_and_template_and_routes_are_compared(
    place: Place, remotes: dict[str, str]
) -> None:
    code, found = cinx_of(place, remotes, "delivery.attention: Site office")
    assert (code, found["ok"]) == (0, True)
    assert "template version" in found["said"]
    assert [one["sent"].rpartition("/2.0/")[2].rpartition("/")[2] for one in found["exchanges"]] == ["subs", "poco"]


def test_a_field_that_the_template_does_not_have_is_wrong_configuration(place: Place, remotes: dict[str, str]) -> None:
    code, found = cinx_of(place, remotes, "delivery.planet: Earth, delivery.attention: Site office")
    assert (code, found["ok"]) == (2, False)
    assert "constructiononline:acme project 1321036, target steel, fields.delivery.planet" in found["said"]
    assert "attention" not in found["said"]


FOUR_WRONG = """
routes:
  - from: {{system: constructiononline, account: acme, project: 99901}}
    targets:
      - {{name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}}
  - from: {{system: constructiononline, account: acme, project: 1321036}}
    targets:
      - {{name: lost, system: procore, account: acme, project_id: 99315, contract_id: 44021, contract: work_order,
          tiers: 2}}
      - {{name: rebar, system: procore, account: acme, project_id: 315, contract_id: 44021, contract: prime, tiers: 2}}
      - {{name: steel, system: cinx, account: acme, purchase_order: PO-999}}
      - {{name: light, system: cinx, account: acme, purchase_order: PO-124}}
"""


def test_each_source_and_each_target_is_proven_and_four_that_are_wrong_are_four_lines(
    place: Place, remotes: dict[str, str]
) -> None:
    text = (CONFIGURATION.replace("routes: []", "") + FOUR_WRONG).format(**remotes)
    (place.folder / "cor.yaml").write_text(text, encoding="utf-8")
    assert place.cor("topics", "apply", "--partitions", "2", "--unproven").code == 0
    ended = place.cor("check")
    assert ended.code == 1
    wrong = [line.split(maxsplit=1)[1] for line in ended.out.splitlines() if line.startswith("WRONG")]
    assert wrong == [
        "source constructiononline:acme project 99901",
        "target constructiononline:acme:1321036:lost in procore:acme",
        "target constructiononline:acme:1321036:rebar in procore:acme",
        "target constructiononline:acme:1321036:steel in cinx:acme",
    ]
    assert "cor.yaml:" in ended.out
    assert "routes[1].targets[1].contract: stated prime, and contract 44021 is a work_order" in ended.out
    assert "sandbox-secret" not in ended.out


def test_another_template_version_than_the_routes_were_written_for_is_told(
    place: Place, remotes: dict[str, str]
) -> None:
    text = CONFIGURATION.format(**remotes).replace(
        "password_file: password, base_url: " + remotes["cinx"],
        "password_file: password, template_version: '0.9', base_url: " + remotes["cinx"],
    )
    assert "template_version" in text
    (place.folder / "cor.yaml").write_text(text, encoding="utf-8")
    ended = place.cor("check", "--json")
    found = next(one for one in ended.json["checks"] if one["check"] == "cinx:acme")
    assert "instead of 0.9" in found["said"]
    assert "template_version" in found["said"]


def test_an_account_without_the_import_is_not_well(place: Place, remotes: dict[str, str]) -> None:
    gone = {"name": "poco", "status": 404}
    httpx.post(f"{remotes['cinx']}/_sandbox/people/template_gone", json=gone).raise_for_status()
    code, found = cinx_of(place, remotes, "delivery.attention: Site office")
    assert (code, found["ok"]) == (1, False)
    assert "POCO import not available for this account" in found["said"]


def test_wrong_settings_are_2(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.folder / "cor.yaml").write_text("accounts: {}\n", encoding="utf-8")
    ended = place.cor("check", "--json")
    assert ended.code == 2
    assert not next(one for one in ended.json["checks"] if one["check"] == "configuration")["ok"]
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", "nonsense")
    ended = place.cor("check", "--json")
    assert (ended.code, [one["check"] for one in ended.json["checks"]]) == (2, ["settings"])
