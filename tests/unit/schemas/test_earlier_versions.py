"""Records written in the version that somebody else still reads."""

from __future__ import annotations

import pytest

from relay.domain.record_types import RECORD_TYPES
from relay.engine.record_codec import record_codec
from schemas import RECORDS, Codec, Published, published
from schemas.framing import frame_of, single_object
from tests.unit.schemas.golden_files import OneSchema
from tests.unit.schemas.samples import SAMPLES

TOPIC = "topic"
EARLIER = [version for record in RECORDS for version in published(record)[:-1]]
EVERY = pytest.mark.parametrize("version", EARLIER, ids=lambda version: f"{version.record} {version.version}")


def writing(version: Published) -> Codec:
    codec = record_codec()
    codec.write_at_most({version.record: version.version})
    return codec


@EVERY
def test_every_record_can_be_written_in_every_version(version: Published) -> None:
    sample, codec = SAMPLES[version.record], writing(version)
    data = codec.encode(sample, TOPIC)
    assert frame_of(data) == single_object(version.schema)
    there = record_codec().decode(data, type(sample))
    assert codec.encode(there, TOPIC) == data, "nothing that the version knows is left away"
    assert record_codec().encode(there, TOPIC) != record_codec().encode(sample, TOPIC), "the sample has what is newer"


def test_what_is_not_named_is_written_in_its_newest_version() -> None:
    codec = writing(EARLIER[0])
    for record in set(RECORDS) - {EARLIER[0].record}:
        assert frame_of(codec.encode(SAMPLES[record], TOPIC)) == single_object(published(record)[-1].schema)


@pytest.mark.parametrize("beyond", [-1, 0, 1_000])
def test_a_number_that_is_no_version_is_the_nearest(beyond: int) -> None:
    version = EARLIER[0]
    codec = record_codec()
    codec.write_at_most({version.record: beyond})
    every = published(version.record)
    nearest = every[0] if beyond < 1 else every[-1]
    assert frame_of(codec.encode(SAMPLES[version.record], TOPIC)) == single_object(nearest.schema)


def test_it_can_be_taken_back() -> None:
    version = EARLIER[0]
    codec = writing(version)
    codec.encode(SAMPLES[version.record], TOPIC)
    codec.write_at_most({})
    assert codec.encode(SAMPLES[version.record], TOPIC) == record_codec().encode(SAMPLES[version.record], TOPIC)


def test_a_registry_is_asked_for_that_version() -> None:
    version = EARLIER[0]
    registry = OneSchema(version.schema)
    codec = Codec(RECORD_TYPES, registry)
    codec.write_at_most({version.record: version.version})
    data = codec.encode(SAMPLES[version.record], TOPIC)
    assert codec.decode(data, type(SAMPLES[version.record]))
    assert registry.asked == [version]
