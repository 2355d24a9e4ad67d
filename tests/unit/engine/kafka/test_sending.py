from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from relay.engine.kafka import bounded_batches


@given(st.lists(st.integers(0, 30)), st.integers(1, 5), st.integers(1, 40))
def test_batches_keep_order_and_bounds_and_are_no_smaller_than_they_must(
    sizes: list[int], most: int, most_bytes: int
) -> None:
    batches = list(bounded_batches(sizes, lambda size: size, most=most, most_bytes=most_bytes))
    assert [size for batch in batches for size in batch] == sizes
    for batch in batches:
        assert 1 <= len(batch) <= most
        assert sum(batch) <= most_bytes or len(batch) == 1
    for batch, following in pairwise(batches):
        assert len(batch) == most or sum(batch) + following[0] > most_bytes


def test_a_full_batch_is_given_before_the_next_item_is_asked_for() -> None:
    items = iter(range(5))
    assert next(bounded_batches(items, lambda _: 1, most=2)) == [0, 1]
    assert list(items) == [2, 3, 4]
