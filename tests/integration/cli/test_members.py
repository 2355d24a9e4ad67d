from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from relay.engine.kafka import Cluster, Connection, GroupReader
from relay.engine.topics import OBSERVED
from tests.conftest import PARTITIONS
from tests.integration.cli.conftest import Place

Join = Callable[[str], GroupReader]


@pytest.fixture
def join(connection: Connection, place: Place) -> Iterator[Join]:
    """Lets an instance join the mappers."""
    readers: list[GroupReader] = []

    def make(instance: str) -> GroupReader:
        reader = GroupReader(
            connection,
            group=f"{place.prefix}mapper",
            topics=[OBSERVED.name(place.prefix)],
            instance=instance,
            session_timeout_s=60.0,
        )
        readers.append(reader)
        while min([len(one.poll(0.2).assigned) for one in readers]) == 0:  # each is polled: a rebalance waits for all
            pass
        return reader

    yield make
    for reader in readers:
        reader.close()


def test_members_are_listed_by_stage(place: Place, join: Join) -> None:
    join("mapper-0")
    (member,) = place.cor("members", "list", "--json").json["members"]
    assert (member["stage"], member["instance"]) == ("mapper", "mapper-0")
    assert "mapper-0" in place.cor("members", "list", "mapper").out
    assert place.cor("members", "list", "dead-letters", "--json").json == {"members": []}


def test_what_was_scaled_away_leaves_its_partitions_to_the_others(place: Place, join: Join) -> None:
    """At once: the session of the one that is away would last a minute."""
    here = join("mapper-0")
    join("mapper-1").close()  # as a pod ends: it may come back
    ended = place.cor("members", "remove", "mapper", "mapper-1", "mapper-2", "--json")
    assert (ended.code, ended.json) == (0, {"removed": ["mapper-1"], "absent": ["mapper-2"]})
    while len(here.poll(0.2).assigned) < PARTITIONS:
        pass


def test_removing_nobody_is_no_failure(place: Place, cluster: Cluster) -> None:
    ended = place.cor("members", "remove", "mapper", "mapper-7")
    assert (ended.code, ended.out.strip()) == (0, "mapper-7 is not a member of mapper")
    assert cluster.members(f"{place.prefix}mapper") == ()


def test_a_stage_that_is_none_is_wrong_usage(place: Place) -> None:
    ended = place.cor("members", "remove", "maper", "maper-0")
    assert ended.code == 2
    assert "maper is no stage; there are mapper" in ended.err
