"""Contracts, and the lists that a change order refers to.

Source: Procore docs, "Work Order Contracts", "Purchase Order Contracts", "Prime Contracts",
"Cost Codes", "Line Item Types", "Units of Measure", "Change Order Change Reasons", "Projects".
"""

from __future__ import annotations

from typing import Final

from relay.clients.procore.paging import read_pages
from relay.clients.procore.reference_records import (
    ChangeReason,
    Contract,
    CostCode,
    LineItemType,
    Project,
    UnitOfMeasure,
)
from relay.clients.procore.session import Session, reading
from relay.clients.terms import AT_ONCE, Terms
from relay.domain.commands import ContractKind
from relay.domain.failures import Denied

_LISTS: Final = {
    ContractKind.PRIME: "/prime_contracts",
    ContractKind.WORK_ORDER: "/work_order_contracts",
    ContractKind.PURCHASE_ORDER: "/purchase_order_contracts",
}


class Contracts:
    """Lists and shows contracts of the three kinds. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(
        self,
        project_id: int,
        kind: ContractKind,
        *,
        origin_id: str | None = None,
        terms: Terms = AT_ONCE,
    ) -> list[Contract]:
        """``origin_id`` is compared here for prime contracts, whose list has no such filter."""
        query: dict[str, object] = {"project_id": project_id}
        if origin_id is not None and kind is not ContractKind.PRIME:
            query["filters[origin_id]"] = origin_id
        call = reading(_LISTS[kind], f"list_{kind.value}_contracts", query)
        found = read_pages(self._session, call, terms, Contract.read)
        return found if origin_id is None else [one for one in found if one.origin_id == origin_id]

    def show(self, project_id: int, kind: ContractKind, contract_id: int, *, terms: Terms = AT_ONCE) -> Contract:
        """One contract; one that is of another kind or not visible is ``Denied``.

        A prime contract is looked up in its list: older references show one under another path.
        """
        if kind is ContractKind.PRIME:
            return self._prime(project_id, contract_id, terms)
        path = f"{_LISTS[kind]}/{contract_id}"
        call = reading(path, f"show_{kind.value}_contract", {"project_id": project_id})
        return self._session.one(call, terms, Contract.read)

    def _prime(self, project_id: int, contract_id: int, terms: Terms) -> Contract:
        query = {"project_id": project_id, "filters[id]": [contract_id]}
        call = reading(_LISTS[ContractKind.PRIME], "show_prime_contract", query)
        for one in read_pages(self._session, call, terms, Contract.read):
            if one.id == contract_id:
                return one
        raise Denied(
            f"procore: show_prime_contract: {contract_id} is none of the prime contracts of project {project_id} "
            "that the service account may see",
            status=404,
        )


class References:
    """The lists behind codes, types, units and reasons. Thread-safe; nothing is cached here."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def cost_codes(self, project_id: int, *, terms: Terms = AT_ONCE) -> list[CostCode]:
        """Of one project."""
        call = reading("/cost_codes", "list_cost_codes", {"project_id": project_id})
        return read_pages(self._session, call, terms, CostCode.read)

    def line_item_types(self, project_id: int, *, terms: Terms = AT_ONCE) -> list[LineItemType]:
        """Of one project."""
        query = {"company_id": self._session.company_id, "project_id": project_id}
        call = reading("/line_item_types", "list_line_item_types", query)
        return read_pages(self._session, call, terms, LineItemType.read)

    def units_of_measure(self, *, terms: Terms = AT_ONCE) -> list[UnitOfMeasure]:
        """Of the company."""
        path = f"/companies/{self._session.company_id}/uoms"
        return read_pages(self._session, reading(path, "list_units_of_measure"), terms, UnitOfMeasure.read)

    def change_reasons(self, *, terms: Terms = AT_ONCE) -> list[ChangeReason]:
        """Of the company."""
        query = {"company_id": self._session.company_id}
        call = reading("/change_order_change_reasons", "list_change_reasons", query)
        return read_pages(self._session, call, terms, ChangeReason.read)

    def projects(self, *, terms: Terms = AT_ONCE) -> list[Project]:
        """Active projects that the service account may see."""
        call = reading("/projects", "list_projects", {"company_id": self._session.company_id})
        return read_pages(self._session, call, terms, Project.read)

    def project(self, project_id: int, *, terms: Terms = AT_ONCE) -> Project:
        """One project. ``Denied`` where the service account is not permitted to see it."""
        query = {"company_id": self._session.company_id}
        call = reading(f"/projects/{project_id}", "show_project", query)
        return self._session.one(call, terms, Project.read)
