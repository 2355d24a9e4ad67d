"""CINX, for one company: purchase orders, their change orders, and the import that makes them.

Sources: CINX API docs, "Purchase Orders", "PO Change Orders" (also of 2019), "Jobs", "Job Costing
Setup", "Projects", "User Authentication".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar
from urllib.parse import quote

from relay.clients.cinx.envelope import Envelope
from relay.clients.cinx.job_status import JobStatus
from relay.clients.cinx.jobs import ImportAnswer, Job, read_import_answer
from relay.clients.cinx.listing import Listing, read_listing
from relay.clients.cinx.poco_records import Poco, PocoRow
from relay.clients.cinx.records import ProjectRow, PurchaseOrder, PurchaseOrderRow
from relay.clients.cinx.references import CostEntry, CostList
from relay.clients.cinx.session import Session, in_company
from relay.clients.cinx.subscription import Subscription
from relay.clients.cinx.template import Template
from relay.clients.http.messages import Request, Response, get
from relay.clients.http.remote import ClientOptions, RemoteHttp
from relay.clients.http.secret import Secret
from relay.clients.http.terms import NO_WAIT, CallTerms
from relay.clients.native_json import json_text
from relay.clients.native_json.records import NativeRecord
from relay.domain.failures import Rejected

SYSTEM = "cinx"
DEFAULT_BASE_URL = "https://api.cinx.com"

T = TypeVar("T")

_IMPORT = in_company("/partner/exec/cinx/json-poco-import")
_SHOWN = 500
"""Characters of a row without a guid that a letter shows."""
_NO_IMPORT = "POCO import not available for this account: ask CINX whether it can be enabled"


class CinxClient:
    """One company of CINX. Thread-safe.

    Reading calls raise ``Unavailable``, ``Throttled``, ``TenantBlocked`` (login refused,
    subscription expired, import not available), ``Denied`` or ``Rejected``; the import also
    ``Ambiguous``, after which nothing may be sent again before the purchase order's POCOs are read.
    """

    def __init__(
        self,
        *,
        email: str,
        password: Secret,
        api_token: Secret | None = None,
        base_url: str = DEFAULT_BASE_URL,
        synchronous: bool = False,
        auto_submit: bool = False,
        options: ClientOptions | None = None,
    ) -> None:
        options = options or ClientOptions()
        self._remote = RemoteHttp(SYSTEM, base_url, options)
        self._session = Session(self._remote, options, email=email, password=password, api_token=api_token)
        self._jobs = JobStatus(self._session, options.tenant)
        self._synchronous = synchronous
        self._import_query = {
            "body": "json",
            "synchronous": "1" if synchronous else None,
            "auto_submit": "1" if auto_submit else None,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._remote.close()

    def subscriptions(self, *, terms: CallTerms = NO_WAIT) -> list[Subscription]:
        """Every company that the user may use."""
        return self._session.subscriptions(terms)

    def probe_tenant(self, *, terms: CallTerms = NO_WAIT) -> Subscription:
        """The company's subscription, by a harmless call that shows whether login, token and subscription hold.

        Raises ``TenantBlocked`` with what to do.
        """
        return self._session.subscription(terms)

    def poco_template(self, *, terms: CallTerms = NO_WAIT) -> Template:
        """The live template. Raises ``TenantBlocked`` where POCOs cannot be imported here at all."""
        call = get(in_company("/template/poco"), "poco_template")
        answer = self._session.exchange(call, terms)
        envelope = self._session.opened(call, answer)
        self._refuse_missing_import(call, answer, envelope)
        good = self._session.good(call, answer, envelope)
        try:
            return Template.read(good.rows[0].data if good.rows else {})
        except ValueError:
            raise self._remote.failures.blocked(answer, call, _NO_IMPORT) from None

    def purchase_orders(self, number: str, *, terms: CallTerms = NO_WAIT) -> list[PurchaseOrderRow]:
        """The purchase orders whose number is exactly this; what CINX's filter compares is not documented."""
        path, query = in_company("/pos"), {"number": number}
        listing = self._read_listing(path, "purchase_orders", terms, PurchaseOrderRow.read, query)
        return [row for row in listing.rows if row.number == number]

    def all_purchase_orders(self, *, terms: CallTerms = NO_WAIT) -> Listing[PurchaseOrderRow]:
        """Every purchase order of the company ("Purchase Orders", list with ``offset`` and ``limit``)."""
        return self._read_listing(in_company("/pos"), "all_purchase_orders", terms, PurchaseOrderRow.read)

    def projects(self, *, terms: CallTerms = NO_WAIT) -> Listing[ProjectRow]:
        """Every project of the company ("Projects", list with ``offset`` and ``limit``)."""
        return self._read_listing(in_company("/projects"), "projects", terms, ProjectRow.read)

    def purchase_order(self, guid: str, *, terms: CallTerms = NO_WAIT) -> PurchaseOrder | None:
        """The purchase order with its lines; ``None`` if CINX says that there is none."""
        return self._read_one(f"/po/{quote(guid, safe='')}", "purchase_order", terms, PurchaseOrder.read)

    def pocos_of(self, guid: str, *, number: str | None = None, terms: CallTerms = NO_WAIT) -> Listing[PocoRow]:
        """The change orders of a purchase order, by its guid.

        Paging is not documented for this list. Where it may have been cut off, the company's whole
        list, which is paged, is read too, if the purchase order's ``number`` is given. Raises ``Rejected`` where one of
        them has no guid: it may be any of ours, and no other can be judged beside it.
        """
        path = in_company(f"/po/{quote(guid, safe='')}/pocos")
        listing = self._read_listing(path, "pocos_of_purchase_order", terms, PocoRow.read, paged=False, apart=True)
        self._check_named(listing)
        if listing.whole or number is None:
            return listing
        of_company = self.pocos(apart=True, terms=CallTerms(lane=terms.lane, pause=terms.pause))
        self._check_named(of_company)
        rows = {row.guid: row for row in of_company.rows if row.po_number == number}
        rows |= {row.guid: row for row in listing.rows}
        return Listing(list(rows.values()), whole=of_company.whole)

    def pocos(
        self,
        *,
        number: str | None = None,
        workflow: str | None = None,
        apart: bool = False,
        terms: CallTerms = NO_WAIT,
    ) -> Listing[PocoRow]:
        """The company's change orders. What ``number`` is compared with is not documented.

        ``apart``: rows without a guid are kept apart, where otherwise the list cannot be read.
        """
        query = {"number": number, "workflow": workflow}
        return self._read_listing(in_company("/pocos"), "pocos", terms, PocoRow.read, query, apart=apart)

    def poco(self, guid: str, *, terms: CallTerms = NO_WAIT) -> Poco | None:
        """The PO change order with its lines; ``None`` if CINX says that there is none."""
        return self._read_one(f"/poco/{quote(guid, safe='')}", "poco", terms, Poco.read)

    def cost_list(self, which: CostList, *, terms: CallTerms = NO_WAIT) -> list[CostEntry]:
        """Phases, material cost codes, categories or tax groups of the company."""
        path = in_company(f"/org/job-costing/{which.value}")
        operation = which.value.replace("-", "_")
        return self._read_listing(path, operation, terms, CostEntry.read, paged=False).rows

    def create_poco(self, payload: Mapping[str, object], *, terms: CallTerms = NO_WAIT) -> ImportAnswer:
        """Submits a new POCO. Each call that arrives makes one: never repeat it by itself.

        Raises ``Ambiguous`` also where the answer is good but names no job.
        """
        return self._import("POST", "create_poco", payload, terms)

    def modify_poco(self, payload: Mapping[str, object], *, terms: CallTerms = NO_WAIT) -> ImportAnswer:
        """Changes the POCO that ``cinx_guid`` in the payload names. ``None`` members clear a field."""
        return self._import("PUT", "modify_poco", payload, terms)

    def job(self, job_id: str, *, terms: CallTerms = NO_WAIT) -> Job:
        """The state of an import's job."""
        return self._jobs.read(job_id, terms)

    def _import(self, method: str, operation: str, payload: Mapping[str, object], terms: CallTerms) -> ImportAnswer:
        call = Request(
            method=method,
            path=_IMPORT,
            operation=operation,
            query=tuple((name, value) for name, value in self._import_query.items() if value),
            headers={"Content-Type": "application/json"},
            body=json_text.render(payload),
            own_connection=True,
        )
        answer = self._session.exchange(call, terms)
        envelope = self._session.opened(call, answer)
        if envelope is None and answer.status in (404, 405, 410):
            raise self._remote.failures.blocked(answer, call, _NO_IMPORT)
        if envelope is not None and self._synchronous and envelope.says_failed:
            reason = (envelope.row_failure or (0, ""))[1] or envelope.message or "no reason given"
            return ImportAnswer(failure=self._remote.failures.cleaned(reason))
        failure = self._session.failure(call, answer, envelope) if envelope else None
        if failure:
            raise failure
        self._remote.check(call, answer)
        return self._import_answer(call, answer)

    def _import_answer(self, call: Request, answer: Response) -> ImportAnswer:
        import_answer = read_import_answer(self._remote.json(call, answer))
        if import_answer is None:
            words = "the answer names neither a job nor a document"
            raise self._remote.failures.unknown(answer, call, words)
        return import_answer

    def _refuse_missing_import(self, call: Request, answer: Response, envelope: Envelope | None) -> None:
        if answer.status >= 500 and envelope is None:
            return
        bad = answer.status >= 400 or (envelope is not None and not 200 <= envelope.code < 300)
        if bad and answer.status not in (401, 429):
            raise self._remote.failures.blocked(answer, call, _NO_IMPORT)

    def _read_one(self, path: str, operation: str, terms: CallTerms, read: Callable[[NativeRecord], T]) -> T | None:
        call = get(in_company(path), operation)
        answer = self._session.exchange(call, terms)
        envelope = self._session.opened(call, answer)
        if envelope is not None and envelope.says_absent:
            return None
        rows = self._session.good(call, answer, envelope).rows
        return self._read(call, answer, rows[0], read) if rows else None

    def _read_listing(
        self,
        path: str,
        operation: str,
        terms: CallTerms,
        read: Callable[[NativeRecord], T],
        query: Mapping[str, object] | None = None,
        *,
        paged: bool = True,
        apart: bool = False,
    ) -> Listing[T]:
        try:
            return read_listing(self._session, path, operation, terms, read, query, paged=paged, apart=apart)
        except ValueError as error:
            raise self._remote.failures.unknown(None, get(path, operation), f"unreadable: {error}") from None

    def _check_named(self, listing: Listing[PocoRow]) -> None:
        if listing.unreadable:
            raise Rejected(
                f"{SYSTEM}.poco_unreadable",
                f"CINX lists {len(listing.unreadable)} of the purchase order's POCOs without a guid, so that it is not "
                "known which they are. Tell CINX, then send this letter again.",
                remote_answer=self._remote.failures.cleaned(listing.unreadable[0].decode())[:_SHOWN],
            )

    def _read(self, call: Request, answer: Response, row: NativeRecord, read: Callable[[NativeRecord], T]) -> T:
        try:
            return read(row)
        except ValueError as error:
            raise self._remote.failures.unknown(answer, call, f"unreadable: {error}") from None


def without_nulls(value: Any) -> Any:
    """A payload without ``None`` members: CINX would clear the field. ``False`` and 0 stay."""
    if isinstance(value, Mapping):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(element) for element in value]
    return value
