"""What was read of Procore: references, contracts, and what records show that people may have changed.

Everything here was read, can be read again, and is of bounded age. Written by the threads that make
calls, read by the worker's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from relay.clients.procore import LineItem
from relay.domain.commands import ProcoreCommand
from workers.procore_writer.cache.contracts import ContractView
from workers.procore_writer.cache.lookups import Lookup
from workers.ttl_cache import TtlCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Parts of the ledger that the remote no longer shows as we wrote them.

    ``person``: a person changed them. ``overwritten_by_late_write``: a request of ours that came late put an older
    content over a newer. ``found``: what a call in doubt has written of them, or beside them, by its hash (empty: a
    line that it has deleted). ``deleted``: the record is gone. ``sides`` are JSON texts of what each side holds.
    """

    person: frozenset[str] = frozenset()
    overwritten_by_late_write: frozenset[str] = frozenset()
    found: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False
    sides: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Everything is as the ledger says."""
        return not (self.person or self.overwritten_by_late_write or self.deleted)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemappedCommand:
    """What the event that was carried last gives by today's routes; ``None`` where it can no longer be found.

    Its contract and rules are those of the route, its payload is what may have to be written again.
    """

    command: ProcoreCommand | None = None


MOST_MISSES = 5
"""Looks in vain for a record that Procore should have made, before a person has to look: one may come late, and a
fault that stays would otherwise repeat creations and looks without end."""
_SYNC_REJECTS_IDS = "without_ids"
"""The name of the fact in account notes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxAges:
    """Seconds. ``miss``: a list younger than this is not read again for a value that is not in it. ``untouched``: for
    how long a record that nobody had written to is believed to be so.
    """

    references: float = 3600.0
    contract: float = 3600.0
    miss: float = 60.0
    untouched: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedFacts:
    """What is cached for one command, at the moment of planning. ``None``: has to be read first.

    ``tiers``: what the rows of the contract showed last; kept longer than its view. ``send_alone``: the elements of the
    change order must not share a call, so that a refusal without a name is theirs. ``record_deleted`` and
    ``presence_checked`` are of the command: a call met a record that is gone (the ledger's fact that names it); before
    a resubmission the records of the ledger were looked for, and those that are gone struck. ``contract_listed``:
    listed for this very command. ``origin_id_searched``: a record with the origin id was looked for.
    ``tiers_not_shown``: the row of a record that we wrote did not tell the tiers of the contract;
    ``tiers_just_shown``: they were read within the last minute.
    """

    installation: str
    view: ContractView | None = None
    tiers: int | None = None
    cost_codes: Lookup | None = None
    line_item_types: Lookup | None = None
    units: Lookup | None = None
    reasons: Lookup | None = None
    lines: tuple[LineItem, ...] | None = None
    comparison: Comparison | None = None
    remapped: RemappedCommand | None = None
    send_alone: bool = False
    record_deleted: str | None = None
    contract_listed: bool = False
    presence_checked: bool = False
    origin_id_searched: bool = False
    tiers_not_shown: bool = False
    tiers_just_shown: bool = False


@dataclass(frozen=True, slots=True)
class ContractKey:
    """The name of a contract in the cache."""

    account: str
    project_id: int
    contract_id: int

    @classmethod
    def of(cls, command: ProcoreCommand) -> ContractKey:
        """The contract that a command writes to."""
        return cls(command.account, command.destination.project_id, command.destination.contract_id)


