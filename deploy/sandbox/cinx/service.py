"""One company as it answers: login, then the call, then the envelope around what was found.

Sources: CINX API docs, "Introduction" and "User Authentication".
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from deploy.sandbox.shell import Answer, Call
from deploy.sandbox.shell.deeds import described, done

from . import envelope as frame
from . import gateway, listing
from .calls import Calls, Result
from .company import Company, NoSuchRecord
from .envelope import ApiError
from .people import OPERATIONS
from .rendering import render, spelled
from .settings import Settings

Row = dict[str, Any]

HEADERS: Final = {"Content-Type": "application/json"}


class Service:
    """One company behind the documented URLs (a ``deploy.sandbox.shell.Service``)."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.calls = Calls(company)

    def answer(self, call: Call) -> Answer:
        """Runs what is due, then login, subscription and the call."""
        gateway.work(self.company)
        settings, now = self.company.settings, self.company.now()
        origin = frame.Call(call.method, call.path.partition("/")[2].partition("/")[2])
        try:
            result = self._result(call)
        except ApiError as error:
            body = frame.envelope(origin, [], settings, now, error.status, error.message)
            http = error.status if settings.error_http == "same" else 200
            return Answer(http, render(body), HEADERS)
        rows = [spelled(row, settings) for row in result.rows] if _respells(settings) else result.rows
        body = frame.envelope(origin, rows, settings, now, total=result.total)
        for name, value in result.extra.items():
            body[name] = {**body[name], **value} if name in body else value
        return Answer(200, render(body), HEADERS)

    def _result(self, call: Call) -> Result:
        try:
            return self._dispatch(call)
        except NoSuchRecord as missing:
            raise ApiError(500, str(missing)) from None
        except listing.BadParameter as bad:
            raise ApiError(400, str(bad)) from None

    def _dispatch(self, call: Call) -> Result:
        if call.path == "/2.0/ping":
            return Result([{"status": 200, "message": "CINX: API Ping Response: Ok"}])
        if not self._logged_in(call.headers):
            raise ApiError(401, "Unauthorized")
        return self.calls.find(call)

    def _logged_in(self, headers: Mapping[str, str]) -> bool:
        scheme, _, encoded = headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            return False
        login = f"{self.company.email}:{self.company.password}".encode()
        return scheme.lower() == "basic" and secrets.compare_digest(given, login)

    def state(self) -> Row:
        """The company after whatever is due, with the credentials that it accepts."""
        gateway.work(self.company)
        return self.company.dump()

    def settings(self) -> Mapping[str, Any]:
        """What the documentation leaves open."""
        return self.company.settings.dump()

    def change_settings(self, values: Mapping[str, Any]) -> None:
        """Takes over settings; raises Refused."""
        gateway.work(self.company)
        self.company.settings.change(values)
        gateway.work(self.company)

    def operations(self) -> Mapping[str, str]:
        """What people do in CINX itself, and what a test arranges."""
        return described(OPERATIONS)

    def operate(self, name: str, body: Mapping[str, Any]) -> Any:
        """Does what a person does, after whatever is due; raises Refused."""
        gateway.work(self.company)
        return done(OPERATIONS, self.company, name, body)

    def contents(self) -> object:
        """The company."""
        return self.company

    def refill(self, contents: Any) -> None:
        """Goes on from what another company held."""
        self.company, self.calls = contents, Calls(contents)

    def secrets(self) -> Sequence[str]:
        """What the history does not show; the token stays, it is part of every path."""
        return [self.company.password]


def _respells(settings: Settings) -> bool:
    return settings.escaped_texts or settings.upper_guids or settings.days_with_time
