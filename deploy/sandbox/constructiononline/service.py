"""The API itself: which call answers what.

Sources: ConstructionOnline developers, "Change Orders Overview", "Get a Change Order", "Get Company
Projects", "Get all Deleted Projects", "Response Codes", "Rate Limits". Only reading is simulated.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from . import listing
from .account import Account
from .dates import day_of
from .properties import Record
from .rates import Budget, Refusal
from .rendering import render

JSON_TYPE: Final = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Call:
    """One request; header names in lower case, of repeated parameters the last."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """One response before compression; an empty body is one without bytes."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Credentials:
    """The login and the key, both of which every call needs."""

    email: str
    password: str
    api_key: str

    def accept(self, headers: Mapping[str, str]) -> bool:
        """Whether the headers carry both.

        The documentation's samples encode the login as ISO-8859-1 or UTF-8; both are taken.
        """
        key = headers.get("apikey", "")
        login = f"{self.email}:{self.password}"
        spellings = {login.encode("utf-8"), login.encode("latin-1", "replace")}
        given = basic(headers.get("authorization", ""))
        right_key = secrets.compare_digest(key.encode(), self.api_key.encode())
        return right_key and given in spellings


def basic(header: str) -> bytes:
    """The decoded login of a Basic header; empty if it is none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""


class NotFound(LookupError):
    """An unknown id: 404, without ``MessageDetail``."""


class UnknownPath(LookupError):
    """No such endpoint: 404 whose ``MessageDetail`` names the controller."""


class Service:
    """One company account behind the documented URLs; the caller holds its lock."""

    def __init__(self, account: Account, credentials: Credentials) -> None:
        self.account = account
        self.credentials = credentials
        self.budget = Budget()
        self.random = Random(0)

    def answer(self, call: Call) -> Answer:
        """Login, then rate limit, then the call."""
        settings = self.account.settings
        if not self.credentials.accept(call.headers):
            return refused(settings.credential_refusal, "Authorization has been denied.")
        over = self.budget.take(self.account.now())
        if over is not None:
            return self._throttled(over)
        try:
            return self._body(self._route(call))
        except UnknownPath as unknown:
            return unknown_path(call.path, str(unknown))
        except NotFound as missing:
            return refused(404, str(missing))
        except listing.BadParameter as bad:
            return refused(400, str(bad))

    def _route(self, call: Call) -> Any:
        parts = [part for part in call.path.split("/") if part]
        if not parts or parts[0] != "api":
            raise UnknownPath(parts[0] if parts else "")
        version = parts[1] if parts[1:2] == ["v2"] else ""
        controller, *rest = parts[2:] if version else parts[1:] or [""]
        handler = self._handlers().get((version, controller))
        if handler is None or len(rest) > 1:
            raise UnknownPath(controller)
        if call.method != "GET":
            raise listing.BadParameter("Only reading is simulated.")
        return handler(identified(rest), call.query)

    def _handlers(self) -> dict[tuple[str, str], Any]:
        return {
            ("", "ChangeOrders"): self._change_orders,
            ("", "ChangeOrderItems"): self._items,
            ("", "Projects"): self._archived_projects,
            ("v2", "Projects"): self._projects,
            ("v2", "DeletedProjects"): self._deleted_projects,
        }

    def _change_orders(self, record_id: int | None, query: Mapping[str, str]) -> Any:
        if record_id is not None:
            listing.known(query)
            return one(self.account.change_orders, record_id)
        listing.known(query, "projectID", "fromDate")
        equal = {"PRJ_ID": listing.number(query, "projectID")}
        return self._listed(list(self.account.listed_orders()), equal, "DATE_MODIFIED", query)

    def _items(self, record_id: int | None, query: Mapping[str, str]) -> Any:
        if record_id is not None:
            listing.known(query)
            return one(self.account.items, record_id)
        listing.known(query, "changeOrderID", "projectID", "fromDate")
        parent = listing.number(query, "changeOrderID")
        equal = {"PRJ_ID": listing.number(query, "projectID")}
        rows = list(self.account.listed_items())
        if parent is not None:
            rows = self.account.items_of(parent)
        return self._listed(rows, equal, "DATE_MODIFIED", query)

    def _projects(self, record_id: int | None, query: Mapping[str, str]) -> Any:
        listing.known(query, "id", "fromDate", "includeClientSub")
        record_id = listing.number(query, "id") if record_id is None else record_id
        if record_id is not None:
            return one(self.account.projects, record_id)
        guests = bool(listing.flag(query, "includeClientSub"))
        own = self.account.guest_projects
        rows = [row for row in self.account.projects.values() if guests or row["ID"] not in own]
        return self._listed(rows, {}, "DATE_CREATED", query)

    def _archived_projects(self, record_id: int | None, query: Mapping[str, str]) -> Any:
        listing.known(query, "archived")
        archived = listing.flag(query, "archived")
        if archived is None or record_id is not None:
            raise listing.BadParameter("The parameter 'archived' is required.")
        chosen = self.account.archived
        rows = [row for row in self.account.projects.values() if (row["ID"] in chosen) == archived]
        return self._listed(rows, {}, "DATE_CREATED", query)

    def _deleted_projects(self, record_id: int | None, query: Mapping[str, str]) -> Any:
        listing.known(query, "id", "fromDate")
        record_id = listing.number(query, "id") if record_id is None else record_id
        if record_id is not None:
            return one(self.account.deleted_projects, record_id)
        day, deleted_on = listing.from_day(query) or "", self.account.deleted_on
        rows = [
            row
            for row in self.account.deleted_projects.values()
            if day_of(deleted_on[row["ID"]]) >= day
        ]
        return self._listed(rows, {}, "DATE_CREATED", {})

    def _listed(
        self,
        rows: list[Record],
        equal: Mapping[str, int | None],
        day_property: str,
        query: Mapping[str, str],
    ) -> Any:
        rows = listing.narrowed(rows, equal, day_property, listing.from_day(query))
        rows = listing.ordered(rows, self.account.settings, self.random)
        return listing.shaped(rows, self.account.settings)

    def _body(self, value: Any) -> Answer:
        if value == [] and self.account.settings.empty_list == "empty_body":
            return Answer(200, "")
        return Answer(200, render(value), {"Content-Type": JSON_TYPE})

    def _throttled(self, over: Refusal) -> Answer:
        settings = self.account.settings
        answer = refused(429, over.text(settings.throttle_wording))
        if not settings.retry_after:
            return answer
        return Answer(429, answer.body, {**answer.headers, "Retry-After": str(over.seconds)})

    def dump(self) -> dict[str, Any]:
        """The account and what is left of its rate windows."""
        return {**self.account.dump(), "rates": self.budget.dump(self.account.now())}


def identified(rest: list[str]) -> int | None:
    """The id that ends a path, or None for a listing."""
    return listing.number({"id": rest[0]}, "id") if rest else None


def one(store: Mapping[int, Record], record_id: int) -> Record:
    """The record of that id; raises NotFound."""
    if record_id not in store:
        raise NotFound(f"No record was found for id {record_id}.")
    return store[record_id]


def refused(status: int, message: str) -> Answer:
    """An error in the shape that "Response Codes" shows."""
    return Answer(status, render({"Message": message}), {"Content-Type": JSON_TYPE})


def unknown_path(path: str, controller: str) -> Answer:
    """The 404 for an endpoint that does not exist ("Response Codes" prints one)."""
    body = {
        "Message": f"No HTTP resource was found that matches the request URI '{path}'.",
        "MessageDetail": f"No type was found that matches the controller named '{controller}'.",
    }
    return Answer(404, render(body), {"Content-Type": JSON_TYPE})
