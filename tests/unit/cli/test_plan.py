"""``cor plan`` shows what it found, whatever becomes of keeping it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from operations.forecast.calls import Forecast
from operations.plan.plan import Plan
from relay.engine.kafka import KafkaRefused
from tests.cor_command import Ended, cor

PLAN = Plan(
    plan_id="1a2b3c4d-0000",
    at=datetime(2026, 3, 1, tzinfo=UTC),
    file=Path("cor.yaml"),
    digest="abcd",
    routes=("tower",),
    rows=(),
    calls=7,
    forecast=Forecast(),
    read_up_to={},
    renamed=(),
)


CONFIGURATION = """
accounts:
  constructiononline:
    acme: {email: relay@acme.example, password_file: secret, api_key_file: secret}
  procore:
    acme: {company_id: 4200, client_id_file: secret, client_secret_file: secret}
routes:
  - name: tower
    from: {system: constructiononline, account: acme, project: 7}
    mode: dry_run
    targets:
      - {name: main, system: procore, account: acme, project_id: 315, contract_id: 44021, contract: work_order,
         tiers: 2}
"""


def planned(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path, *options: str) -> Ended:
    """Somebody plans who may not write to the audit."""

    def refused(*_: Any) -> None:
        raise KafkaRefused("TopicAuthorizationFailed")

    file = folder / "cor.yaml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    (folder / "secret").write_text("s", encoding="utf-8")
    monkeypatch.setenv("COR_CONFIG", str(file))
    monkeypatch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", "localhost:1")
    monkeypatch.setattr("operations.plan.plan.make_plan", lambda *_: PLAN)
    monkeypatch.setattr("operations.plan.recorded.record_plan", refused)
    return cor(capsys, "plan", *options)


def test_a_plan_that_cannot_be_kept_is_shown_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = planned(capsys, monkeypatch, tmp_path)
    assert ended.code == 1
    assert "Plan 1a2b3c4d" in ended.out
    assert "shown but not kept" in ended.err
    assert "TopicAuthorizationFailed" in ended.err


def test_json_stays_one_document_that_says_whether_it_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = planned(capsys, monkeypatch, tmp_path, "--json")
    assert (ended.code, ended.json["plan_id"], ended.json["kept"]) == (1, PLAN.plan_id, False)
