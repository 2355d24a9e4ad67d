"""Records that are not handed out lie on the topics: commands read on behind them, and say so."""

from __future__ import annotations

from contextlib import closing

import pytest
from kafka import KafkaProducer

from relay.engine.topics import LETTERS, OBSERVED, OUTCOMES
from tests.conftest import PARTITIONS
from tests.integration.cli.conftest import Place, key_of
from tests.integration.cli.test_letters import unrouted

UNFOLDED = 16 * 1024 * 1024
"""Bytes of a record that is a few kilobytes as long as it is compressed: more than any of ours may have."""


@pytest.fixture
def withheld(place: Place) -> Place:
    """A letter, and then on every partition of history a batch that is not handed out."""
    place.cor("topics", "apply", "--partitions", str(PARTITIONS))
    unrouted(place, "1")
    producer = KafkaProducer(
        bootstrap_servers=place.connection.bootstrap_servers, compression_type="gzip", max_request_size=2**30
    )
    with closing(producer):
        for topic in (OBSERVED, OUTCOMES, LETTERS):
            for number in range(PARTITIONS):
                producer.send(topic.name(place.prefix), bytes(UNFOLDED), key=b"foreign", partition=number)
        producer.flush(60)
    return place


@pytest.mark.parametrize(
    ("arguments", "topics"),
    [
        (("letters", "list"), (LETTERS,)),
        (("trace", "1"), (OBSERVED, OUTCOMES, LETTERS)),
        (("replay", "--all", "--dry-run"), (OBSERVED, LETTERS)),
    ],
)
def test_a_command_reads_on_and_names_what_it_leaves_out(
    withheld: Place, arguments: tuple[str, ...], topics: tuple[object, ...]
) -> None:
    ended = withheld.cor(*arguments)
    assert ended.code == 0, ended.err
    assert key_of("1") in ended.out or "route.missing" in ended.out
    for topic in (OBSERVED, OUTCOMES, LETTERS):
        assert (topic.name(withheld.prefix) in ended.err) == (topic in topics)


def test_status_counts_it_as_lag(withheld: Place) -> None:
    ended = withheld.cor("status", "--json")
    assert ended.code == 0, ended.err
    lags = {stage["stage"]: stage["lag"] for stage in ended.json["stages"]}
    assert lags["mapper"] == 1 + PARTITIONS
    assert ended.json["letters"]["open"] == 1
