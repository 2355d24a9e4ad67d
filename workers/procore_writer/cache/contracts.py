"""What is in a contract: its change orders and packages, and who they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Self

from relay.clients.procore import Package, PotentialChangeOrder, PotentialChangeOrderRow
from relay.domain.text_folding import folded, shows_something

MOST_SHOWN = 25
"""Records of a contract that are looked at one by one, once. In a longer contract each new change order searches for
its own origin id instead, which takes one request: looking pays after as many change orders as there are records."""
TIERS = frozenset({1, 2, 3})


@dataclass(frozen=True, slots=True)
class Row:
    """A change order of the contract as its list shows it, without its owner."""

    id: int
    number: str | None
    title: str | None
    status: str | None
    total: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a record is, and what it showed when it was looked at. ``has_lines``: it did not say that it has none."""

    origin_id: str | None
    origin_data: str | None = None
    status: str | None = None
    total: Decimal | None = None
    has_lines: bool = False


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A package of the contract."""

    id: int
    number: str | None
    title: str | None
    status: str | None
    total: Decimal | None
    origin_id: str | None
    origin_data: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractView:
    """One reading of a contract, with the owners of the records that have been looked at.

    Immutable, and so are its mappings: a change gives a new view, which
    :meth:`~workers.procore_writer.cache.cache.RemoteCache.change_view` puts in the place of the former one. So a plan
    is made from one view while other threads make calls. ``unreadable``: records that may not be looked at, so that
    their owners stay unknown. Names are those of the listing, folded.
    """

    rows: Mapping[int, Row] = field(default_factory=dict)
    packages: Mapping[int, PackageRow] = field(default_factory=dict)
    tiers: int | None = None
    owners: Mapping[int, Owner] = field(default_factory=dict)
    unreadable: frozenset[int] = frozenset()
    ids_by_origin: Mapping[str, int] = field(default_factory=dict)
    ids_by_name: Mapping[str, Sequence[int]] = field(default_factory=dict)
    package_ids_by_name: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @classmethod
    def listed(
        cls,
        rows: Iterable[Row] = (),
        packages: Iterable[PackageRow] = (),
        *,
        tiers: int | None = None,
        owners: Mapping[int, Owner] | None = None,
    ) -> Self:
        """A view of what a listing has shown; ``owners`` are those known before."""
        rows_by_id = {row.id: row for row in rows}
        packages_by_id = {package.id: package for package in packages}
        owners = owners or {}
        return cls(
            rows=rows_by_id,
            packages=packages_by_id,
            tiers=tiers,
            owners=owners,
            ids_by_origin={owner.origin_id: pco_id for pco_id, owner in owners.items() if owner.origin_id},
            ids_by_name=_by_name(rows_by_id.values()),
            package_ids_by_name=_by_name(packages_by_id.values()),
        )

    def alike(self, number: str | None, title: str | None) -> list[Row]:
        """Rows with the same number or the same title; those that share both first."""
        return [self.rows[row_id] for row_id in _ranked(self.ids_by_name, number, title) if row_id in self.rows]

    def packages_alike(self, number: str | None, title: str | None) -> list[PackageRow]:
        """Packages with the same number or the same title; those that share both first."""
        ids = _ranked(self.package_ids_by_name, number, title)
        return [self.packages[package_id] for package_id in ids if package_id in self.packages]

    def package_of(self, origin_id: str) -> PackageRow | None:
        """The package that carries this origin id; ``None``: none that is known does."""
        return next((package for package in self.packages.values() if package.origin_id == origin_id), None)

    def row_of(self, origin_id: str) -> Row | None:
        """The change order that carries this origin id; ``None``: none that has been looked at does."""
        pco_id = self.ids_by_origin.get(origin_id)
        return None if pco_id is None else self.rows.get(pco_id)

    def unidentified(self) -> list[int]:
        """Ids of change orders whose owners are not known yet."""
        return [pco_id for pco_id in self.rows if pco_id not in self.owners]

    def with_owner(self, pco_id: int, owner: Owner) -> ContractView:
        """A view in which the owner of a record is known."""
        ids = {**self.ids_by_origin, owner.origin_id: pco_id} if owner.origin_id else self.ids_by_origin
        return replace(self, owners={**self.owners, pco_id: owner}, ids_by_origin=ids)

    def with_row(self, row: Row) -> ContractView:
        """A view with a row that was made since the listing."""
        return replace(self, rows={**self.rows, row.id: row})

    def without_row(self, pco_id: int) -> ContractView:
        """A view without a row that turned out to be gone."""
        return replace(self, rows={row_id: row for row_id, row in self.rows.items() if row_id != pco_id})

    def with_unreadable(self, pco_id: int) -> ContractView:
        """A view that knows of a record which may not be looked at."""
        return replace(self, unreadable=self.unreadable | {pco_id})

    def with_package(self, package: Package) -> ContractView:
        """A view with a package as a call has just shown it."""
        return replace(self, packages={**self.packages, package.id: package_row(package)})

    def with_packages(self, packages: Iterable[Package]) -> ContractView:
        """A view with the packages of a later listing in place of those it had."""
        return replace(self, packages={package.id: package_row(package) for package in packages})


def _names(number: str | None, title: str | None) -> list[str]:
    return [f"{kind} {folded(text)}" for kind, text in _given(number, title)]


def _given(number: str | None, title: str | None) -> Iterable[tuple[str, str]]:
    for kind, text in (("number", number), ("title", title)):
        if text is not None and shows_something(text):
            yield kind, text


def _by_name(records: Iterable[Row | PackageRow]) -> dict[str, list[int]]:
    ids: dict[str, list[int]] = {}
    for record in records:
        for name in _names(record.number, record.title):
            ids.setdefault(name, []).append(record.id)
    return ids


def _ranked(ids_by_name: Mapping[str, Sequence[int]], number: str | None, title: str | None) -> list[int]:
    """Ids with one of the names, those with both first."""
    agreements = Counter(record_id for name in _names(number, title) for record_id in ids_by_name.get(name, ()))
    return sorted(agreements, key=lambda record_id: (-agreements[record_id], record_id))


def view_of(
    rows: Sequence[PotentialChangeOrderRow], packages: Sequence[Package], before: ContractView | None
) -> ContractView:
    """The view of a fresh listing; who owns what is kept from the one before."""
    living = [row for row in rows if row.deleted_at is None]
    owners = before.owners if before else {}
    return ContractView.listed(
        (row_as_listed(row) for row in living),
        (package_row(package) for package in packages if package.deleted_at is None),
        tiers=next((row.tiers for row in living if row.tiers in TIERS), None),
        # A record without an owner may have one now; an owner stays.
        owners={pco_id: owner for pco_id, owner in owners.items() if owner.origin_id},
    )


def row_as_listed(row: PotentialChangeOrderRow) -> Row:
    """A change order as it is remembered."""
    return Row(row.id, row.number, row.title, row.status, row.grand_total, row.currency)


def package_row(package: Package) -> PackageRow:
    """A package as it is remembered."""
    return PackageRow(
        package.id,
        package.number,
        package.title,
        package.status,
        package.grand_total,
        package.origin_id,
        package.origin_data,
    )


def owner_of(shown: PotentialChangeOrder) -> Owner:
    """Whose a shown record is."""
    return Owner(shown.origin_id, shown.origin_data, shown.status, shown.grand_total, shown.lines != ())
