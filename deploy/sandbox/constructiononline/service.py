"""The API itself: which call answers what.

Sources: ConstructionOnline developers, "Change Orders Overview", "Get a Change Order", "Get Company
Projects", "Get all Deleted Projects", "Response Codes", "Rate Limits". Only reading is simulated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

from deploy.sandbox.shell import Answer, Call
from deploy.sandbox.shell.deeds import described, done

from . import listing
from .account import Account
from .credentials import Credentials
from .dates import day_of
from .operations import OPERATIONS
from .properties import Record
from .rates import Refusal
from .rendering import render

JSON_TYPE: Final = "application/json; charset=utf-8"


class NotFound(LookupError):
    """An unknown id: 404, without ``MessageDetail``."""


class UnknownPath(LookupError):
    """No such endpoint: 404 whose ``MessageDetail`` names the controller."""


class Service:
    """One company account behind the documented URLs (a ``deploy.sandbox.shell.Service``)."""

    def __init__(self, account: Account, credentials: Credentials) -> None:
        self.account = account
        self.credentials = credentials
        self.random = Random(0)

    def answer(self, call: Call) -> Answer:
        """Login, then rate limit, then the call."""
        settings = self.account.settings
        found = self._found(call)
        return Answer(found.status, found.body, found.headers, gzip=settings.gzip)

    def _found(self, call: Call) -> Answer:
        if not self.credentials.accept(call.headers):
            refusal = self.account.settings.credential_refusal
            return self._refused(refusal, "Authorization has been denied for this request.")
        over = self.account.budget.take(self.account.now())
        if over is not None:
            return self._throttled(over)
        try:
            return self._body(self._route(call))
        except UnknownPath as unknown:
            return self._error(404, unknown_path(call.path, str(unknown)))
        except NotFound as missing:
            return self._missing(call.path, str(missing))
        except listing.BadParameter as bad:
            return self._refused(400, str(bad))

    def _missing(self, path: str, message: str) -> Answer:
        kind = self.account.settings.missing_record
        if kind in ("null", "empty_body"):
            return Answer(200, "null" if kind == "null" else "", {"Content-Type": JSON_TYPE})
        if kind == "silent":
            return Answer(404, "")
        return self._refused(404, no_resource(path) if kind == "resource" else message)

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
            ("", "Projects"): self._plain_projects,
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

    def _plain_projects(self, record_id: int | None, query: Mapping[str, str]) -> Any:
        """The first version: archived or active ones, or a page of all."""
        if record_id is not None:
            raise listing.BadParameter("A project is read through v2.")
        rows = list(self.account.projects.values())
        if "archived" in query:
            listing.known(query, "archived")
            archived, chosen = listing.flag(query, "archived"), self.account.archived
            rows = [row for row in rows if (row["ID"] in chosen) == archived]
            return self._listed(rows, {}, "DATE_CREATED", query)
        listing.known(query, "skip", "take")
        skip, take = listing.number(query, "skip"), listing.number(query, "take")
        if skip is None or take is None or skip < 0 or take < 0:
            raise listing.BadParameter("Both 'skip' and 'take' are required.")
        return listing.shaped(rows[skip : skip + take], self.account.settings)

    def _deleted_projects(self, record_id: int | None, query: Mapping[str, str]) -> Any:
        listing.known(query, "id", "fromDate")
        record_id = listing.number(query, "id") if record_id is None else record_id
        if record_id is not None:
            return one(self.account.deleted_projects, record_id)
        day, deleted_on = listing.from_day(query) or "", self.account.deleted_on
        rows = [row for row in self.account.deleted_projects.values() if day_of(deleted_on[row["ID"]]) >= day]
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
        return Answer(200, render(value, self.account.settings), {"Content-Type": JSON_TYPE})

    def _error(self, status: int, body: Mapping[str, Any]) -> Answer:
        return Answer(status, render(body, self.account.settings), {"Content-Type": JSON_TYPE})

    def _refused(self, status: int, message: str) -> Answer:
        """An error in the shape that "Response Codes" shows."""
        return self._error(status, {"Message": message})

    def _throttled(self, over: Refusal) -> Answer:
        settings = self.account.settings
        body: dict[str, Any] = {"Message": over.text(settings.throttle_wording)}
        if settings.throttle_wording == "member":
            body["RetryAfter"] = over.seconds
        answer = self._error(429, body)
        if not settings.retry_after:
            return answer
        return Answer(429, answer.body, {**answer.headers, "Retry-After": str(over.seconds)})

    def state(self) -> dict[str, Any]:
        """The account, its rate windows, and the credentials that it accepts."""
        accepted = {"email": self.credentials.email, "password": self.credentials.password}
        return {**self.account.dump(), "credentials": {**accepted, "api_key": self.credentials.api_key}}

    def settings(self) -> Mapping[str, Any]:
        """What the documentation leaves open."""
        return self.account.settings.dump()

    def change_settings(self, values: Mapping[str, Any]) -> None:
        """Takes over settings; raises Refused."""
        self.account.settings.change(values)

    def operations(self) -> Mapping[str, str]:
        """What people do in the product's own pages."""
        return described(OPERATIONS)

    def operate(self, name: str, body: Mapping[str, Any]) -> Any:
        """Does what a person does; raises Refused."""
        return done(OPERATIONS, self.account, name, body)

    def contents(self) -> object:
        """The account; the credentials are those of every account."""
        return self.account

    def refill(self, contents: Any) -> None:
        """Goes on from what another account held."""
        self.account = contents

    def secrets(self) -> Sequence[str]:
        """What the history does not show."""
        return [self.credentials.password, self.credentials.api_key]


def identified(rest: list[str]) -> int | None:
    """The id that ends a path, or None for a listing."""
    return listing.number({"id": rest[0]}, "id") if rest else None


def one(store: Mapping[int, Record], record_id: int) -> Record:
    """The record of that id; raises NotFound."""
    if record_id not in store:
        raise NotFound(f"No record was found for id {record_id}.")
    return store[record_id]


def no_resource(path: str) -> str:
    """What the 404 for an endpoint that does not exist begins with."""
    return f"No HTTP resource was found that matches the request URI '{path}'."


def unknown_path(path: str, controller: str) -> dict[str, Any]:
    """The 404 for an endpoint that does not exist ("Response Codes" prints one)."""
    return {
        "Message": no_resource(path),
        "MessageDetail": f"No type was found that matches the controller named '{controller}'.",
    }
