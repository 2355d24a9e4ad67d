from __future__ import annotations

from typing import cast

import pytest

from relay.engine.kafka import Cluster, KafkaRefused
from relay.engine.provision.declared import declared_topics
from relay.engine.sizes import DECLARED, largest_of_event, target_sizes
from relay.engine.topics import CURRENT, LETTERS, MEBIBYTE, OBSERVED, PROCORE, WRAPPING_BYTES


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
