"""ConstructionOnline, read only.

Sources: ConstructionOnline developers, "Making API Requests", "Get All Change Orders", "Get a
Change Order", "Get Change Orders Modified After a Specific Date", "Get Items for a Change Order", "Get
All Deleted Projects", "Response Codes", "Rate Limits".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Self

from relay.clients.http.messages import Request, Response, get
from relay.clients.http.redaction import basic_credentials
from relay.clients.http.remote import ClientOptions, RemoteHttp
from relay.clients.http.secret import Secret, read_secret
from relay.clients.http.terms import NO_WAIT, CallTerms
from relay.clients.native_json.records import NativeRecord, records
from relay.domain.failures import CallFailure
from relay.domain.sources.native_values import number_of

SYSTEM = "constructiononline"
DEFAULT_BASE_URL = "https://api.constructiononline.com/api"

_CREDENTIALS = (
    "the remote refuses the login or the API key: check the e-mail address, the password and the "
    "API key of this account, and whether its user still belongs to the company"
)
_ADDRESS = (
    "a listing that always exists is refused, which points to the login, the API key or the base "
    "URL: check all three in the settings of this account"
)


class ConstructionOnlineClient:
    """One account of ConstructionOnline. Thread-safe.

    Every method raises ``Unavailable`` (nothing can be lost by reading again), ``Throttled``
    (for the whole API key), ``TenantBlocked`` (login, key or address refused) or ``Denied``
    (this one project or change order is refused; a probe tells whether it is the login).
    """

    def __init__(
        self,
        *,
        email: str,
        password: Secret,
        api_key: Secret,
        base_url: str = DEFAULT_BASE_URL,
        options: ClientOptions | None = None,
    ) -> None:
        self._options = options or ClientOptions()
        self._remote = RemoteHttp(SYSTEM, base_url, self._options)
        self._email = email
        self._password = password
        self._api_key = api_key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._remote.close()

    def change_orders(
        self,
        from_date: date | None = None,
        project_id: int | None = None,
        *,
        terms: CallTerms = NO_WAIT,
    ) -> list[NativeRecord]:
        """The account's change orders, without items.

        ``from_date``: only those modified on that day or later, in the remote's unstated zone.
        """
        query = {"fromDate": from_date, "projectID": project_id}
        return self._list("/ChangeOrders", "change_orders", query, terms)

    def change_order(self, change_order_id: int, *, terms: CallTerms = NO_WAIT) -> NativeRecord | None:
        """One change order; ``None`` if the remote says that it does not exist."""
        return self._read_one(f"/ChangeOrders/{change_order_id}", "change_order", change_order_id, terms)

    def items(
        self,
        from_date: date | None = None,
        project_id: int | None = None,
        change_order_id: int | None = None,
        *,
        terms: CallTerms = NO_WAIT,
    ) -> list[NativeRecord]:
        """Items of change orders; empty for a lump-sum change order.

        ``from_date`` looks at the item's own modification, not at its change order's.
        """
        query = {
            "fromDate": from_date,
            "projectID": project_id,
            "changeOrderID": change_order_id,
        }
        return self._list("/ChangeOrderItems", "items", query, terms)

    def item(self, item_id: int, *, terms: CallTerms = NO_WAIT) -> NativeRecord | None:
        """One item; ``None`` if the remote says that it does not exist."""
        return self._read_one(f"/ChangeOrderItems/{item_id}", "item", item_id, terms)

    def projects(self, *, terms: CallTerms = NO_WAIT) -> list[NativeRecord]:
        """Active and archived projects of the company."""
        return self._list("/v2/Projects", "projects", {}, terms)

    def deleted_projects(self, *, terms: CallTerms = NO_WAIT) -> list[NativeRecord]:
        """Projects that were deleted."""
        return self._list("/v2/DeletedProjects", "deleted_projects", {}, terms)

    def probe_tenant(self, *, terms: CallTerms = NO_WAIT) -> None:
        """A harmless, small call that shows whether the credentials hold."""
        self._list("/Projects", "probe_tenant", {"skip": 0, "take": 1}, terms)

    def _list(self, path: str, operation: str, query: Mapping[str, object], terms: CallTerms) -> list[NativeRecord]:
        call = get(path, operation, query)
        answer = self._exchange(call, terms)
        return self._records(call, self._checked_list(call, answer))

    def _checked_list(self, call: Request, answer: Response) -> Response:
        """The answer, if it is a list. A refused one is a matter of credentials, unless a filter could be at fault."""
        filtered = any(name in ("projectID", "changeOrderID") for name, _ in call.query)
        if answer.status in (401, 403) and not filtered:
            raise self._remote.failures.blocked(answer, call, _CREDENTIALS)
        if answer.status in (400, 404) and (not filtered or _is_unknown_address(answer)):
            raise self._remote.failures.blocked(answer, call, _ADDRESS)
        if answer.status == 400:
            raise self._remote.failures.denied(answer, call, self._remote.failures.sentence(answer))
        return self._remote.check(call, answer)

    def _read_one(self, path: str, operation: str, number: int, terms: CallTerms) -> NativeRecord | None:
        call = get(path, operation)
        answer = self._exchange(call, terms)
        if answer.status == 404:
            self._check_absence(call, answer)
            return None
        rows = self._records(call, self._remote.check(call, answer))
        if not rows:
            return None
        if len(rows) != 1 or number_of(rows[0].data.get("ID")) != number:
            words = f"the answer does not hold the one record with ID {number}"
            raise self._remote.failures.unknown(answer, call, words)
        return rows[0]

    def _check_absence(self, call: Request, answer: Response) -> None:
        """Raises where a 404 is about the address and not about the record ("Response Codes")."""
        if "messagedetail" in answer.text.lower() and _is_unknown_address(answer):
            raise self._remote.failures.blocked(answer, call, _ADDRESS)
        if "<html" in answer.text.lower():
            raise self._remote.failures.denied(answer, call, self._remote.failures.sentence(answer))

    def _records(self, call: Request, answer: Response) -> list[NativeRecord]:
        try:
            return records(answer.body, "ID")
        except ValueError as error:
            words = f"the answer is not a readable list ({error})"
            raise self._remote.failures.unknown(answer, call, words) from None

    def _exchange(self, call: Request, terms: CallTerms) -> Response:
        try:
            signed = replace(call, headers=self._credentials())
        except CallFailure:
            self._remote.release(terms)
            raise
        return self._remote.exchange(signed, terms)

    def _credentials(self) -> dict[str, str]:
        password, key = read_secret(self._password), read_secret(self._api_key, in_a_header=True)
        login = basic_credentials(self._email, password)
        self._options.redactor.know(password, key, login)
        return {
            "Authorization": f"Basic {login}",
            "APIKey": key,
            "Accept": "application/json",
        }


def _is_unknown_address(answer: Response) -> bool:
    """Whether a 404 is about the address and not about the record ("Response Codes").

    ASP.NET then speaks of a controller or of an HTTP resource; a service may give details of a record as well.
    """
    text = answer.text.lower()
    return "controller" in text or "no http resource" in text
