"""Contracts, and the lists that a change order refers to.

Source: Procore docs, "Work Order Contracts", "Purchase Order Contracts", "Prime Contracts",
"Cost Codes", "Line Item Types", "Units of Measure", "Change Order Change Reasons", "Projects".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from relay.clients.http.terms import NO_WAIT, CallTerms
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
        terms: CallTerms = NO_WAIT,
    ) -> list[Contract]:
        """``origin_id`` is compared here for prime contracts, whose list has no such filter."""
        query: dict[str, object] = {"project_id": project_id}
        if origin_id is not None and kind is not ContractKind.PRIME:
            query["filters[origin_id]"] = origin_id
        call = reading(_LISTS[kind], f"list_{kind.value}_contracts", query)
        contracts = read_pages(self._session, call, terms, Contract.read)
        return [contract for contract in contracts if origin_id in {None, contract.origin_id}]

    def show(
        self, project_id: int, kind: ContractKind, contract_id: int, *, terms: CallTerms = NO_WAIT
    ) -> Contract | None:
        """One contract; ``None``: the service account may list these contracts, and this one is not among them.

        The list is the only documented way for all three kinds; where it does not have the contract, or is
        refused, its own page is asked. ``Denied``: nothing of it may be read.
        """
        refused: Denied | None = None
        try:
            contract = self._listed(project_id, kind, contract_id, terms)
        except Denied as denied:
            contract, refused = None, denied
        if contract is None:
            contract = self._by_page(project_id, kind, contract_id, replace(terms, admitted=False))
        if contract is None and refused is not None:
            raise refused
        return contract

    def _listed(self, project_id: int, kind: ContractKind, contract_id: int, terms: CallTerms) -> Contract | None:
        query = {"project_id": project_id, "filters[id]": [contract_id]}
        call = reading(_LISTS[kind], f"show_{kind.value}_contract", query)
        contracts = read_pages(self._session, call, terms, Contract.read)
        return next((contract for contract in contracts if contract.id == contract_id), None)

    def _by_page(self, project_id: int, kind: ContractKind, contract_id: int, terms: CallTerms) -> Contract | None:
        """Reads the page of the contract, or, of a prime contract, that of the project's first one.

        ``None``: the page shows another contract, or may not be read.
        """
        path = "/prime_contract" if kind is ContractKind.PRIME else f"{_LISTS[kind]}/{contract_id}"
        call = reading(path, f"show_{kind.value}_contract", {"project_id": project_id})
        try:
            contract = self._session.read_one(call, terms, Contract.read)
        except Denied:
            return None
        return contract if contract.id == contract_id else None


class References:
    """The lists behind codes, types, units and reasons. Thread-safe; nothing is cached here."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def cost_codes(self, project_id: int, *, terms: CallTerms = NO_WAIT) -> list[CostCode]:
        call = reading("/cost_codes", "list_cost_codes", {"project_id": project_id})
        return read_pages(self._session, call, terms, CostCode.read)

    def line_item_types(self, project_id: int, *, terms: CallTerms = NO_WAIT) -> list[LineItemType]:
        query = {"company_id": self._session.company_id, "project_id": project_id}
        call = reading("/line_item_types", "list_line_item_types", query)
        return read_pages(self._session, call, terms, LineItemType.read)

    def units_of_measure(self, *, terms: CallTerms = NO_WAIT) -> list[UnitOfMeasure]:
        path = f"/companies/{self._session.company_id}/uoms"
        return read_pages(self._session, reading(path, "list_units_of_measure"), terms, UnitOfMeasure.read)

    def change_reasons(self, *, terms: CallTerms = NO_WAIT) -> list[ChangeReason]:
        query = {"company_id": self._session.company_id}
        call = reading("/change_order_change_reasons", "list_change_reasons", query)
        return read_pages(self._session, call, terms, ChangeReason.read)

    def projects(self, *, terms: CallTerms = NO_WAIT) -> list[Project]:
        """Active projects that the service account may see."""
        call = reading("/projects", "list_projects", {"company_id": self._session.company_id})
        return read_pages(self._session, call, terms, Project.read)

    def project(self, project_id: int, *, terms: CallTerms = NO_WAIT) -> Project:
        """One project. ``Denied`` where the service account is not permitted to see it."""
        query = {"company_id": self._session.company_id}
        call = reading(f"/projects/{project_id}", "show_project", query)
        return self._session.read_one(call, terms, Project.read)
