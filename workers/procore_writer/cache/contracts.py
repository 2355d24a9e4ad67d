"""What was found in a contract: its change orders and packages, and who they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from relay.clients.procore import Package, PotentialChangeOrder, PotentialChangeOrderRow

MOST_SHOWN = 25
"""Records of a contract that are looked at one by one, once, rather than asking for each new change order whether
one of them is it."""
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
    """Whose a record is, and what it showed when it was looked at."""

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


class ContractView:
    """One reading of a contract. The owners are added as records are looked at."""

    def __init__(
        self,
        rows: Sequence[Row] = (),
        packages: Sequence[PackageRow] = (),
        *,
        tiers: int | None = None,
        owners: Mapping[int, Owner] | None = None,
    ) -> None:
        self.rows = {row.id: row for row in rows}
        self.packages = {package.id: package for package in packages}
        self.tiers = tiers
        self.owners = dict(owners or {})
        self.unreadable: set[int] = set()
        """Records that may not be looked at, so that nobody knows whose they are."""
        self._by_origin = {who.origin_id: one for one, who in self.owners.items() if who.origin_id}
        self._by_name: dict[str, list[int]] = {}
        for row in rows:
            self._name(row.id, row.number, row.title)
        self._packages_by_name: dict[str, list[int]] = {}
        for package in packages:
            for name in _names(package.number, package.title):
                self._packages_by_name.setdefault(name, []).append(package.id)

    def _name(self, row_id: int, number: str | None, title: str | None) -> None:
        for name in _names(number, title):
            self._by_name.setdefault(name, []).append(row_id)

    def alike(self, number: str | None, title: str | None) -> list[Row]:
        """Rows with the same number or the same title; those that share both first."""
        return [self.rows[one] for one in _ranked(self._by_name, number, title) if one in self.rows]

    def packages_alike(self, number: str | None, title: str | None) -> list[PackageRow]:
        """Packages likewise."""
        return [self.packages[one] for one in _ranked(self._packages_by_name, number, title) if one in self.packages]

    def package_of(self, origin_id: str) -> PackageRow | None:
        """The package that carries this origin id."""
        return next((one for one in self.packages.values() if one.origin_id == origin_id), None)

    def set_owner(self, pco_id: int, owner: Owner) -> None:
        """Whose a record is has been learned."""
        self.owners[pco_id] = owner
        if owner.origin_id:
            self._by_origin[owner.origin_id] = pco_id

    def add(self, row: Row) -> None:
        """A row was made since the contract was listed."""
        self.rows = {**self.rows, row.id: row}

    def row_of(self, origin_id: str) -> Row | None:
        """The change order that is known to carry this origin id."""
        pco_id = self._by_origin.get(origin_id)
        return None if pco_id is None else self.rows.get(pco_id)

    def unidentified(self) -> list[int]:
        """Change orders of which nobody knows yet whose they are."""
        return [one for one in self.rows if one not in self.owners]

    def forget(self, pco_id: int) -> None:
        """A row turned out to be gone."""
        self.rows.pop(pco_id, None)

    def put_package(self, package: Package) -> None:
        """A package has been created or changed by us."""
        self.packages = {**self.packages, package.id: package_row(package)}

    def replace_packages(self, packages: Sequence[Package]) -> None:
        """The packages have been listed again."""
        self.packages = {package.id: package_row(package) for package in packages}


def _names(number: str | None, title: str | None) -> list[str]:
    return [f"{kind} {' '.join(text.split()).casefold()}" for kind, text in _given(number, title)]


def _given(number: str | None, title: str | None) -> Iterable[tuple[str, str]]:
    for kind, text in (("number", number), ("title", title)):
        if text is not None and text.strip():
            yield kind, text


def _ranked(index: Mapping[str, Sequence[int]], number: str | None, title: str | None) -> list[int]:
    counts: dict[int, int] = {}
    for name in _names(number, title):
        for one in index.get(name, ()):
            counts[one] = counts.get(one, 0) + 1
    return sorted(counts, key=lambda one: (-counts[one], one))


def view_of(
    rows: Sequence[PotentialChangeOrderRow],
    packages: Sequence[Package],
    before: ContractView | None,
) -> ContractView:
    """A fresh reading; who owns what is kept from the one before."""
    living = [row for row in rows if row.deleted_at is None]
    return ContractView(
        [row_as_listed(row) for row in living],
        [package_row(package) for package in packages if package.deleted_at is None],
        tiers=next((row.tiers for row in living if row.tiers in TIERS), None),
        # Who owned nothing may own it now; who owns a record goes on owning it.
        owners={one: who for one, who in before.owners.items() if who.origin_id} if before else None,
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
    return Owner(shown.origin_id, shown.origin_data, shown.status, shown.grand_total, bool(shown.lines))
