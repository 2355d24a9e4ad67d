"""What groups potential change orders: packages, requests, and the newer view of the orders.

Source: Procore docs, "Change Order Packages", "Change Order Requests", "Commitment Change Orders",
"Prime Change Orders" (v1.0). Packages have no sync and no filter by origin id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from relay.clients.http.terms import NO_WAIT, CallTerms
from relay.clients.procore.group_records import ChangeOrderRequest, ContractChangeOrder, Package
from relay.clients.procore.paging import read_list, read_pages
from relay.clients.procore.session import Session, moments, reading, writing
from relay.clients.procore.sync import SyncAnswer, sync, updates
from relay.domain.commands import ContractKind

_PACKAGES = "/change_order_packages"
_REQUESTS = "/change_order_requests"


class Packages:
    """Lists, shows, creates and changes packages. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(
        self,
        project_id: int,
        *,
        contract_id: int | None = None,
        updated: tuple[datetime, datetime] | None = None,
        include_deleted: bool = False,
        terms: CallTerms = NO_WAIT,
    ) -> list[Package]:
        """Rows with their origin ids, without description and holders."""
        query = {
            "project_id": project_id,
            "contract_id": contract_id,
            "filters[updated_at]": moments(*updated) if updated else None,
            "filters[include_deleted]": "with" if include_deleted else None,
        }
        call = reading(_PACKAGES, "list_change_order_packages", query)
        return read_pages(self._session, call, terms, Package.read)

    def show(
        self,
        project_id: int,
        package_id: int,
        *,
        contract_id: int | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> Package:
        """The whole record."""
        query = {"project_id": project_id, "contract_id": contract_id}
        call = reading(f"{_PACKAGES}/{package_id}", "show_change_order_package", query)
        return self._session.read_one(call, terms, Package.read)

    def create(
        self,
        project_id: int,
        contract_id: int,
        change_order: Mapping[str, object],
        *,
        idempotency_key: str | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> Package:
        """A new one at every call: an unknown outcome is settled by listing the contract's packages."""
        body = {"project_id": project_id, "contract_id": contract_id, "change_order": change_order}
        call = writing("POST", _PACKAGES, "create_change_order_package", body, idempotency_key=idempotency_key)
        return self._session.read_one(call, terms, Package.read)

    def update(
        self,
        project_id: int,
        package_id: int,
        change_order: Mapping[str, object],
        *,
        contract_id: int | None = None,
        idempotency_key: str | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> Package:
        """Changes the given fields."""
        body: dict[str, object] = {"project_id": project_id, "change_order": change_order}
        if contract_id is not None:
            body["contract_id"] = contract_id
        call = writing(
            "PATCH",
            f"{_PACKAGES}/{package_id}",
            "update_change_order_package",
            body,
            idempotency_key=idempotency_key,
        )
        return self._session.read_one(call, terms, Package.read)


class ChangeOrderRequests:
    """Lists, shows and syncs change order requests (3-tier). Thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(
        self,
        project_id: int,
        contract_id: int,
        *,
        package_id: int | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> list[ChangeOrderRequest]:
        """Rows of one contract; they have no origin ids."""
        query = {
            "project_id": project_id,
            "contract_id": contract_id,
            "filters[change_order_package_id]": package_id,
        }
        call = reading(_REQUESTS, "list_change_order_requests", query)
        return read_pages(self._session, call, terms, ChangeOrderRequest.read)

    def show(
        self, project_id: int, contract_id: int, request_id: int, *, terms: CallTerms = NO_WAIT
    ) -> ChangeOrderRequest:
        """The whole record, with its origin id."""
        query = {"project_id": project_id, "contract_id": contract_id}
        call = reading(f"{_REQUESTS}/{request_id}", "show_change_order_request", query)
        return self._session.read_one(call, terms, ChangeOrderRequest.read)

    def create(
        self,
        project_id: int,
        contract_id: int,
        change_order: Mapping[str, object],
        *,
        idempotency_key: str | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> ChangeOrderRequest:
        """A new one at every call; ``sync`` by origin id can be repeated safely."""
        body = {"project_id": project_id, "contract_id": contract_id, "change_order": change_order}
        call = writing("POST", _REQUESTS, "create_change_order_request", body, idempotency_key=idempotency_key)
        return self._session.read_one(call, terms, ChangeOrderRequest.read)

    def sync(
        self,
        project_id: int,
        contract_id: int,
        elements: Sequence[Mapping[str, object]],
        *,
        idempotency_key: str | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> SyncAnswer[ChangeOrderRequest]:
        """Creates or updates up to 1000 by their origin ids. A missing right is 404, hence ``Denied``."""
        call = writing(
            "PATCH",
            f"{_REQUESTS}/sync",
            "sync_change_order_requests",
            updates(elements),
            query=(("project_id", project_id), ("contract_id", contract_id)),
            idempotency_key=idempotency_key,
        )
        return sync(self._session, call, terms, elements, ChangeOrderRequest.read)


class ContractChangeOrders:
    """The newer view of change orders, for what the older one does not tell. Thread-safe.

    It serves projects of one and two tiers only, and its lists are not paged.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(
        self,
        project_id: int,
        kind: ContractKind,
        *,
        legacy_package_id: int | None = None,
        contract_id: int | None = None,
        ids: Sequence[int] = (),
        updated: tuple[datetime, datetime] | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> list[ContractChangeOrder]:
        """``legacy_package_id`` finds the hidden potential change order of a 1-tier package."""
        family = _family(kind)
        query = {
            "filters[legacy_package_id]": legacy_package_id,
            "filters[contract_id]": contract_id,
            "filters[id]": list(ids) or None,
            "filters[updated_at]": moments(*updated) if updated else None,
        }
        path = f"/projects/{project_id}/{family}_change_orders"
        call = reading(path, f"list_{family}_change_orders", query)
        return read_list(self._session, call, terms, ContractChangeOrder.read)

    def update(
        self,
        project_id: int,
        kind: ContractKind,
        change_order_id: int,
        change_order: Mapping[str, object],
        *,
        idempotency_key: str | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> ContractChangeOrder:
        """Changes the given fields; some, such as the change reason, can be written here alone."""
        call = writing(
            "PATCH",
            f"/projects/{project_id}/{_family(kind)}_change_orders/{change_order_id}",
            f"update_{_family(kind)}_change_order",
            {"change_order": change_order},
            idempotency_key=idempotency_key,
        )
        return self._session.read_one(call, terms, ContractChangeOrder.read)


def _family(kind: ContractKind) -> str:
    return "prime" if kind is ContractKind.PRIME else "commitment"
