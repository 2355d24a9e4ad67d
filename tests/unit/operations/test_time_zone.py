from __future__ import annotations

from pathlib import Path

import pytest

from operations.environment import Environment, codec_of, connection_of
from operations.time_zone import time_zone
from relay.engine.settings import Settings

FILE = """
accounts:
  procore:
    acme: {company_id: 4200, time_zone: %s}
    other: {company_id: 4201%s}
routes:
  - from: {system: procore, account: acme, project_number: "2024-17"}
"""


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        (FILE % ("America/Chicago", ""), "America/Chicago"),
        (FILE % ("America/Chicago", ", time_zone: America/Chicago"), "America/Chicago"),
        (FILE % ("America/Chicago", ", time_zone: America/Denver"), "UTC"),
        (FILE % ("UTC", ", time_zone: America/Denver"), "America/Denver"),
        (FILE % ("Nowhere/AtAll", ""), "UTC"),
        (FILE % ("[a]", ""), "UTC"),
        ("accounts: [1]\n", "UTC"),
        ("accounts: {procore: [1]}\n", "UTC"),
        ("- 1\n", "UTC"),
        ("accounts: {\n", "UTC"),
        ("", "UTC"),
        (None, "UTC"),
    ],
)
def test_the_zone_that_accounts_agree_on_is_read_of_the_file_alone(tmp_path: Path, text: str | None, zone: str) -> None:
    """Also where a route's project would have to be looked up at Kafka: nothing answers there."""
    file = tmp_path / "cor.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    settings = Settings(kafka_bootstrap_servers="localhost:1", config=file)
    assert time_zone(Environment(settings, connection_of(settings), codec_of(settings))) == zone
