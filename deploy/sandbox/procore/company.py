"""The company: its projects, contracts, change orders and lists, as Procore stores them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from deploy.sandbox.procore.journal import Actor, Journal, as_row
from deploy.sandbox.procore.mishaps import Mishaps
from deploy.sandbox.procore.records import (
    ZERO,
    Catalog,
    Contract,
    CostCode,
    Document,
    Line,
    Package,
    Pco,
    Project,
    Request,
)
from deploy.sandbox.procore.settings import Settings
from deploy.sandbox.procore.stores import Documents, Lines

FIRST_ID: Final = 598_134_325_500_000
"""Ids given out are larger than 32 bits, as in the newer regions ("Multiple Procore Zones")."""


class NoSuchRecord(LookupError):
    """A person's operation names a record that is not there."""


@dataclass
class Company:
    """State of one company; not synchronised, the server holds one lock per request."""

    now: Callable[[], datetime]
    id: int = 4200
    name: str = "Harbor Build"
    service_user: int = 9000
    """The person as whom the app acts."""
    settings: Settings = field(default_factory=Settings)
    catalog: Catalog = field(default_factory=Catalog)
    connected: bool = True
    """Whether the app is installed."""
    projects: dict[int, Project] = field(default_factory=dict)
    contracts: dict[int, Contract] = field(default_factory=dict)
    cost_codes: dict[int, CostCode] = field(default_factory=dict)
    pcos: Documents[Pco] = field(default_factory=Documents)
    requests: Documents[Request] = field(default_factory=Documents)
    packages: Documents[Package] = field(default_factory=Documents)
    lines: Lines = field(default_factory=Lines)
    budget_lines: dict[tuple[int, int, int | None], datetime] = field(default_factory=dict)
    """Project, cost code and line item type with a budget line; a line item can bring one about."""
    change_events: set[int] = field(default_factory=set)
    wbs_codes: dict[tuple[int, int | None], int] = field(default_factory=dict)
    mishaps: Mishaps = field(default_factory=Mishaps)
    last_id: int = FIRST_ID

    def __post_init__(self) -> None:
        self.journal = Journal(self.now)
        self.app = Actor("api", self.service_user)

    def next_id(self) -> int:
        """An id that no record of this company has had."""
        self.last_id += 1
        return self.last_id

    def tier(self, contract_id: int) -> int:
        """How many levels the change orders of a contract have."""
        contract = self.contracts[contract_id]
        return self.projects[contract.project_id].tiers[contract.side]

    def project(self, project_id: int) -> Project:
        """The project; raises NoSuchRecord."""
        if project_id not in self.projects:
            raise NoSuchRecord(f"there is no project {project_id}")
        return self.projects[project_id]

    def contract(self, contract_id: int) -> Contract:
        """The living contract; raises NoSuchRecord."""
        contract = self.contracts.get(contract_id)
        if contract is None or contract.deleted_at is not None:
            raise NoSuchRecord(f"there is no contract {contract_id}")
        return contract

    def wbs_code(self, cost_code_id: int, type_id: int | None) -> int:
        """The id of the work breakdown code that the two make together."""
        key = (cost_code_id, type_id)
        if key not in self.wbs_codes:
            self.wbs_codes[key] = self.next_id()
        return self.wbs_codes[key]

    def package_of(self, pco: Pco) -> Package | None:
        """The package that a PCO belongs to, through its request, silent or not."""
        request = self.requests.get(pco.parent_id) if pco.parent_id is not None else None
        return self.package_above(request)

    def package_above(self, request: Request | None) -> Package | None:
        """The package of a request."""
        if request is None or request.parent_id is None:
            return None
        return self.packages.get(request.parent_id)

    def pcos_of(self, package: Package) -> list[Pco]:
        """The PCOs below a package."""
        return [pco for request in self.requests.below(package.id) for pco in self.pcos.below(request.id)]

    def total(self, record: Document) -> Decimal:
        """``grand_total``: of the lines, else as stated; of requests and packages the sum of what is below."""
        if isinstance(record, Pco):
            lines = self.lines.of(record.id)
            return sum((line.amount for line in lines), ZERO) if lines else record.stated_total or ZERO
        below = self.pcos_of(record) if isinstance(record, Package) else self.pcos.below(record.id)
        return sum((self.total(pco) for pco in below), ZERO)

    def dump(self) -> dict[str, Any]:
        """Everything a test judges by, also what no call of the service shows."""
        return {
            "company": {"id": self.id, "name": self.name, "connected": self.connected},
            "projects": [as_row(project) for project in self.projects.values()],
            "contracts": [as_row(contract) for contract in self.contracts.values()],
            "cost_codes": [as_row(code) for code in self.cost_codes.values()],
            "line_item_types": [as_row(kind) for kind in self.catalog.line_item_types.values()],
            "uoms": list(self.catalog.uoms.values()),
            "potential_change_orders": [self._pco_row(pco) for pco in self.pcos.rows.values()],
            "change_order_requests": [self._row(request) for request in self.requests.rows.values()],
            "change_order_packages": [self._row(package) for package in self.packages.rows.values()],
            "line_items": [as_row(line) for line in self.lines.rows.values()],
            "budget_lines": [list(key) for key in self.budget_lines],
            "changes": self.journal.entries,
            "settings": self.settings.dump(),
        }

    def _row(self, record: Document) -> dict[str, Any]:
        return {**as_row(record), "grand_total": str(self.total(record))}

    def _pco_row(self, pco: Pco) -> dict[str, Any]:
        package = self.package_of(pco)
        lines: list[Line] = self.lines.of(pco.id)
        extra = {
            "package_id": package.id if package else None,
            "tiers": self.tier(pco.contract_id),
            "line_items": [line.id for line in lines],
        }
        return {**self._row(pco), **extra}