@dataclass
class RemoteCache:
    """What the calls have read, each kind of bounded age. Thread-safe; what it hands out does not change.

    ``created_packages``: those whose creation was answered to this process. ``untouched_orders``: hidden change orders
    that Procore has made for one of these, and that nobody had written to when they were found. Keys of both are the
    contract and the record's id.
    """

    clock: Callable[[], float]
    ages: MaxAges = field(default_factory=MaxAges)

    def __post_init__(self) -> None:
        self.views: TtlCache[ContractView] = TtlCache(self.clock)
        self.tiers: TtlCache[int] = TtlCache(self.clock)
        self.cost_codes: TtlCache[Lookup] = TtlCache(self.clock)
        self.line_item_types: TtlCache[Lookup] = TtlCache(self.clock)
        self.units: TtlCache[Lookup] = TtlCache(self.clock)
        self.reasons: TtlCache[Lookup] = TtlCache(self.clock)
        self.lines: TtlCache[tuple[LineItem, ...]] = TtlCache(self.clock)
        self.comparisons: TtlCache[Comparison] = TtlCache(self.clock)
        self.remapped: TtlCache[RemappedCommand] = TtlCache(self.clock)
        self.send_alone: TtlCache[bool] = TtlCache(self.clock)
        self.misses: TtlCache[int] = TtlCache(self.clock)
        self.record_deleted: TtlCache[str] = TtlCache(self.clock)
        self.contract_listed: TtlCache[bool] = TtlCache(self.clock)
        self.presence_checked: TtlCache[bool] = TtlCache(self.clock)
        self.tiers_not_shown: TtlCache[bool] = TtlCache(self.clock)
        self.origin_id_searched: TtlCache[bool] = TtlCache(self.clock)
        self.sync_rejects_ids: TtlCache[bool] = TtlCache(self.clock)
        self.created_packages: TtlCache[bool] = TtlCache(self.clock)
        self.untouched_orders: TtlCache[bool] = TtlCache(self.clock)

    def cached_facts(self, command: ProcoreCommand, installation: str) -> CachedFacts:
        """A snapshot of what is cached for one command."""
        contract = ContractKey.of(command)
        project = (command.account, command.destination.project_id)
        return CachedFacts(
            installation=installation,
            view=self.views.get(contract, self.ages.contract),
            tiers=self.tiers.get(contract),
            cost_codes=self._lookup(self.cost_codes, project),
            line_item_types=self._lookup(self.line_item_types, project),
            units=self._lookup(self.units, command.account),
            reasons=self._lookup(self.reasons, command.account),
            lines=self.lines.get(command.origin_id),
            comparison=self.comparisons.get(command.command_id),
            remapped=self.remapped.get(command.command_id),
            send_alone=self.send_alone.get(command.origin_id) or False,
            record_deleted=self.record_deleted.get(command.command_id),
            contract_listed=self.contract_listed.get(command.command_id) or False,
            presence_checked=self.presence_checked.get(command.command_id) or False,
            tiers_not_shown=self.tiers_not_shown.get(contract, self.ages.contract) or False,
            tiers_just_shown=self.tiers.is_younger(contract, self.ages.miss),
            origin_id_searched=self.origin_id_searched.get(command.origin_id, self.ages.contract) or False,
        )

    def count_miss(self, key: Hashable) -> int:
        """Counts one more look that was in vain, and returns how many there were; after the last it begins anew."""
        misses = (self.misses.get(key) or 0) + 1
        if misses < MOST_MISSES:
            self.misses.put(key, misses)
        else:
            self.misses.drop(key)
        return misses

    def change_view(self, contract: ContractKey, change: Callable[[ContractView], ContractView]) -> None:
        """Puts a changed view of the contract in the place of the former; nothing where there is none."""
        self.views.change(contract, change)

    def facts_to_keep(self, account: str) -> dict[str, str]:
        """What is worth knowing after this process, too."""
        return {_SYNC_REJECTS_IDS: "true"} if self.sync_rejects_ids.get(account) else {}

    def restore_facts(self, account: str, facts: Mapping[str, str]) -> None:
        """What an earlier process noted."""
        if _SYNC_REJECTS_IDS in facts:
            self.sync_rejects_ids.put(account, value=True)

    def forget_account(self) -> None:
        """An account's settings have changed: everything is read anew."""
        for cache in (self.views, self.tiers, self.cost_codes, self.line_item_types, self.units, self.reasons):
            cache.clear()

    def _lookup(self, cache: TtlCache[Lookup], key: Hashable) -> Lookup | None:
        lookup = cache.get(key, self.ages.references)
        if lookup is None:
            return None
        return lookup.settled(fresh=cache.is_younger(key, self.ages.miss))
