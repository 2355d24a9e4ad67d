"""What the list of all POCOs shows, and which of them it leaves to be read. Pure."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from producers.poll_state import AccountState
from relay.clients.cinx import PocoRow
from relay.domain.records import PollState
from relay.domain.sources.cinx import IN_PROCESS

READ_AT_ONCE = 500
"""POCOs that one poll reads; a longer first load or sweep goes on with the next poll."""

OPEN_AT_ONCE = 20
"""Open POCOs that one poll reads although their rows are the same: only the lines of these can still be
changed ("PO Change Orders": locked once submitted), and a row does not show the lines."""


def row_hash(row: PocoRow) -> str:
    """A hash of the row's bytes."""
    return hashlib.blake2b(row.native.raw, digest_size=12).hexdigest()


def differs(row: PocoRow, before: PollState | None) -> bool:
    """Whether the row is not as it was when its POCO was last read."""
    return before is None or before.deleted or before.row != row_hash(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What one poll reads, in order, and whether nothing is left for the next."""

    guids: tuple[str, ...]
    is_complete: bool


class PocoSelector:
    """Selects what each poll reads: sweeps over several polls, and open POCOs by rotation.

    Where it is lost with the process, a sweep begins anew.
    """

    def __init__(self) -> None:
        self._swept: set[str] = set()
        self._open: deque[str] = deque()

    def select(self, rows: Mapping[str, PocoRow], state: AccountState, *, sweep: bool) -> Selection:
        """Changed ones first. A sweep selects every one, each once over as many polls as it takes."""
        wanted = [guid for guid, row in rows.items() if differs(row, state.states.get(guid))]
        wanted += [guid for guid in state.postponed if guid in rows]
        wanted += self._unswept(rows) if sweep else self._next_open(rows)
        distinct = tuple(dict.fromkeys(wanted))
        return Selection(guids=distinct[:READ_AT_ONCE], is_complete=len(distinct) <= READ_AT_ONCE)

    def note_read(self, guids: Iterable[str], *, sweep: bool, ended: bool) -> None:
        """Notes what a poll has read; ``ended``: the sweep has nothing left."""
        if not sweep or ended:
            self._swept = set()
        else:
            self._swept |= set(guids)

    def _unswept(self, rows: Mapping[str, PocoRow]) -> list[str]:
        return [guid for guid in rows if guid not in self._swept]

    def _next_open(self, rows: Mapping[str, PocoRow]) -> list[str]:
        open_guids = [guid for guid, row in rows.items() if row.workflow_status in (None, IN_PROCESS)]
        still_open = set(open_guids)
        in_rotation = [guid for guid in self._open if guid in still_open]
        self._open = deque(dict.fromkeys([*in_rotation, *open_guids]))
        selected = list(self._open)[:OPEN_AT_ONCE]
        self._open.rotate(-len(selected))
        return selected
