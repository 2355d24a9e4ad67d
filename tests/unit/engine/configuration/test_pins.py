"""Numbers and names in the file stand for what they are pinned to, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.engine.configuration import load_configuration
from relay.engine.configuration.pins import PinnedName
from relay.engine.configuration.problems import ConfigurationError

TEXT = """
accounts:
  constructiononline:
    acme: {{email: relay@acme.example, password_file: secret, api_key_file: secret}}
  procore:
    acme: {{company_id: 4200, client_id_file: secret, client_secret_file: secret}}
routes:
  - from: {{system: constructiononline, account: acme, project: {project}}}
    targets:
      - {{name: owner, system: procore, account: acme, project_id: {project_id}, contract_id: {contract_id},
         contract: prime, tiers: 2}}
"""
NAMED = {"project": "{name: Tower B}", "project_id": "{number: 2026-009}", "contract_id": "{number: PC-001}"}
PINNED = {
    "constructiononline:acme/project:name:Tower B": "77",
    "procore:acme/project:number:2026-009": "315",
    "procore:acme/project:315/prime:number:PC-001": "44023",
}


def written(folder: Path, **stated: str) -> Path:
    file = folder / "cor.yaml"
    file.write_text(TEXT.format(**(NAMED | stated)), encoding="utf-8")
    return file


def pinned(name: PinnedName) -> str | None:
    return PINNED.get(name.key)


def test_a_name_stands_for_the_id_that_it_is_pinned_to(tmp_path: Path) -> None:
    (route,) = load_configuration(written(tmp_path), secrets_of=(), pins=pinned).routing.routes
    assert route.source.project == "77"
    assert route.targets[0].destination.name == "315/44023"


def test_ids_ask_for_no_pin(tmp_path: Path) -> None:
    file = written(tmp_path, project="77", project_id="315", contract_id="44023")

    def asked(name: PinnedName) -> str | None:
        raise AssertionError(name)

    assert load_configuration(file, secrets_of=(), pins=asked).routing.routes[0].source.project == "77"


def test_what_is_not_pinned_is_refused_where_it_stands(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(written(tmp_path), secrets_of=())
    said = str(refused.value)
    for key in ("routes[0].from.project", "routes[0].targets[0].project_id", "routes[0].targets[0].contract_id"):
        assert key in said
    assert "cor topics apply" in said


@pytest.mark.parametrize(
    ("key", "stated"),
    [
        ("project", "{title: Tower B}"),
        ("project", "{name: Tower B, number: '1'}"),
        ("project", "{name: ' '}"),
        ("project_id", "{name: [Tower]}"),
        ("contract_id", "{name: Prime}"),
        ("contract_id", "{}"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, key: str, stated: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        load_configuration(written(tmp_path, **{key: stated}), secrets_of=(), pins=lambda name: "1")
