"""About how many calls the writers make for commands; nothing is asked of the remotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil

from relay.domain.commands import CinxCommand, ProcoreCommand, ProcoreLine, TargetCommand

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
class _Counted:
    """The commands for one destination, counted by what their calls depend on, so that none of them is kept.

    ``alone`` has one tier and ``several`` more; of what is there already, ``shared`` has more tiers than one.
    """

    read: int = 0
    made: int = 0
    changed: int = 0
    line_calls: int = 0
    alone: int = 0
    alone_approved: int = 0
    several: int = 0
    several_approved: int = 0
    grouped: int = 0
    requests: int = 0
    changed_alone: int = 0
    changed_alone_approved: int = 0
    shared: int = 0
    shared_approved: int = 0

    def add(self, command: TargetCommand, *, is_there: bool) -> None:
        """One that is written."""
        self.made += not is_there
        self.changed += is_there
        if isinstance(command, ProcoreCommand):
            self.line_calls += _line_calls(command)
            (self._add_changed if is_there else self._add_made)(command)

    def _add_made(self, command: ProcoreCommand) -> None:
        approved = _is_approved(command)
        if command.destination.tiers == 1:
            self.alone += 1
            self.alone_approved += approved
        elif command.destination.tiers > 1:
            grouped = approved and command.rules.package == "per_change_order"
            self.several += 1
            self.several_approved += approved
            self.grouped += grouped
            self.requests += grouped and command.destination.tiers == 3

    def _add_changed(self, command: ProcoreCommand) -> None:
        approved = _is_approved(command)
        if command.destination.tiers == 1:
            self.changed_alone += 1
            self.changed_alone_approved += approved
        elif command.destination.tiers > 1:
            self.shared += 1
            self.shared_approved += approved


@dataclass(slots=True)
class Forecast:
    """Counts commands by what becomes of them. ``is_there``: the remote holds an earlier version of it already."""

    _places: dict[tuple[str, str], _Counted] = field(default_factory=dict)
    _once: set[tuple[str, str]] = field(default_factory=set)

    def add(self, command: TargetCommand, *, is_there: bool = False) -> None:
        """One that is written."""
        self._at(command).add(command, is_there=is_there)
        self._once |= {(command.tenant, name) for name in _lists(command)}

    def add_read(self, command: TargetCommand) -> None:
        """One whose record is read, and written only where it differs."""
        self._at(command).read += 1

    def calls(self) -> dict[str, int]:
        """About how many calls each tenant gets, ``{system}:{account}``."""
        calls: Counter[str] = Counter()
        for (tenant, _), counted in self._places.items():
            calls[tenant] += sum((_procore if tenant.startswith("procore:") else _cinx)(counted))
        calls.update(tenant for tenant, _ in self._once)
        return dict(sorted(calls.items()))

    def _at(self, command: TargetCommand) -> _Counted:
        return self._places.setdefault(_place(command), _Counted())


def _place(command: TargetCommand) -> tuple[str, str]:
    return command.tenant, command.destination.name


def _lists(command: TargetCommand) -> Iterator[str]:
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


def _procore(counted: _Counted) -> Iterator[int]:
    """Of one contract. Elements of a sync share calls; lines and packages are one change order's own."""
    yield _CONTRACT if counted.made else 0
    yield _READS * counted.read
    yield counted.line_calls
    yield _PACKAGE * counted.alone + counted.alone_approved
    yield counted.alone + counted.alone_approved // 2 if counted.alone > _AT_ONCE else 0
    if counted.several:
        yield from _several_tiers(counted)
    # What is there already: its header, and its approval once the lines are written.
    yield counted.changed_alone + counted.changed_alone_approved
    yield ceil(counted.shared / _SYNC) + ceil(counted.shared_approved / _SYNC)


def _several_tiers(counted: _Counted) -> Iterator[int]:
    yield 1  # The first row that is made shows the tiers of a contract that was empty.
    yield ceil(counted.several / _SYNC) + ceil(counted.several_approved / _SYNC)
    yield 2 * counted.grouped  # A package is made, and gets its status last.
    yield 2 * ceil(counted.requests / _SYNC)  # A request is made, and gets its status.


def _line_calls(command: ProcoreCommand) -> int:
    return ceil(len(command.payload.lines) / _SYNC) if command.payload is not None else 0


def _is_approved(command: ProcoreCommand) -> bool:
    return command.payload is not None and command.payload.status == "approved"


def _cinx(counted: _Counted) -> Iterator[int]:
    """Of one purchase order: the change orders that are there, and the way of each that is imported."""
    yield _ORDER if counted.made or counted.changed else 0
    yield counted.read
    yield _IMPORT * (counted.made + counted.changed)
