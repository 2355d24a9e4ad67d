"""The API itself: token, limits, company header, connection, and then the endpoint.

Sources: Procore docs, "OAuth 2.0 Endpoints", "Rate Limiting", "Multiple Procore Zones" (the company header),
"Integration Health" (an uninstalled app), "Error Reference".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final

from deploy.sandbox.procore import errors, rates
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.documents import Unknown
from deploy.sandbox.procore.errors import TAKEN, ApiError, Invalid
from deploy.sandbox.procore.incoming import NOT_FOUND, Incoming, body_of
from deploy.sandbox.procore.oauth import Desk, Token
from deploy.sandbox.procore.people import OPERATIONS
from deploy.sandbox.procore.people.office import Office
from deploy.sandbox.procore.rates import Budget
from deploy.sandbox.procore.routes import ROUTES, V1, Route
from deploy.sandbox.shell import Answer, Call
from deploy.sandbox.shell.deeds import described, done

UNAUTHORIZED: Final = "The access token is invalid"
NO_COMPANY: Final = (
    "Missing Procore-Company-Id header! Requests must carry the company's id in this header. "
    "See the page on Multiple Procore Zones."
)
EXEMPT: Final = frozenset({f"{V1}/me", f"{V1}/companies"})


class ProcoreService:
    """One company behind the documented URLs; the caller holds its lock."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.desk = Desk(company.now, company.settings, service_user=company.service_user)
        self.budget = Budget(company.settings)
        self.random = Random(0)
        self._requests = 0

    def answer(self, call: Call) -> Answer:
        """One call of the login host or of the API."""
        if call.path.startswith("/oauth/"):
            return self.desk.answer(call)
        answer = self._limited(call)
        self._requests += 1
        headers = {**self.budget.headers(self.company.now()), "X-Request-Id": f"sandbox-{self._requests}"}
        return replace(answer, headers={**headers, **answer.headers})

    def _limited(self, call: Call) -> Answer:
        """Heavy load, token and limits; then the call."""
        now = self.company.now()
        if self.company.settings.heavy_load_seconds:
            return rates.overloaded(self.budget, now)
        token = self.desk.bearer(call.headers)
        if token is None:
            return self._refusal(ApiError(401, UNAUTHORIZED))
        if not self.budget.take(now):
            return rates.throttled(self.budget, now)
        return self._guarded(call, token)

    def _guarded(self, call: Call, token: Token) -> Answer:
        """The call, its refusals as answers."""
        try:
            self._check_company(call, token)
            route, ids = self._route(call)
            return self._handled(
                route, Incoming(self.company, call, token, ids, route.denied, self.random, body_of(call))
            )
        except ApiError as error:
            return self._refusal(error)

    def _handled(self, route: Route, incoming: Incoming) -> Answer:
        """The handler's answer; raises ApiError."""
        try:
            return route.handler(incoming)
        except Unknown as unknown:
            raise ApiError(406, unknown.messages) from None
        except Invalid as invalid:
            raise ApiError(self._status(route, invalid), invalid.messages) from None

    def _status(self, route: Route, invalid: Invalid) -> int:
        settings = self.company.settings
        if TAKEN in invalid.messages.get("origin_id", ()):
            return settings.duplicate_origin_status
        return route.invalid or settings.validation_status

    def _check_company(self, call: Call, token: Token) -> None:
        """The header is required of a service account everywhere, of people not on two calls."""
        given = call.headers.get("procore-company-id", "").strip()
        exempt = call.path in EXEMPT and not token.service
        if not given and not exempt:
            raise ApiError(self.company.settings.missing_company_status, NO_COMPANY)
        if (given and given != str(self.company.id)) or not self.company.connected:
            raise ApiError(403, errors.NOT_CONNECTED)

    def _route(self, call: Call) -> tuple[Route, tuple[int, ...]]:
        for route in ROUTES:
            match = route.path.fullmatch(call.path)
            if match and route.method == call.method:
                return route, tuple(int(one) for one in match.groups())
        raise ApiError(404, NOT_FOUND)

    def _refusal(self, error: ApiError) -> Answer:
        body, kind = errors.body(self.company.settings.error_form, error.status, error.content)
        return Answer(error.status, body, {"Content-Type": kind})

    def state(self) -> dict[str, Any]:
        """Everything that the company holds, how the limits stand, and the tokens that were given out."""
        return {
            **self.company.dump(),
            "rates": self.budget.dump(self.company.now()),
            "tokens": len(self.desk.tokens),
            "issued_tokens": list(self.desk.issued),
        }

    def settings(self) -> Mapping[str, Any]:
        """All settings."""
        return self.company.settings.dump()

    def change_settings(self, values: Mapping[str, Any]) -> None:
        """Takes over settings; raises Refused."""
        self.company.settings.change(values)

    def operations(self) -> Mapping[str, str]:
        """What people can do."""
        return described(OPERATIONS)

    def operate(self, name: str, body: Mapping[str, Any]) -> Any:
        """Does what a person does; raises Refused."""
        return done(OPERATIONS, Office(self.company, self.desk, self.budget), name, body)

    def contents(self) -> object:
        """The company, the login desk with its tokens, and how much of the limits is used."""
        return self.company, self.desk, self.budget

    def refill(self, contents: Any) -> None:
        """Goes on from what another company held."""
        self.company, self.desk, self.budget = contents

    def secrets(self) -> Sequence[str]:
        """The client's secret and the latest tokens."""
        return self.desk.hidden()
