"""Whatever is saved over the configuration of a running process: the last good file stays, and everybody is carried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import httpx
import pytest

from deploy.local import Kafka
from relay.engine.kafka import Connection
from tests.faults.harness import awaited
from tests.faults.whole_relay import ANSWERS_WITHIN, WholeRelay, customer, whole_relay
from tests.unit.engine.configuration.test_hostile_files import FOUND, refusal_of

pytestmark = [pytest.mark.storm, pytest.mark.timeout(600)]

DAMAGED = 8
"""Files that begin as the right one and were damaged somewhere, by a seed."""


@pytest.fixture
def relay(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str) -> Iterator[WholeRelay]:
    with ExitStack() as stack:
        yield whole_relay(tmp_path, kafka, connection, provisioned, {"acme": customer("acme", stack)})


def test_no_file_ends_a_process_that_works(relay: WholeRelay) -> None:
    file = relay.folder / "cor.yaml"
    right = file.read_bytes()
    with relay.running() as process:
        relay.carries("Before", process)
        for wrong in [*FOUND, *damaged(right, Random(5), relay.folder)]:
            file.write_bytes(wrong)
            awaited(lambda: is_valid(relay) == 0, f"{wrong[:80]!r} to be refused")
            relay.is_well(process)
            file.write_bytes(right)
            awaited(lambda: is_valid(relay) == 1, "the right file to be taken over again")
        file.write_bytes(FOUND[0])
        awaited(lambda: is_valid(relay) == 0, "the last wrong file to be refused")
        relay.carries("Beside a wrong file", process)
    assert not relay.customers["acme"].doubled()


def is_valid(relay: WholeRelay) -> float:
    port = re.findall(r'"port": (\d+), "event": "telemetry.served"', relay.log())[-1]
    page = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=ANSWERS_WITHIN).text
    return float(re.findall(r"^cor_configuration_valid (\S+)$", page, re.MULTILINE)[0])


def damaged(right: bytes, chance: Random, folder: Path) -> Iterator[bytes]:
    """Only what is refused: what is read all the same may say something else."""
    found, scratch = 0, folder / "damaged.yaml"
    while found < DAMAGED:
        at = chance.randrange(len(right))
        cut = right[: at + chance.randrange(2)] + chance.randbytes(chance.randrange(1, 4)) + right[at:]
        wrong = chance.choice([cut, right[:at] + right[at + chance.randrange(1, 60) :]])
        scratch.write_bytes(wrong)
        if refusal_of(scratch) is not None:
            found += 1
            yield wrong
