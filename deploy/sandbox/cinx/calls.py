"""The calls that there are: which URL asks for what, and the rows that it finds.

Sources: CINX API docs, "User Authentication", "PO Change Orders" (also of 2019), "Purchase Orders",
"Job Costing Setup", "Project Transactions", "Vendor Transactions", "Jobs".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final

from deploy.sandbox.shell import Call

from . import gateway, listing, rows, subscription
from .company import Company, NoSuchRecord, Poco
from .envelope import ApiError
from .rendering import detail

Row = dict[str, Any]

NO_FILTERS: Final[frozenset[str]] = frozenset()
FILTERS: Final = frozenset(listing.FILTERS) | {"number"}
POCO_FILTERS: Final = FILTERS - {"project"} | listing.PAGING


@dataclass
class Result:
    """What a call found: its rows, their number before paging, and members beside them."""

    rows: list[Row]
    total: int | None = None
    extra: Row = field(default_factory=dict)


Handler = Callable[[Call, list[str]], Result]


class Calls:
    """The calls of one company; whoever asks has logged in."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.random = Random(0)
        self.routes: list[tuple[str, re.Pattern[str], Handler]] = [
            (method, re.compile(pattern), handler) for method, pattern, handler in self._table()
        ]

    def find(self, call: Call) -> Result:
        """What the call finds; raises ApiError, NoSuchRecord or BadParameter."""
        for method, pattern, handler in self.routes:
            match = pattern.fullmatch(call.path)
            if match and method == call.method:
                return handler(call, list(match.groups()))
        raise ApiError(404, f"No such call: {call.method} {call.path}")

    def _table(self) -> Iterable[tuple[str, str, Handler]]:
        yield "GET", "/2.0/subs", self._subs
        yield "GET", "/1.0/partner/exec/([^/]+)/status", self._status_plain
        yield "GET", "/1.0/sub/([^/]+)/partner/exec/([^/]+)/status", self._status_sub
        company_calls: list[tuple[str, str, Handler]] = [
            ("GET", "users", self._reference(lambda: self.company.users)),
            ("GET", "vendors", self._reference(lambda: self.company.vendors, paged=True)),
            ("GET", "currencies", self._reference(lambda: self.company.currencies)),
            ("GET", "projects", self._projects),
            ("GET", "org/job-costing/([^/]+)", self._job_costing),
            ("GET", "auto-number/po", self._auto_number),
            ("GET", "template/([^/]+)", self._template),
            ("GET", "pos", self._pos),
            ("GET", "po/([^/]+)", self._po),
            ("GET", "po/([^/]+)/pocos", self._pocos_of_po),
            ("GET", "pocos", self._pocos),
            ("GET", "poco/([^/]+)", self._poco),
            ("GET", "project/([^/]+)", self._record(lambda: self.company.projects, "cinx_guid")),
            ("GET", "project/([^/]+)/pos", self._pos_of("project", "cinx_guid")),
            ("GET", "project/([^/]+)/pocos", self._pocos_of_project),
            ("GET", "vendor/([^/]+)", self._record(lambda: self.company.vendors, "cinx_commerce_guid")),
            ("GET", "vendor/([^/]+)/pos", self._pos_of("vendor", "cinx_commerce_guid")),
            ("GET", "vendor/([^/]+)/pocos", self._pocos_of_vendor),
            ("POST", "partner/exec/cinx/json-poco-import", self._import),
            ("PUT", "partner/exec/cinx/json-poco-import", self._import),
        ]
        for method, pattern, handler in company_calls:
            yield method, f"/2.0/sub/([^/]+)/{pattern}", self._in_company(handler)

    def _in_company(self, handler: Handler) -> Handler:
        """``handler`` for the company's own token while its subscription lasts."""

        def guarded(call: Call, groups: list[str]) -> Result:
            self._check_token(groups[0])
            return handler(call, groups[1:])

        return guarded

    def _check_token(self, token: str) -> None:
        settings = self.company.settings
        if token != self.company.token:
            raise ApiError(401, "Unauthorized")
        if settings.subscription_expired:
            reason = f"Subscription expired on [{settings.subscription_expired}]"
            raise ApiError(settings.expired_status, reason)

    def _subs(self, call: Call, groups: list[str]) -> Result:
        listing.known(call.query, frozenset({"view"}))
        return Result([subscription.row(self.company)])

    def _status_plain(self, call: Call, groups: list[str]) -> Result:
        if not self.company.settings.job_status_plain:
            raise ApiError(404, "No such call")
        return Result(gateway.status_rows(self.company, groups[0]))

    def _status_sub(self, call: Call, groups: list[str]) -> Result:
        self._check_token(groups[0])
        if not self.company.settings.job_status_sub:
            raise ApiError(404, "No such call")
        return Result(gateway.status_rows(self.company, groups[1]))

    def _reference(self, source: Callable[[], list[Row]], paged: bool = False) -> Handler:
        def handler(call: Call, groups: list[str]) -> Result:
            found, settings = source(), self.company.settings
            if not paged:
                return self._unpaged(call, NO_FILTERS, found)
            listing.known(call.query, listing.PAGING)
            return Result(listing.page(found, call.query, settings), len(found))

        return handler

    def _projects(self, call: Call, groups: list[str]) -> Result:
        listing.known(call.query, listing.PAGING | {"number", "status"})
        found = [
            row
            for row in self.company.projects
            if all(row[name] == call.query.get(name, row[name]) for name in ("number", "status"))
        ]
        return Result(listing.page(found, call.query, self.company.settings), len(found))

    def _job_costing(self, call: Call, groups: list[str]) -> Result:
        if groups[0] not in self.company.job_costing:
            raise ApiError(404, f"No such list: {groups[0]}")
        return self._unpaged(call, NO_FILTERS, self.company.job_costing[groups[0]])

    def _unpaged(self, call: Call, filters: frozenset[str], found: list[Row]) -> Result:
        """A list for which no paging is documented."""
        settings = self.company.settings
        paged = settings.unpaged_lists == "paged"
        listing.known(call.query, filters | listing.PAGING if paged else filters)
        shown = found if settings.unpaged_lists == "whole" else listing.page(found, call.query, settings)
        return Result(shown, len(found))

    def _auto_number(self, call: Call, groups: list[str]) -> Result:
        if not self.company.settings.auto_number:
            reason = "no pattern, or functionality is not switched on."
            raise ApiError(406, f"Auto-Number (po) {reason}")
        return Result([{"po": f"PO-{1000 + len(self.company.pos)}"}])

    def _template(self, call: Call, groups: list[str]) -> Result:
        templates = self.company.templates
        if groups[0] in templates.gone:
            raise ApiError(templates.gone[groups[0]], "Internal Server Error")
        if groups[0] not in templates.rows:
            raise ApiError(500, f"Failed to find a template named [{groups[0]}]")
        return Result([templates.rows[groups[0]]])

    def _record(self, source: Callable[[], list[Row]], key: str) -> Handler:
        def handler(call: Call, groups: list[str]) -> Result:
            listing.known(call.query, NO_FILTERS)
            found = [row for row in source() if row[key] == groups[0]]
            if not found:
                raise NoSuchRecord(f"Failed to find a record with the given id of [{groups[0]}]")
            return Result(found)

        return handler

    def _pos(self, call: Call, groups: list[str]) -> Result:
        return self._po_list(call, list(self.company.pos.values()))

    def _pos_of(self, block: str, key: str) -> Handler:
        def handler(call: Call, groups: list[str]) -> Result:
            return self._po_list(call, [po for po in self.company.pos.values() if po[block][key] == groups[0]])

        return handler

    def _po_list(self, call: Call, among: list[Row]) -> Result:
        settings, query = self.company.settings, call.query
        listing.known(query, POCO_FILTERS)
        found = [po for po in among if listing.matches(po, query) and po["number"] == query.get("number", po["number"])]
        found = listing.ordered(found, settings, self.random)
        shown = listing.page(found, query, settings)
        return Result([rows.po_row(po, settings) for po in shown], len(found))

    def _po(self, call: Call, groups: list[str]) -> Result:
        listing.known(call.query, NO_FILTERS)
        return Result([detail(self.company.po(groups[0]), self.company.settings)])

    def _pocos(self, call: Call, groups: list[str]) -> Result:
        listing.known(call.query, POCO_FILTERS)
        return self._poco_list(call, lambda poco: True)

    def _pocos_of_project(self, call: Call, groups: list[str]) -> Result:
        listing.known(call.query, POCO_FILTERS)
        return self._poco_list(call, lambda p: bool(p.content["project"]["cinx_guid"] == groups[0]))

    def _pocos_of_vendor(self, call: Call, groups: list[str]) -> Result:
        listing.known(call.query, (FILTERS | listing.PAGING) - {"vendor"})
        guid = groups[0]
        return self._poco_list(call, lambda poco: bool(poco.content["vendor"]["cinx_commerce_guid"] == guid))

    def _poco_list(self, call: Call, belongs: Callable[[Poco], bool]) -> Result:
        settings = self.company.settings
        found = self._found(call, belongs)
        shown = listing.page(found, call.query, settings)
        return Result([rows.poco_row(poco, settings) for poco in shown], len(found))

    def _pocos_of_po(self, call: Call, groups: list[str]) -> Result:
        po, settings = self.company.po(groups[0]), self.company.settings
        found = self._found(call, lambda poco: poco.po_guid == po["cinx_guid"])
        return self._unpaged(call, FILTERS, [rows.poco_row_of_po(poco, settings) for poco in found])

    def _found(self, call: Call, belongs: Callable[[Poco], bool]) -> list[Poco]:
        settings, wanted = self.company.settings, call.query.get("number")
        found = [
            poco for poco in self.company.visible_pocos() if belongs(poco) and listing.matches(poco.content, call.query)
        ]
        if wanted is not None:
            found = [poco for poco in found if listing.poco_number_matches(poco.content["number"], wanted, settings)]
        return listing.ordered(found, settings, self.random)

    def _poco(self, call: Call, groups: list[str]) -> Result:
        listing.known(call.query, NO_FILTERS)
        poco = self.company.poco(groups[0])
        if not poco.visible(self.company.now()):
            raise NoSuchRecord(f"Failed to find a PO CO with the given id of [{groups[0]}]")
        return Result([detail(poco.content, self.company.settings)])

    def _import(self, call: Call, groups: list[str]) -> Result:
        if not self.company.settings.poco_import:
            raise ApiError(404, "No such call")
        listing.known(call.query, frozenset({"body", "synchronous", "auto_submit"}))
        if call.query.get("body") != "json":
            raise ApiError(500, "Internal Server Error")
        try:
            payload = json.loads(call.body, parse_float=Decimal)
        except ValueError:
            raise ApiError(500, "Internal Server Error") from None
        job = gateway.accept(self.company, call.method, payload, call.query)
        found, extra = gateway.answer(self.company, job)
        return Result(found, extra=extra)
