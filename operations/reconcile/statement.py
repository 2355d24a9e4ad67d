"""Contracts and sides: what the source says, what is expected, what is there, and the unreconciled difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from operations.reconcile.amounts import Amounts, added, gross
from operations.reconcile.books import IN_NONE, Place, StatedAmounts, SystemRead
from operations.reconcile.causes import RANK, Cause
from operations.reconcile.compare import Compared, ReconcilingItem, Unexplained
from relay.domain.change_order import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractStatement:
    """One contract in one currency, or what no destination takes. ``cannot_tell``: why what is there is not known."""

    place: Place
    currency: str | None
    stated: StatedAmounts
    compared: tuple[Compared, ...]
    cannot_tell: str | None = None

    @property
    def source(self) -> Amounts:
        """What the source says."""
        return added(one.entry.says for one in self.compared)

    @property
    def items(self) -> list[ReconcilingItem]:
        """By cause."""
        found = (item for one in self.compared for item in one.items)
        return sorted(found, key=lambda item: (RANK[item.cause], item.number or "", item.key or ""))

    @property
    def expected(self) -> Amounts:
        """What should be there: the source and all items."""
        return self.source + added(item.effect for item in self.items)

    @property
    def held(self) -> Amounts:
        """What is there."""
        return added(one.entry.held for one in self.compared)

    @property
    def unexplained(self) -> list[Unexplained]:
        """Differences without a cause, one for each change order; none where it is not known what is there."""
        if self.cannot_tell is not None:
            return []
        return [one.unexplained for one in self.compared if one.unexplained is not None]

    @property
    def unknown(self) -> int:
        """Change orders of which the source states no amount."""
        return sum(share.unknown for one in self.compared for share in one.entry.shares)

    @property
    def in_no_package(self) -> Amounts:
        """What is approved there and in no package (PCCO, CCO), as far as that is said."""
        records = (record for one in self.compared for record in one.entry.records)
        loose = (record.held for record in records if record.package == IN_NONE and record.status is Status.APPROVED)
        return added(loose)

    @property
    def tie(self) -> Decimal | None:
        """The contract's revised amount as its system states it, less original and what is approved there; ``None``:
        one of them is not stated.
        """
        if self.stated.revised is None or self.stated.original is None:
            return None
        return self.stated.revised - self.stated.original - self.held.approved

    @property
    def is_reconciled(self) -> bool:
        """Whether everything is known, and every difference has its cause."""
        return self.cannot_tell is None and not self.unexplained and not self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCounted:
    """Change orders that are in no total, by their status in the source.

    ``amount`` of those whose amount is known, ``None`` where no amount is; ``unknown``: how many have none.
    """

    status: str
    change_orders: int
    amount: Decimal | None
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SideStatement:
    """One side in one currency. Sides and currencies are never added up."""

    side: str
    currency: str | None
    contracts: tuple[ContractStatement, ...]
    not_counted: tuple[NotCounted, ...]

    @property
    def source(self) -> Amounts:
        return added(contract.source for contract in self.contracts)

    @property
    def expected(self) -> Amounts:
        return added(contract.expected for contract in self.contracts)

    @property
    def held(self) -> Amounts:
        return added(contract.held for contract in self.contracts)

    @property
    def items(self) -> list[ReconcilingItem]:
        """Of all contracts, by cause."""
        return sorted(
            (item for contract in self.contracts for item in contract.items),
            key=lambda item: (RANK[item.cause], item.number or "", item.key or ""),
        )

    @property
    def unexplained(self) -> list[Unexplained]:
        return [one for contract in self.contracts for one in contract.unexplained]

    @property
    def unreconciled(self) -> Amounts | None:
        """What is there less what is expected; ``None``: that cannot be told."""
        if any(contract.cannot_tell is not None or contract.unknown for contract in self.contracts):
            return None
        return added(one.difference for one in self.unexplained)

    @property
    def gross_unreconciled(self) -> Amounts:
        """The same without signs: two errors that make up for each other are two errors."""
        return gross(one.difference for one in self.unexplained)

    @property
    def gross_items(self) -> Amounts:
        return gross(item.effect for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A report. ``live``: the remotes were read for it, else it is what had been observed by ``as_of``.

    ``names``: what the project is called; ``subject``: by what a sign-off names it. ``calls`` were made.
    """

    subject: str
    names: str
    as_of: datetime
    live: bool
    reads: tuple[SystemRead, ...]
    sides: tuple[SideStatement, ...]
    calls: int = 0

    @property
    def is_reconciled(self) -> bool:
        """Whether all was read, and every difference has its cause."""
        read = all(one.at is not None for one in self.reads)
        return (
            read
            and bool(self.sides)
            and all(contract.is_reconciled for side in self.sides for contract in side.contracts)
        )


def sides_of(
    contracts: Sequence[ContractStatement], not_counted: Mapping[tuple[str, str | None], Sequence[NotCounted]]
) -> tuple[SideStatement, ...]:
    """The owner's side first. ``not_counted`` by side and currency."""
    keys = {(contract.place.side, contract.currency) for contract in contracts}
    ordered = sorted(keys, key=lambda key: (key[0] != "owner", key[1] is None, key[1] or ""))
    return tuple(
        SideStatement(
            side=side,
            currency=currency,
            contracts=tuple(_in_order(one for one in contracts if (one.place.side, one.currency) == (side, currency))),
            not_counted=tuple(not_counted.get((side, currency), ())),
        )
        for side, currency in ordered
    )


def _in_order(contracts: Iterable[ContractStatement]) -> list[ContractStatement]:
    """Contracts by their numbers; what no destination takes comes last."""
    return sorted(contracts, key=lambda one: (not one.place.is_contract, one.stated.number or one.place.contract))


def by_cause(items: Iterable[ReconcilingItem]) -> list[tuple[Cause, str, list[ReconcilingItem]]]:
    """Items in groups of one cause and system, in the order of causes."""
    groups: dict[tuple[Cause, str], list[ReconcilingItem]] = {}
    for item in items:
        groups.setdefault((item.cause, item.place.system), []).append(item)
    return [
        (cause, system, found)
        for (cause, system), found in sorted(groups.items(), key=lambda g: (RANK[g[0][0]], g[0][1]))
    ]
