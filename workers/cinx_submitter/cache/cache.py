"""What the carrier remembers of CINX. Everything was read, can be read again, and is of bounded age.

Written by the threads that make calls, read by the worker's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from relay.clients.cinx import CostList, Poco, PocoRow, PurchaseOrder, Template
from relay.domain.commands import CinxCommand
from relay.domain.ledger import LedgerEntry
from workers.cinx_submitter.cache.lookups import CostLookup
from workers.cinx_submitter.timeouts import MaxAges
from workers.ttl_cache import TtlCache


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """A purchase order and its POCOs, as they were at one moment.

    ``matches``: how many purchase orders have the number. ``whole`` false: the list of POCOs may
    have been cut off.
    """

    matches: int
    order: PurchaseOrder | None = None
    pocos: tuple[PocoRow, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class CachedPoco:
    """A POCO as its detail call told it; ``None``: CINX says that there is none."""

    poco: Poco | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedFacts:
    """What is remembered for one command, at the moment of planning. ``None``: has to be read first.

    ``poco`` tells what the POCO with a guid showed to this very command; ``content`` also what was read
    longer ago, where only what it orders matters.
    """

    installation: str
    template: Template | None = None
    order: OrderView | None = None
    lists: Mapping[CostList, CostLookup] = field(default_factory=dict)
    poco: Callable[[str], CachedPoco | None] = lambda _: None
    content: Callable[[str], CachedPoco | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class OrderKey:
    """A purchase order as the memory names it."""

    account: str
    number: str

    @classmethod
    def of(cls, command: CinxCommand) -> OrderKey:
        """The purchase order that a command writes to."""
        return cls(command.account, command.destination.purchase_order)


@dataclass
class RemoteCache:
    """All of it. Thread-safe."""

    clock: Callable[[], float]
    ages: MaxAges = field(default_factory=MaxAges)

    def __post_init__(self) -> None:
        self.templates: TtlCache[Template] = TtlCache(self.clock)
        self.views: TtlCache[OrderView] = TtlCache(self.clock)
        self.lists: TtlCache[CostLookup] = TtlCache(self.clock)
        self.pocos: TtlCache[CachedPoco] = TtlCache(self.clock)
        self.looks: TtlCache[CachedPoco] = TtlCache(self.clock)
        self.keeping: TtlCache[bool] = TtlCache(self.clock)
        self._owners: TtlCache[tuple[LedgerEntry, ...]] = TtlCache(self.clock)
        self._first: TtlCache[float] = TtlCache(self.clock)

    def cached_facts(self, command: CinxCommand, installation: str) -> CachedFacts:
        """What matters for one command."""
        account = command.account
        return CachedFacts(
            installation=installation,
            template=self.templates.get(account, self.ages.account),
            order=self.views.get(OrderKey.of(command), self.ages.order),
            lists={which: found for which in CostList if (found := self._list(account, which)) is not None},
            poco=lambda guid: self.looks.get((command.command_id, guid), self.ages.poco),
            content=lambda guid: self._content(account, guid),
        )

    def _content(self, account: str, guid: str) -> CachedPoco | None:
        """One that was not there yet may have appeared since."""
        shown = self.pocos.get((account, guid), self.ages.account)
        return self.pocos.get((account, guid), self.ages.poco) if shown is None or shown.poco is None else shown

    def owners(self, guid: str, look: Callable[[str], Iterable[LedgerEntry]]) -> tuple[LedgerEntry, ...]:
        """The ledger's entries of a POCO; they never give it up, so that one look through the ledger is enough."""
        known = self._owners.get(guid, self.ages.account)
        found = tuple(look(guid)) if known is None else known
        if known is None and found:
            self._owners.put(guid, found)
        return found

    def age_of(self, subject: Hashable) -> float:
        """Seconds since ``subject`` was first met; a successor meets it anew, and so waits longer."""
        first = self._first.get(subject)
        if first is None:
            self._first.put(subject, self.clock())
            return 0.0
        return self.clock() - first

    def forget_accounts(self) -> None:
        """An account's settings have changed: everything is read anew."""
        for shelf in (self.templates, self.views, self.lists, self.pocos, self.looks, self.keeping):
            shelf.clear()

    def _list(self, account: str, which: CostList) -> CostLookup | None:
        key = (account, which)
        found = self.lists.get(key, self.ages.references)
        return None if found is None else found.settled(fresh=self.lists.is_younger(key, self.ages.miss))
