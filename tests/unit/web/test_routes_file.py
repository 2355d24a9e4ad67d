from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from operations.errors import Refused
from relay.engine.configuration.pins import PinnedName
from relay.engine.kafka import KafkaUnreachable
from web import routes_file
from web.routes_file import RoutesFile


class Pins:
    """Of a Kafka that is not reached, and one that is."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_there = False

    def __call__(self, name: PinnedName) -> str | None:
        self.asked += 1
        if not self.is_there:
            raise KafkaUnreachable("no broker answers at localhost:1")
        return "315"


def test_what_keeps_the_routes_from_being_read_is_remembered_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "configuration.yaml"
    file.write_text("routes: []")
    pins, now = Pins(), [1000.0]
    settings = SimpleNamespace(configuration_file=lambda: file)

    def load(file: Path, *, secrets_of: object, pins: Any) -> Any:
        assert pins(cast(PinnedName, None)) == "315"
        return SimpleNamespace(routing="routes")

    monkeypatch.setattr(routes_file, "load_configuration", load)
    routes = RoutesFile(cast(Any, SimpleNamespace(settings=settings, pins=pins)), clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(Refused, match=r"by number or name stand for is read from Kafka, and no broker answers"):
            routes()
    assert pins.asked == 1
    pins.is_there = True
    now[0] += 61
    assert cast(Any, routes()) == "routes"
    assert cast(Any, routes()) == "routes"
    assert pins.asked == 2
    pins.is_there = False
    file.write_text("routes: [] # changed")
    with pytest.raises(Refused):
        routes()
    assert pins.asked == 3
