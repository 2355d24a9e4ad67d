"""``cor backup`` says what it has copied, and what of it nobody can read."""

from __future__ import annotations

from pathlib import Path

from relay.engine.kafka import Outgoing
from relay.engine.topics import OBSERVED
from schemas.framing import confluent
from tests.integration.cli.conftest import Place


def test_ids_that_mean_nothing_here_are_told(place: Place, tmp_path: Path) -> None:
    without = place.cor("backup", str(tmp_path / "before"))
    assert without.code == 0
    assert "schema" not in without.out
    place.write([Outgoing(OBSERVED.name(place.prefix), b"a", confluent(7000) + b"of a stranger", 0)])
    told = place.cor("backup", str(tmp_path / "copy"))
    assert told.code == 0
    assert "or that are none of ours (7000)" in " ".join(told.out.split())
    said = place.cor("backup", str(tmp_path / "again"), "--json").json["copied"]
    assert (said["schemas"], said["unknown_schemas"]) == (0, [7000])
