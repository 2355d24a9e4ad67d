"""The story of one change order from the tables, with Kafka out of reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.environment import Environment
from operations.trace.from_tables import trace_in_tables
from relay.domain.control import Subject
from tests.unit.operations.digest.test_daily import environment, filled
from tests.unit.workers.views.tables import hold_on, key_of, observed

FILE = """
accounts:
  constructiononline: {acme: {email: a@b.example, password_file: p, api_key_file: k}}
  procore: {acme: {company_id: 4200, client_id_file: p, client_secret_file: p}}
routes:
  - name: tower
    from: {system: constructiononline, account: acme, project: {name: Tower B}}
    targets:
      - {name: owner, system: procore, account: acme, project_id: 315, contract_id: 44023, contract: prime, tiers: 2}
"""


def test_a_held_target_is_called_by_its_route_of_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, [observed("17", 0), hold_on(0, Subject.TARGET, "owner")])
    file = tmp_path / "cor.yaml"
    file.write_text(FILE, encoding="utf-8")
    monkeypatch.setattr(Environment, "pins", property(lambda self: pytest.fail("Kafka is asked what is pinned")))
    told = trace_in_tables(environment(tmp_path, 1, config=file), key_of("17"))
    assert [hold.what for hold in told.found.holds] == ["target tower/owner"]
