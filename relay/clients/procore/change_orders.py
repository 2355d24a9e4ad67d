"""Potential change orders and their lines.

Source: Procore docs, "Potential Change Orders" and "Potential Change Order Line Items" (v1.0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from relay.clients.http.terms import NO_WAIT, CallTerms
from relay.clients.procore.paging import PER_PAGE, read_list, read_pages
from relay.clients.procore.records import LineItem, PotentialChangeOrder, PotentialChangeOrderRow
from relay.clients.procore.session import Session, moments, reading, writing
from relay.clients.procore.sync import SyncAnswer, sync, updates

_PATH = "/potential_change_orders"


class PotentialChangeOrders:
    """Lists, shows and syncs potential change orders. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(
        self,
        project_id: int,
        *,
        contract_id: int | None = None,
        origin_id: str | None = None,
        ids: Sequence[int] = (),
        updated: tuple[datetime, datetime] | None = None,
        include_deleted: bool = False,
        unreadable: list[bytes] | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> list[PotentialChangeOrderRow]:
        """Rows of a project. A missing right answers 404, hence ``Denied``.

        ``updated``: only those changed between two moments, both included, to the second. ``unreadable`` takes the
        bytes of rows without an id; where it is not given, a list with one of these cannot be read.
        """
        query = {
            "project_id": project_id,
            "filters[contract_id]": contract_id,
            "filters[origin_id]": origin_id,
            "filters[id]": list(ids) or None,
            "filters[updated_at]": moments(*updated) if updated else None,
            "filters[include_deleted]": "with" if include_deleted else None,
        }
        call = reading(_PATH, "list_potential_change_orders", query)
        return read_pages(self._session, call, terms, PotentialChangeOrderRow.read, unreadable)

    def first_rows(
        self, project_id: int, *, contract_id: int | None = None, terms: CallTerms = NO_WAIT
    ) -> list[PotentialChangeOrderRow]:
        """The rows of the first page alone, by one call: enough to tell the tiers of a contract that has any."""
        query = {"project_id": project_id, "filters[contract_id]": contract_id, "page": 1, "per_page": PER_PAGE}
        call = reading(_PATH, "first_potential_change_orders", query)
        return read_list(self._session, call, terms, PotentialChangeOrderRow.read)

    def probe(self, project_id: int, *, terms: CallTerms = NO_WAIT) -> None:
        """Whether the change orders of a project may be listed. Raises ``Denied`` if not."""
        query = {"project_id": project_id, "page": 1, "per_page": 1}
        self._session.exchange(reading(_PATH, "probe_project", query), terms)

    def show(
        self, project_id: int, contract_id: int, pco_id: int, *, terms: CallTerms = NO_WAIT
    ) -> PotentialChangeOrder:
        """The whole record. A wrong contract is ``Denied`` although the id is right."""
        query = {"project_id": project_id, "contract_id": contract_id}
        call = reading(f"{_PATH}/{pco_id}", "show_potential_change_order", query)
        return self._session.read_one(call, terms, PotentialChangeOrder.read)

    def update(
        self,
        project_id: int,
        contract_id: int,
        pco_id: int,
        change_order: Mapping[str, object],
        *,
        idempotency_key: str | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> PotentialChangeOrder:
        """Changes the given fields of one record by its id; this is how an origin id is put on it."""
        body = {"project_id": project_id, "contract_id": contract_id, "change_order": change_order}
        call = writing(
            "PATCH",
            f"{_PATH}/{pco_id}",
            "update_potential_change_order",
            body,
            idempotency_key=idempotency_key,
        )
        return self._session.read_one(call, terms, PotentialChangeOrder.read)

    def sync(
        self,
        project_id: int,
        contract_id: int,
        elements: Sequence[Mapping[str, object]],
        *,
        idempotency_key: str | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> SyncAnswer[PotentialChangeOrder]:
        """Creates or updates up to 1000 by their origin ids.

        Raises ``ValueError`` before anything is sent for no or too many elements, and for origin
        ids that are missing or repeated. A project that is not valid answers 401, hence ``Denied``.
        """
        call = writing(
            "PATCH",
            f"{_PATH}/sync",
            "sync_potential_change_orders",
            updates(elements),
            query=(("project_id", project_id), ("contract_id", contract_id)),
            idempotency_key=idempotency_key,
        )
        return sync(self._session, call, terms, elements, PotentialChangeOrder.read)


class LineItems:
    """Lists, syncs and deletes the lines of a potential change order. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, project_id: int, pco_id: int, *, terms: CallTerms = NO_WAIT) -> list[LineItem]:
        """Every line, with its origin id."""
        call = reading(f"{_PATH}/{pco_id}/line_items", "list_line_items", {"project_id": project_id})
        return read_pages(self._session, call, terms, LineItem.read)

    def sync(
        self,
        project_id: int,
        pco_id: int,
        elements: Sequence[Mapping[str, object]],
        *,
        idempotency_key: str | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> SyncAnswer[LineItem]:
        """Creates or updates up to 1000 lines by their origin ids; see the sync of their holders."""
        call = writing(
            "PATCH",
            f"{_PATH}/{pco_id}/line_items/sync",
            "sync_line_items",
            updates(elements),
            query=(("project_id", project_id),),
            idempotency_key=idempotency_key,
        )
        return sync(self._session, call, terms, elements, LineItem.read)

    def delete(
        self,
        project_id: int,
        pco_id: int,
        line_item_id: int,
        *,
        idempotency_key: str | None = None,
        terms: CallTerms = NO_WAIT,
    ) -> None:
        """Removes one line. One that is gone already is ``Denied`` with status 404."""
        call = writing(
            "DELETE",
            f"{_PATH}/{pco_id}/line_items/{line_item_id}",
            "delete_line_item",
            None,
            query=(("project_id", project_id),),
            idempotency_key=idempotency_key,
        )
        self._session.exchange(call, terms)
