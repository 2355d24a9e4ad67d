"""Where the chosen events stand: millions of them in a few megabytes."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

Place = tuple[int, int]
"""Partition and offset on the observed topic."""


class Places:
    """Places in order: by partition, then by offset."""

    def __init__(self, offsets: Mapping[int, Iterable[int]]) -> None:
        self._offsets = {number: array("q", sorted(offsets[number])) for number in sorted(offsets)}

    @classmethod
    def of(cls, places: Iterable[Place]) -> Places:
        """The same of single places."""
        offsets: dict[int, list[int]] = {}
        for number, offset in places:
            offsets.setdefault(number, []).append(offset)
        return cls(offsets)

    def __len__(self) -> int:
        return sum(map(len, self._offsets.values()))

    def __iter__(self) -> Iterator[Place]:
        return ((number, offset) for number, offsets in self._offsets.items() for offset in offsets)

    def behind(self, last: Place | None) -> Places:
        """Those that come after ``last``; all where there is none."""
        if last is None:
            return self
        return Places(
            {
                number: offsets if number > last[0] else offsets[bisect_right(offsets, last[1]) :]
                for number, offsets in self._offsets.items()
                if number >= last[0]
            }
        )

    def by_partition(self) -> Mapping[int, Sequence[int]]:
        """The offsets of each partition, in order."""
        return self._offsets
