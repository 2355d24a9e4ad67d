from __future__ import annotations

import sys
import tracemalloc

import pytest

from operations.replay.places import Place, Places
from operations.values_on_disk import ValuesOnDisk


def test_places_come_by_partition_and_offset() -> None:
    places = Places({2: [5, 1], 0: [9, 7, 8], 1: []})
    assert list(places) == [(0, 7), (0, 8), (0, 9), (2, 1), (2, 5)]
    assert len(places) == 5
    assert list(Places.of([(2, 5), (0, 9), (0, 7), (2, 1), (0, 8)])) == list(places)
    assert not Places({})


@pytest.mark.parametrize(
    ("last", "left"),
    [
        (None, [(0, 7), (0, 8), (2, 1), (2, 5)]),
        ((0, 7), [(0, 8), (2, 1), (2, 5)]),
        ((1, 3), [(2, 1), (2, 5)]),
        ((2, 3), [(2, 5)]),
        ((2, 5), []),
    ],
)
def test_a_replay_goes_on_behind_the_last_place(last: Place | None, left: list[Place]) -> None:
    assert list(Places({0: [7, 8], 2: [1, 5]}).behind(last)) == left


def test_a_million_places_take_a_few_megabytes() -> None:
    tracemalloc.start()
    places = Places({number: range(0, 160_000, 2) for number in range(12)})
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(places) == 960_000
    assert kept < 10 * sys.getsizeof(bytes(960_000))


def test_the_last_value_of_a_key_is_kept_and_what_ends_it_removes_it() -> None:
    values = ValuesOnDisk()
    values.fill((f"key {number}", b"%d" % number) for number in range(12_000))
    values.fill([("key 3", b"again"), ("key 4", None), ("key 5", None), ("key 5", b"back")])
    assert [values.get(f"key {number}") for number in (3, 4, 5, 11_999, 12_000)] == [
        b"again",
        None,
        b"back",
        b"11999",
        None,
    ]
    values.close()
