"""Where an inbox has to be read from: nothing that counts lies before, however it came about."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relay.engine.writer.state.inbox_start import LiveRecords, starts, stated

KEYS = st.sampled_from("abcde")
WRITTEN = st.lists(st.tuples(KEYS, st.booleans(), st.integers(1, 3)))


@given(before=WRITTEN, after=WRITTEN)
def test_it_begins_at_the_oldest_record_that_counts(
    before: list[tuple[str, bool, int]], after: list[tuple[str, bool, int]]
) -> None:
    log: list[tuple[int, str, bool]] = []
    offset = 0
    for key, is_removed, gap in (*before, *after):
        offset += gap
        log.append((offset, key, is_removed))
    restored, followed = log[: len(before)], log[len(before) :]
    live = LiveRecords(counting(restored).items())
    for at, key, is_removed in followed:
        live.put(key, at, is_removed=is_removed)
    expected = counting(log)
    if expected:
        assert live.first() == min(expected.values())
    elif followed:
        assert live.first() == offset + 1
    else:
        assert live.first() is None


def counting(log: list[tuple[int, str, bool]]) -> dict[str, int]:
    """The newest record of each key that is not removed, as compaction would leave it."""
    newest = {key: None if is_removed else offset for offset, key, is_removed in log}
    return {key: offset for key, offset in newest.items() if offset is not None}


def test_the_later_of_two_lanes_counts_and_what_is_no_offset_does_not() -> None:
    metadata = {0: [stated(7), stated(12)], 1: ["", "of somebody else", "inbox:-1", "inbox:x"], 2: [stated(0)]}
    assert starts(metadata) == {0: 12, 2: 0}
