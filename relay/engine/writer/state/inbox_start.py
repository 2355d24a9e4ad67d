"""From where on an inbox partition has to be read: what lies before is replaced or removed, compacted or not yet.

The owner commits that offset with the lanes' offsets, as their metadata, so that whoever looks at the inbox need not
read all that has ever gone through it. An old value is no wrong one: what counts only moves on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_WORD = "inbox:"


class LiveRecords:
    """At which offset the newest record of each key of an inbox partition stands, the oldest first."""

    def __init__(self, restored: Iterable[tuple[str, int]] = ()) -> None:
        """``restored``: keys and offsets, in any order."""
        self._offsets = dict(sorted(restored, key=lambda placed: placed[1]))
        self._end: int | None = None

    def put(self, key: str, offset: int, *, is_removed: bool) -> None:
        """Notes a record that has been committed, later than all before it."""
        self._end = offset + 1
        self._offsets.pop(key, None)
        if not is_removed:
            self._offsets[key] = offset

    def first(self) -> int | None:
        """From where on records count; ``None``: that is not known, since none does and none was written."""
        return next(iter(self._offsets.values()), self._end)


def stated(first: int) -> str:
    """The metadata that names ``first``."""
    return f"{_WORD}{first}"


def starts(metadata: Mapping[int, Iterable[str]]) -> dict[int, int]:
    """Where to begin, by partition; one whose lanes state nothing has to be read whole.

    Each lane of a partition may state an offset; both were true, so the later one is taken.
    """
    found = {
        number: [int(offset) for text in texts if text.startswith(_WORD) and (offset := text[len(_WORD) :]).isdecimal()]
        for number, texts in metadata.items()
    }
    return {number: max(offsets) for number, offsets in found.items() if offsets}
