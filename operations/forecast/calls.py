"""About how many calls the writers make for commands; nothing is asked of the remotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil

from relay.domain.commands import CinxCommand, ProcoreCommand, ProcoreLine

Command = ProcoreCommand | CinxCommand

_SYNC = 1000
"""Elements of one sync call (Procore docs, "Using Sync Actions")."""
_CONTRACT = 3
"""The contract, its change orders and its packages, before anything is written to it."""
_READS = 3
"""Of one record at Procore: itself, its lines, and what groups it."""
_PACKAGE = 3
"""With one tier, of one change order beside lines and approval: made, its hidden change order found, and marked."""
_AT_ONCE = 30
"""With one tier, change orders of a contract that are found and marked before what was found counts as long ago. Each
step of all comes before the next of any, at about a call a second (the documented 25 in ten seconds, of which backfill
gets two fifths); with more, the hidden one is looked at again before it is marked, and mostly before an approval.
"""
_ACCOUNT = 2
"""At CINX the account's subscription and template, before anything is ordered."""
_ORDER = 2
"""The purchase order by its number, and a look more at the first job than at later ones."""
_IMPORT = 5
"""Of one POCO: the purchase order's record and its POCOs, the import, and list and record of the POCO."""


@dataclass(slots=True)
class Forecast:
    """Counts commands by what becomes of them. ``is_there``: the remote holds an earlier version of it already."""

    _read: dict[tuple[str, str], list[Command]] = field(default_factory=dict)
    _made: dict[tuple[str, str], list[Command]] = field(default_factory=dict)
    _changed: dict[tuple[str, str], list[Command]] = field(default_factory=dict)

    def add(self, command: Command, *, is_there: bool = False) -> None:
        """One that is written."""
        (self._changed if is_there else self._made).setdefault(_place(command), []).append(command)

    def add_read(self, command: Command) -> None:
        """One whose record is read, and written only where it differs."""
        self._read.setdefault(_place(command), []).append(command)

    def calls(self) -> dict[str, int]:
        """About how many calls each tenant gets, ``{system}:{account}``."""
        calls: Counter[str] = Counter()
        once: set[tuple[str, str]] = set()
        for place in self._read.keys() | self._made.keys() | self._changed.keys():
            read, made, changed = (kept.get(place, []) for kept in (self._read, self._made, self._changed))
            of_system = _procore if place[0].startswith("procore:") else _cinx
            calls[place[0]] += sum(of_system(read, made, changed))
            once |= {(place[0], name) for command in (*made, *changed) for name in _lists(command)}
        calls.update(tenant for tenant, _ in once)
        return dict(sorted(calls.items()))


def _place(command: Command) -> tuple[str, str]:
    return command.tenant, command.destination.name


def _lists(command: Command) -> Iterator[str]:
    """What is read once for all change orders: the lists in which codes, types and units are looked up."""
    if isinstance(command, CinxCommand):
        yield from (f"account {number}" for number in range(_ACCOUNT))
    if command.payload is None:
        return
    for line in command.payload.lines:
        if line.cost_code:
            place = f" of {command.destination.project_id}" if isinstance(command, ProcoreCommand) else ""
            yield f"codes{place}"
        if isinstance(line, ProcoreLine) and line.line_item_type:
            yield "types"
        if isinstance(line, ProcoreLine) and line.unit and line.quantity is not None:
            yield "units"


def _procore(read: Sequence[Command], made: Sequence[Command], changed: Sequence[Command]) -> Iterator[int]:
    """Of one contract. Elements of a sync share calls; lines and packages are one change order's own."""
    yield _CONTRACT if made else 0
    yield _READS * len(read)
    new = [command for command in made if isinstance(command, ProcoreCommand)]
    old = [command for command in changed if isinstance(command, ProcoreCommand)]
    one_tier = [command for command in new if command.destination.tiers == 1]
    several = [command for command in new if command.destination.tiers > 1]
    yield from map(_line_calls, (*new, *old))
    yield _PACKAGE * len(one_tier) + sum(map(_is_approved, one_tier))
    yield len(one_tier) + sum(map(_is_approved, one_tier)) // 2 if len(one_tier) > _AT_ONCE else 0
    yield from _several_tiers(several)
    # What is there already: its header, and its approval once the lines are written.
    yield sum(1 + _is_approved(command) for command in old if command.destination.tiers == 1)
    shared = [command for command in old if command.destination.tiers > 1]
    yield ceil(len(shared) / _SYNC) + ceil(sum(map(_is_approved, shared)) / _SYNC)


def _several_tiers(commands: Sequence[ProcoreCommand]) -> Iterator[int]:
    if not commands:
        return
    approved = list(filter(_is_approved, commands))
    grouped = [command for command in approved if command.rules.package == "per_change_order"]
    requests = [command for command in grouped if command.destination.tiers == 3]
    yield 1  # The first row that is made shows the tiers of a contract that was empty.
    yield ceil(len(commands) / _SYNC) + ceil(len(approved) / _SYNC)
    yield 2 * len(grouped)  # A package is made, and gets its status last.
    yield 2 * ceil(len(requests) / _SYNC)  # A request is made, and gets its status.


def _line_calls(command: ProcoreCommand) -> int:
    return ceil(len(command.payload.lines) / _SYNC) if command.payload is not None else 0


def _is_approved(command: ProcoreCommand) -> bool:
    return command.payload is not None and command.payload.status == "approved"


def _cinx(read: Sequence[Command], made: Sequence[Command], changed: Sequence[Command]) -> Iterator[int]:
    """Of one purchase order: the change orders that are there, and the way of each that is imported."""
    yield _ORDER if made or changed else 0
    yield len(read)
    yield _IMPORT * (len(made) + len(changed))
