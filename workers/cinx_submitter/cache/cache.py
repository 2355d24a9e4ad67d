"""What was read of CINX: everything can be read again, and is of bounded age.

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
    """A POCO as its detail call answered it; ``None``: CINX says that there is none."""

    poco: Poco | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedFacts:
    """What is cached for one command at the moment of planning. ``None``, or a missing key: has to be read first.

    ``fresh_pocos`` holds what was read for this very command, by guid or by the name that a person gave; ``pocos``
    also what was read for others or longer ago, which is enough where only the lines matter.
    """

    installation: str
    template: Template | None = None
    order: OrderView | None = None
    lists: Mapping[CostList, CostLookup] = field(default_factory=dict)
    fresh_pocos: Mapping[str, CachedPoco] = field(default_factory=dict)
    pocos: Mapping[str, CachedPoco] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderKey:
    """The cache's key of a purchase order."""

    account: str
    number: str

    @classmethod
    def of(cls, command: CinxCommand) -> OrderKey:
        """The purchase order that a command writes to."""
        return cls(command.account, command.destination.purchase_order)


@dataclass
class RemoteCache:
    """Everything that was read of every account. Thread-safe.

    Keys: ``templates`` and ``keeps_references`` (true once a POCO has shown that CINX keeps them) by account,
    ``views`` by :class:`OrderKey`, ``lists`` by account and list, ``pocos`` by account and guid, ``command_pocos`` by
    command id and guid, ``order_guids`` by :class:`OrderKey`: of the one purchase order with the number. ``submitted``
    has what this process has submitted, by command id: true where it is known by when the POCO should show.
    """

    clock: Callable[[], float]
    ages: MaxAges = field(default_factory=MaxAges)

    def __post_init__(self) -> None:
        self.templates: TtlCache[Template] = TtlCache(self.clock)
        self.views: TtlCache[OrderView] = TtlCache(self.clock)
        self.lists: TtlCache[CostLookup] = TtlCache(self.clock)
        self.pocos: TtlCache[CachedPoco] = TtlCache(self.clock)
        self.command_pocos: TtlCache[CachedPoco] = TtlCache(self.clock)
        self.keeps_references: TtlCache[bool] = TtlCache(self.clock)
        self.order_guids: TtlCache[str] = TtlCache(self.clock)
        self.submitted: TtlCache[bool] = TtlCache(self.clock)
        self._import_seconds: TtlCache[float] = TtlCache(self.clock)
        self._holders: TtlCache[tuple[LedgerEntry, ...]] = TtlCache(self.clock)
        self._first_met: TtlCache[float] = TtlCache(self.clock)

    def cached_facts(self, command: CinxCommand, guids: Iterable[str], installation: str) -> CachedFacts:
        """What is cached for a command; ``guids`` are those of the change order's own POCOs."""
        account = command.account
        view = self.views.get(OrderKey.of(command), self.ages.order)
        own = [*guids, *filter(None, [(command.adopt_remote_id or "").strip()])]
        listed = [row.guid for row in view.pocos] if view is not None else []
        fresh = {guid: self.command_pocos.get((command.command_id, guid), self.ages.poco) for guid in own}
        pocos = {guid: self._poco(account, guid) for guid in listed}
        return CachedFacts(
            installation=installation,
            template=self.templates.get(account, self.ages.account),
            order=view,
            lists={which: lookup for which in CostList if (lookup := self._list(account, which)) is not None},
            fresh_pocos={guid: cached for guid, cached in fresh.items() if cached is not None},
            pocos={guid: cached for guid, cached in pocos.items() if cached is not None},
        )

    def _poco(self, account: str, guid: str) -> CachedPoco | None:
        """A POCO that did not exist may have appeared since, so that its absence is forgotten sooner."""
        cached = self.pocos.get((account, guid), self.ages.account)
        if cached is None or cached.poco is None:
            return self.pocos.get((account, guid), self.ages.poco)
        return cached

    def holders(self, guid: str, scan: Callable[[str], Iterable[LedgerEntry]]) -> tuple[LedgerEntry, ...]:
        """The ledger's entries of a POCO.

        They never give it up, so that one ``scan`` through the ledger that found any is enough.
        """
        cached = self._holders.get(guid, self.ages.account)
        if cached is not None:
            return cached
        entries = tuple(scan(guid))
        if entries:
            self._holders.put(guid, entries)
        return entries

    def age_of(self, subject: Hashable) -> float:
        """Seconds since ``subject`` was first met; a successor meets it anew, and so waits longer."""
        first = self._first_met.get(subject)
        if first is None:
            self._first_met.put(subject, self.clock())
            return 0.0
        return self.clock() - first

    def import_seconds(self, account: str) -> float | None:
        """What imports of the account take at most, as far as it has been seen within the last hour."""
        return self._import_seconds.get(account, self.ages.account)

    def note_import(self, account: str, seconds: float) -> None:
        """An import was found to be done after so many seconds.

        What is known is forgotten an hour after it was learned, so that faster imports are noticed.
        """
        if seconds > (self.import_seconds(account) or 0.0):
            self._import_seconds.put(account, seconds)

    def forget_accounts(self) -> None:
        """Forgets everything that was read, after an account's settings have changed."""
        for cache in (
            self.templates,
            self.views,
            self.lists,
            self.pocos,
            self.command_pocos,
            self.keeps_references,
            self.order_guids,
            self._import_seconds,
        ):
            cache.clear()

    def _list(self, account: str, which: CostList) -> CostLookup | None:
        key = (account, which)
        lookup = self.lists.get(key, self.ages.references)
        return None if lookup is None else lookup.with_freshness(fresh=self.lists.is_younger(key, self.ages.miss))
