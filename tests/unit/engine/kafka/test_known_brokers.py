from __future__ import annotations

from types import SimpleNamespace

import pytest
from kafka.net.manager import KafkaConnectionManager

from relay.engine.kafka.kafka_python_workarounds import mend_network


class Known:
    """What a client knows: the brokers that lived when it last heard, whom it was given, and how they have answered."""

    def __init__(self, living: list[int], failed: set[object], connected: set[object]) -> None:
        self.cluster = SimpleNamespace(
            brokers=lambda: [SimpleNamespace(node_id=one) for one in living],
            bootstrap_brokers=lambda: [SimpleNamespace(node_id="bootstrap-0"), SimpleNamespace(node_id="bootstrap-1")],
        )
        self._backoff = dict.fromkeys(failed, (1, 0.0, 0))
        self._conns = {one: SimpleNamespace(connected=True, paused=False, in_flight_requests=()) for one in connected}

    def connection_delay(self, node: object) -> float:
        return 1.0 if node == "bootstrap-0" and node in self._backoff else 0.0


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (Known([3], {3}, set()), {"bootstrap-0", "bootstrap-1"}),
        (Known([3], {3, "bootstrap-0"}, set()), {"bootstrap-1"}),
        (Known([3], set(), set()), {3}),
        (Known([3], {3}, {3}), {3}),
        (Known([], set(), set()), {"bootstrap-0", "bootstrap-1"}),
    ],
)
def test_a_client_whose_known_brokers_are_away_asks_those_that_it_was_given_at_first(
    known: Known, asked: set[object]
) -> None:
    mend_network()
    assert {KafkaConnectionManager.least_loaded_node(known) for _ in range(50)} == asked
