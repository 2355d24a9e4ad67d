from __future__ import annotations

from typing import cast

import pytest

from relay.engine.kafka import Cluster, KafkaRefused, Outgoing
from relay.engine.provision.declared import declared_topics
from relay.engine.sizes import DECLARED, TopicLimits, largest_of_event, target_sizes
from relay.engine.topics import CURRENT, LETTERS, MEBIBYTE, OBSERVED, PROCORE, WRAPPING_BYTES
from schemas import Unwritable


class Settled:
    """A cluster that tells some limits, and refuses to tell the others."""

    def __init__(self, limits: dict[str, int]) -> None:
        self._limits = limits

    def settings(self, topics: list[str]) -> dict[str, dict[str, str]]:
        (name,) = topics
        if name not in self._limits:
            raise KafkaRefused(name)
        return {name: {"max.message.bytes": str(self._limits[name])}}


def told(**limits: int) -> Cluster:
    topics = {"lane": PROCORE.commands, "backfill": PROCORE.backfill, "inbox": PROCORE.inbox, "ledger": PROCORE.ledger}
    topics |= {"observed": OBSERVED, "current": CURRENT}
    return cast(Cluster, Settled({topics[name].name("p-"): limit for name, limit in limits.items()}))


def test_what_may_not_be_read_is_as_declared() -> None:
    assert target_sizes(told(), "p-", PROCORE) == DECLARED["procore"]
    assert DECLARED["procore"].command == 8 * MEBIBYTE - 64 * 1024


@pytest.mark.parametrize("lowered", ["lane", "backfill"])
def test_a_command_fits_both_lanes(lowered: str) -> None:
    assert target_sizes(told(**{lowered: MEBIBYTE}), "p-", PROCORE).limit == MEBIBYTE


@pytest.mark.parametrize(("inbox", "limit"), [(4 * MEBIBYTE, 2 * MEBIBYTE), (MEBIBYTE, MEBIBYTE // 2), (1000, 500)])
def test_a_command_fits_the_inbox_in_its_wrapping(inbox: int, limit: int) -> None:
    sizes = target_sizes(told(inbox=inbox), "p-", PROCORE)
    assert sizes.limit == limit
    assert 0 < sizes.command < limit


def test_an_event_fits_both_of_its_topics() -> None:
    assert largest_of_event(told(observed=MEBIBYTE, current=8 * MEBIBYTE), "p-") == MEBIBYTE - 64 * 1024
    assert largest_of_event(told(observed=8 * MEBIBYTE, current=MEBIBYTE), "p-") == MEBIBYTE - 64 * 1024


@pytest.mark.parametrize("largest", [3 * MEBIBYTE, 4 * MEBIBYTE, WRAPPING_BYTES])
def test_the_limits_of_topics_follow_from_the_largest_message(largest: int) -> None:
    wanted = declared_topics("p-", 1, largest_message=largest)
    limits = {name: int(spec.settings["max.message.bytes"]) for name, spec in wanted.items()}
    wrapping = {topic.name("p-") for topic in (LETTERS, PROCORE.inbox)}
    assert {limits[name] for name in wrapping} == {largest}
    assert limits[OBSERVED.name("p-")] == limits[PROCORE.commands.name("p-")] == largest - 2 * MEBIBYTE


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [(0, MEBIBYTE, 0), (MEBIBYTE, 0, 0), (0, 0, MEBIBYTE), (MEBIBYTE // 2, MEBIBYTE // 2, 0)],
)
def test_a_record_that_its_topic_would_not_take_is_refused_beforehand(key: int, value: int, headers: int) -> None:
    limits = TopicLimits.on_cluster(told(observed=MEBIBYTE), "p-", [OBSERVED, CURRENT])
    large = (("name", bytes(headers)),)
    with pytest.raises(Unwritable, match=r"takes \d+ bytes, and the topic carries at most 1048576"):
        limits.check(Outgoing(OBSERVED.name("p-"), bytes(key), bytes(value), headers=large))
    limits.check(Outgoing(CURRENT.name("p-"), bytes(key), bytes(value), headers=large))
    limits.check(Outgoing(OBSERVED.name("p-"), b"key", bytes(limits.value(OBSERVED.name("p-")))))
