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


def differs(row: PocoRow, state: PollState | None) -> bool:
    """Whether the row is not as it was when its POCO was last read."""
    return state is None or state.deleted or state.row != row_hash(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to read, in order, and whether that is all there is to read."""

    guids: tuple[str, ...]
    whole: bool


class Turns:
    """Whose turn it is: sweeps over several polls, and open POCOs by rotation. Lost with the process."""

    def __init__(self) -> None:
        self._swept: set[str] | None = None
        self._open: deque[str] = deque()

    def choose(self, rows: Mapping[str, PocoRow], memory: AccountState, *, sweep: bool) -> Choice:
        """Changed ones first. A sweep wants every one, each once over as many polls as it takes."""
        wanted = [guid for guid, row in rows.items() if differs(row, memory.states.get(guid))]
        wanted += [guid for guid in memory.postponed if guid in rows]
        wanted += self._unswept(rows) if sweep else self._next_open(rows)
        every = tuple(dict.fromkeys(wanted))
        return Choice(guids=every[:READ_AT_ONCE], whole=len(every) <= READ_AT_ONCE)

    def read(self, guids: Iterable[str], *, sweep: bool, ended: bool) -> None:
        """What a poll has read."""
        if not sweep or ended:
            self._swept = None
        else:
            self._swept = (self._swept or set()) | set(guids)

    def _unswept(self, rows: Mapping[str, PocoRow]) -> list[str]:
        return [guid for guid in rows if guid not in (self._swept or set())]

    def _next_open(self, rows: Mapping[str, PocoRow]) -> list[str]:
        there = [guid for guid, row in rows.items() if row.workflow_status in (None, IN_PROCESS)]
        known = [guid for guid in self._open if guid in set(there)]
        self._open = deque(dict.fromkeys([*known, *there]))
        chosen = list(self._open)[:OPEN_AT_ONCE]
        self._open.rotate(-len(chosen))
        return chosen
