from __future__ import annotations

from pathlib import Path

import pytest

from operations.check.polling import intervals
from relay.engine.configuration import load_configuration

CONFIGURATION = """
accounts:
  constructiononline:
    acme: {{email: a@b.example, password_file: secret, api_key_file: secret, poll_interval: {source}}}
  procore:
    acme: {{company_id: 4200, client_id_file: secret, client_secret_file: secret{more}}}
    idle: {{company_id: 4300, client_id_file: secret, client_secret_file: secret}}
routes:
  - from: {{system: constructiononline, account: acme}}
    targets:
"""
TARGET = """
      - {{name: t{0}, system: procore, account: acme, project_id: {0}, contract_id: {0}, contract: prime, tiers: 2}}"""


def said(folder: Path, *, projects: int, more: str = "", source: str = "60s") -> list[str]:
    (folder / "secret").write_text("secret-4711", encoding="utf-8")
    targets = "".join(TARGET.format(number) for number in range(1, projects + 1))
    (folder / "cor.yaml").write_text(CONFIGURATION.format(more=more, source=source) + targets, encoding="utf-8")
    return intervals(load_configuration(folder / "cor.yaml")).split("\n")


@pytest.mark.parametrize(
    ("projects", "more", "sentence"),
    [
        (1, "", "every 60 s asked, every 2 min possible, with 1 project"),
        (5, "", "every 60 s asked, every 10 min possible, with 5 projects"),
        (5, ", poller_share: 0.5", "every 60 s asked, every 2 min possible, with 5 projects"),
        (5, ", poll_interval: 15m", "every 15 min, with 5 projects"),
        (5, ", requests_per_hour: 6000", "every 60 s, with 5 projects"),
    ],
)
def test_what_is_asked_and_what_is_possible_is_said_of_each_company(
    tmp_path: Path, projects: int, more: str, sentence: str
) -> None:
    assert said(tmp_path, projects=projects, more=more)[1:] == [f"procore:acme: {sentence}"]


def test_the_limit_of_the_source_is_counted_with_too(tmp_path: Path) -> None:
    assert said(tmp_path, projects=1)[0] == "constructiononline:acme: every 60 s"
    first = said(tmp_path, projects=1, source="5s")[0]
    assert first == "constructiononline:acme: every 5 s asked, every 29 s possible"
