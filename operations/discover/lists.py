"""The lists that an account has: how each is read, and what a row of it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from operations.discover.cost_codes import counted
from operations.survey.remotes import Client, Remote
from operations.survey.seen_items import listed_items
from relay.clients.cinx import CinxClient, CostList
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.procore import Contract, ProcoreClient
from relay.domain.commands import ContractKind

Row = dict[str, str | None]
"""What is said of one thing, by column."""

PROJECTS = "projects"
CONTRACTS = "contracts"
TIERS = "tiers"
PURCHASE_ORDERS = "purchase_orders"
COST_CODES = "cost_codes"
LINE_ITEM_TYPES = "line_item_types"
UNITS = "units"
TAX_GROUPS = "tax_groups"
SOURCE_CODES = "source_codes"

KINDS = (PROJECTS, CONTRACTS, TIERS, PURCHASE_ORDERS, COST_CODES, LINE_ITEM_TYPES, UNITS, TAX_GROUPS, SOURCE_CODES)
_PRICE_UNIT = "items.price_uom"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListToRead:
    """A list of an account, of one project or of the whole company, and how it is read.

    ``part`` tells lists of one kind apart. ``read`` raises what the client raises, and ``CallsSpent``.
    """

    account: str
    kind: str
    read: Callable[[], list[Row]]
    project: str | None = None
    part: str | None = None

    @property
    def name(self) -> str:
        """By what the list is remembered."""
        return " ".join(word for word in (self.account, self.kind, self.project, self.part) if word is not None)

    @property
    def words(self) -> str:
        """How the list is called to people."""
        what = f"{self.part} {self.kind}" if self.part else self.kind
        where = f" of project {self.project}" if self.project else ""
        return f"{self.account}: {what.replace('_', ' ')}{where}"


def of_company(remote: Remote[Client]) -> Iterator[ListToRead]:
    """The lists of the whole account, the ones first that others are read by."""
    read = partial(ListToRead, account=remote.key)
    match remote.client:
        case ConstructionOnlineClient() as source:
            yield read(kind=PROJECTS, read=partial(_source_projects, source, remote))
            yield read(kind=SOURCE_CODES, read=partial(_source_codes, source, remote))
        case ProcoreClient() as company:
            yield read(kind=PROJECTS, read=partial(_procore_projects, company, remote))
            yield read(kind=UNITS, read=partial(_units, company, remote))
        case CinxClient() as cinx:
            yield read(kind=PROJECTS, read=partial(_cinx_projects, cinx, remote))
            yield read(kind=PURCHASE_ORDERS, read=partial(_purchase_orders, cinx, remote))
            yield read(kind=COST_CODES, read=partial(_cost_list, cinx, remote, CostList.MATERIAL_COST_CODES))
            yield read(kind=TAX_GROUPS, read=partial(_cost_list, cinx, remote, CostList.TAX_GROUPS))
            yield read(kind=UNITS, read=partial(_price_units, cinx, remote))


def of_project(remote: Remote[Client], project: str) -> Iterator[ListToRead]:
    """The lists of one project; only Procore has such."""
    company = remote.client
    if isinstance(company, ProcoreClient):
        read = partial(ListToRead, account=remote.key, project=project)
        for kind in ContractKind:
            yield read(kind=CONTRACTS, part=kind.value, read=partial(_contracts, company, remote, project, kind))
        yield read(kind=TIERS, read=partial(_tiers, company, remote, project))
        yield read(kind=COST_CODES, read=partial(_cost_codes, company, remote, project))
        yield read(kind=LINE_ITEM_TYPES, read=partial(_types, company, remote, project))


def _source_projects(client: ConstructionOnlineClient, remote: Remote[Client]) -> list[Row]:
    rows = [record.data for record in client.projects(terms=remote.terms)]
    return [{"id": _text(row.get("ID")), "number": None, "name": _text(row.get("NAME"))} for row in rows]


def _source_codes(client: ConstructionOnlineClient, remote: Remote[Client]) -> list[Row]:
    return counted(seen.item for seen in listed_items(client, remote.key, None, remote.terms))


def _procore_projects(client: ProcoreClient, remote: Remote[Client]) -> list[Row]:
    projects = client.references.projects(terms=remote.terms)
    return [{"id": str(project.id), "number": project.number, "name": project.name} for project in projects]


def _units(client: ProcoreClient, remote: Remote[Client]) -> list[Row]:
    units = client.references.units_of_measure(terms=remote.terms)
    return [{"name": unit.name, "description": unit.description} for unit in units]


def _contracts(client: ProcoreClient, remote: Remote[Client], project: str, kind: ContractKind) -> list[Row]:
    contracts = client.contracts.find(int(project), kind, terms=remote.terms)
    return [_contract(project, kind, contract) for contract in contracts if contract.deleted_at is None]


def _contract(project: str, kind: ContractKind, contract: Contract) -> Row:
    return {
        "project": project,
        "id": str(contract.id),
        "kind": kind.value,
        "number": contract.number,
        "title": contract.title,
        "vendor": contract.vendor,
        "status": contract.status,
    }


def _tiers(client: ProcoreClient, remote: Remote[Client], project: str) -> list[Row]:
    rows = client.potential_change_orders.first_rows(int(project), terms=remote.terms)
    told = {str(row.contract_id): str(row.tiers) for row in rows if row.contract_id and row.tiers}
    return [{"contract": contract, "tiers": tiers} for contract, tiers in sorted(told.items())]


def _cost_codes(client: ProcoreClient, remote: Remote[Client], project: str) -> list[Row]:
    codes = client.references.cost_codes(int(project), terms=remote.terms)
    living = [code for code in codes if code.deleted_at is None]
    return [{"project": project, "code": code.full_code or code.code, "name": code.name} for code in living]


def _types(client: ProcoreClient, remote: Remote[Client], project: str) -> list[Row]:
    types = client.references.line_item_types(int(project), terms=remote.terms)
    return [{"project": project, "code": kind.code, "name": kind.name} for kind in types]


def _cinx_projects(client: CinxClient, remote: Remote[Client]) -> list[Row]:
    rows = client.projects(terms=remote.terms).rows
    return [{"id": row.guid, "number": row.number, "name": row.name, "status": row.status} for row in rows]


def _purchase_orders(client: CinxClient, remote: Remote[Client]) -> list[Row]:
    return [
        {
            "number": order.number,
            "name": order.name,
            "project": order.project_number,
            "vendor": order.vendor_name or order.vendor_number,
            "status": order.workflow_status,
        }
        for order in client.all_purchase_orders(terms=remote.terms).rows
    ]


def _cost_list(client: CinxClient, remote: Remote[Client], which: CostList) -> list[Row]:
    entries = client.cost_list(which, terms=remote.terms)
    return [{"code": entry.name, "name": entry.description or entry.reference_id} for entry in entries]


def _price_units(client: CinxClient, remote: Remote[Client]) -> list[Row]:
    """Those that the template of an import allows ("Introduction", Templates); none where it names none."""
    options: Sequence[str] = client.poco_template(terms=remote.terms).options.get(_PRICE_UNIT, ())
    return [{"name": option, "description": None} for option in options]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
