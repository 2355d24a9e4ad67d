"""A plan's commands lie on the disk, and are handed out as lanes would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from operations.environment import Environment, codec_of, connection_of
from operations.plan.lanes import LanesOnDisk
from relay.engine.kafka import Outgoing, Record
from relay.engine.settings import read_settings
from relay.engine.topics import CINX, PROCORE, Topic
from tests.unit.schemas.samples import SAMPLES

HEADERS = (("as-is", b"1"),)


@pytest.fixture
def environment() -> Environment:
    settings = read_settings({"COR_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "COR_TOPIC_PREFIX": "p-"})
    return Environment(settings, connection_of(settings), codec_of(settings))


def command(environment: Environment, topic: Topic, kind: str, number: int, partition: int) -> Outgoing:
    name = topic.name("p-")
    sample: Any = SAMPLES[kind]
    record = replace(sample, account=f"a{number % 2}", sequence=number)
    return Outgoing(name, b"%d" % number, environment.codec.encode(record, name), partition, HEADERS)


def test_each_place_hands_its_commands_out_in_their_order(environment: Environment) -> None:
    made = [
        command(environment, PROCORE.backfill, "ProcoreCommand", 1, 3),
        command(environment, CINX.backfill, "CinxCommand", 2, 0),
        command(environment, PROCORE.backfill, "ProcoreCommand", 4, 1),
        *(command(environment, PROCORE.commands, "ProcoreCommand", number, 3) for number in range(10, 22)),
    ]
    with closing(LanesOnDisk(environment)) as lanes:
        lanes.fill(iter(made))
        assert lanes.accounts == {("procore", 3): {"a0", "a1"}, ("cinx", 0): {"a0"}, ("procore", 1): {"a0"}}
        assert list(lanes.accounts) == [("procore", 3), ("cinx", 0), ("procore", 1)]
        for place, wanted in ((("procore", 3), [made[0], *made[3:]]), (("cinx", 0), [made[1]])):
            handed_out = lanes.records(place)
            assert isinstance(handed_out, Iterator)
            assert list(handed_out) == [
                Record(one.topic, place[1], offset, one.key, one.value, HEADERS, 0) for offset, one in enumerate(wanted)
            ]
