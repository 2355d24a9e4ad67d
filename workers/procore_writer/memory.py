"""What the carrier remembers of the remote: references, contracts, and what a person's record shows.

Everything here was read, can be read again, and is of bounded age. Written by the threads that make
calls, read by the worker's thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from relay.clients.procore import LineItem
from relay.domain.commands import ProcoreCommand
from workers.procore_writer.contracts import ContractView
from workers.procore_writer.findings import Finding
from workers.procore_writer.lookups import Lookup

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """Seconds. ``miss``: a list younger than this is not read again for a value that is not in it."""

    references: float = 3600.0
    contract: float = 3600.0
    miss: float = 60.0


@dataclass(frozen=True, slots=True)
class Aged(Generic[T]):
    """A value and when it was read."""

    value: T
    read_at: float


class Shelf(Generic[T]):
    """Values of bounded age. Thread-safe."""

    def __init__(self, clock: Callable[[], float], most: int = 10_000) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, Aged[T]] = OrderedDict()

    def put(self, key: Hashable, value: T) -> None:
        """``value`` has just been read."""
        with self._lock:
            self._values[key] = Aged(value, self._clock())
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def get(self, key: Hashable, longest: float = float("inf")) -> T | None:
        """The value, unless it is older than ``longest``."""
        with self._lock:
            aged = self._values.get(key)
        return None if aged is None or self._clock() - aged.read_at > longest else aged.value

    def is_younger(self, key: Hashable, than: float) -> bool:
        """Whether reading it again would hardly tell more."""
        return self.get(key, than) is not None

    def drop(self, key: Hashable) -> None:
        """It is to be read again."""
        with self._lock:
            self._values.pop(key, None)

    def clear(self) -> None:
        """Everything is to be read again."""
        with self._lock:
            self._values.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is remembered for one command, at the moment of planning. ``None``: has to be read first.

    ``tiers`` outlives the contract's view: what the contract's rows showed last. ``alone``: the
    elements of this change order must not share a call, so that an anonymous refusal names them.
    """

    installation: str
    view: ContractView | None = None
    tiers: int | None = None
    cost_codes: Lookup | None = None
    line_item_types: Lookup | None = None
    units: Lookup | None = None
    reasons: Lookup | None = None
    lines: tuple[LineItem, ...] | None = None
    finding: Finding | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class ContractKey:
    """A contract as the memory names it."""

    account: str
    project_id: int
    contract_id: int

    @classmethod
    def of(cls, command: ProcoreCommand) -> ContractKey:
        """The contract that a command writes to."""
        return cls(command.account, command.destination.project_id, command.destination.contract_id)


@dataclass
class Memory:
    """All of it. Thread-safe."""

    clock: Callable[[], float]
    ages: Ages = field(default_factory=Ages)

    def __post_init__(self) -> None:
        self.views: Shelf[ContractView] = Shelf(self.clock)
        self.tiers: Shelf[int] = Shelf(self.clock)
        self.cost_codes: Shelf[Lookup] = Shelf(self.clock)
        self.line_item_types: Shelf[Lookup] = Shelf(self.clock)
        self.units: Shelf[Lookup] = Shelf(self.clock)
        self.reasons: Shelf[Lookup] = Shelf(self.clock)
        self.lines: Shelf[tuple[LineItem, ...]] = Shelf(self.clock)
        self.findings: Shelf[Finding] = Shelf(self.clock)
        self.alone: Shelf[bool] = Shelf(self.clock)
        self.misses: Shelf[int] = Shelf(self.clock)

    def known(self, command: ProcoreCommand, installation: str) -> Known:
        """What matters for one command."""
        contract = ContractKey.of(command)
        project = (command.account, command.destination.project_id)
        return Known(
            installation=installation,
            view=self.views.get(contract, self.ages.contract),
            tiers=self.tiers.get(contract),
            cost_codes=self._lookup(self.cost_codes, project),
            line_item_types=self._lookup(self.line_item_types, project),
            units=self._lookup(self.units, command.account),
            reasons=self._lookup(self.reasons, command.account),
            lines=self.lines.get(command.origin_id),
            finding=self.findings.get(command.command_id),
            alone=self.alone.get(command.origin_id) or False,
        )

    def forget_account(self) -> None:
        """An account's settings have changed: everything is read anew."""
        for shelf in (self.views, self.tiers, self.cost_codes, self.line_item_types, self.units, self.reasons):
            shelf.clear()

    def _lookup(self, shelf: Shelf[Lookup], key: Hashable) -> Lookup | None:
        found = shelf.get(key, self.ages.references)
        if found is None:
            return None
        return found.settled(fresh=shelf.is_younger(key, self.ages.miss))
