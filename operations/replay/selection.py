"""Which events are meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self

from operations.errors import WrongUsage

_RANGE = re.compile(r"(?P<partition>\d{1,9}):(?P<first>\d{1,19})-(?P<last>\d{0,19})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Conditions on events, all of which must hold. Times are when the event was published, in epoch milliseconds.

    ``offsets``: by partition the first and the last offset, or ``None`` for no last one; without any
    all partitions are meant. ``every``: not only the newest selected event of each change order.
    """

    since_ms: int | None = None
    until_ms: int | None = None
    offsets: tuple[tuple[int, int, int | None], ...] = ()
    source: str | None = None
    project: str | None = None
    change_order: str | None = None
    every: bool = False

    @property
    def is_unbounded(self) -> bool:
        """Whether it means all of history."""
        return self == Selection(every=self.every)

    def takes_time(self, timestamp_ms: int) -> bool:
        """Whether an event that was published then is meant."""
        return (self.since_ms is None or timestamp_ms >= self.since_ms) and (
            self.until_ms is None or timestamp_ms < self.until_ms
        )

    def takes_offset(self, partition: int, offset: int) -> bool:
        """Whether an event that stands there is meant."""
        return not self.offsets or any(
            partition == number and first <= offset and (last is None or offset <= last)
            for number, first, last in self.offsets
        )

    def takes_key(self, key: str) -> bool:
        """Whether an event of this change order is meant."""
        if self.source is not None and not key.startswith(f"{self.source}:"):
            return False
        return self.change_order is None or key == self.change_order or key.split(":", 2)[-1] == self.change_order

    def takes_all_of(self, source: str, project: str) -> bool:
        """Whether the newest event of every change order of a project is meant. ``source``: ``{system}:{account}``."""
        narrower = (self.since_ms, self.until_ms, self.change_order) != (None, None, None) or bool(self.offsets)
        ours = self.source in (None, source, source.partition(":")[0])
        return not narrower and ours and self.project in (None, project)

    def as_details(self) -> dict[str, Any]:
        """For the audit entry."""
        return asdict(self)

    @classmethod
    def of_details(cls, details: dict[str, Any]) -> Self:
        """The reverse, after JSON."""
        return cls(**{**details, "offsets": tuple((span[0], span[1], span[2]) for span in details["offsets"])})


def parsed_offsets(texts: Iterable[str]) -> tuple[tuple[int, int, int | None], ...]:
    """``3:100-200`` or ``3:100-``: partition, first and last offset. Raises ``WrongUsage``."""
    ranges = []
    for text in texts:
        parts = _RANGE.fullmatch(text)
        if parts is None:
            raise WrongUsage(f"--offset {text!r} is no range such as 3:100-200 or 3:100- (partition, first, last)")
        last = int(parts["last"]) if parts["last"] else None
        if last is not None and last < int(parts["first"]):
            raise WrongUsage(f"--offset {text!r} ends before it begins")
        ranges.append((int(parts["partition"]), int(parts["first"]), last))
    return tuple(ranges)
