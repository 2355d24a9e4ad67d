"""What remotes answer to one customer's calls stops no stage and no other customer, whatever it is."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local import Kafka
from relay.engine.kafka import Connection
from tests.faults.harness import awaited
from tests.faults.hostile_remote import Spoiler, hostile_remote
from tests.faults.whole_relay import SYSTEMS, customer, whole_relay

pytestmark = [pytest.mark.storm, pytest.mark.timeout(600)]

ENOUGH = 8
"""Answers of each system that have to have been spoilt, for the test to say anything."""


@pytest.mark.parametrize("seed", [11, 29])
def test_one_customers_remotes_stop_nobody(
    tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, seed: int
) -> None:
    with ExitStack() as stack:
        healthy, odd = customer("acme", stack), customer("odd", stack)
        spoilers = {system: Spoiler(seed + at) for at, system in enumerate(SYSTEMS)}
        odd.addresses = {
            system: stack.enter_context(hostile_remote(odd.systems[system].url, spoiler))
            for system, spoiler in spoilers.items()
        }
        relay = whole_relay(tmp_path, kafka, connection, provisioned, {"acme": healthy, "odd": odd})
        for number in range(6):
            odd.enters(f"Odd {number}")
        with relay.running() as process:
            for number in range(4):
                relay.carries(f"Healthy {number}", process)
                relay.is_well(process)
                odd.enters(f"Odd later {number}")
            awaited(lambda: all(is_enough(spoilers, system) for system in SYSTEMS), "answers enough", 240.0)
            relay.carries("Healthy to the end", process)
        assert not healthy.doubled()


def is_enough(spoilers: dict[str, Spoiler], system: str) -> bool:
    return sum(spoilers[system].spoilt.values()) >= ENOUGH
