"""Signed exchanges with Procore's API.

Source: Procore docs, "REST API Overview", "Multiple Procore Regions", "Error Reference".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from relay.clients.http.messages import Request, Response
from relay.clients.http.remote import RemoteHttp
from relay.clients.http.terms import CallTerms
from relay.clients.native_json import json_text
from relay.clients.native_json.records import NativeRecord, records
from relay.clients.procore.tokens import TokenSource
from relay.domain.failures import CallFailure

T = TypeVar("T")

COMPANY_HEADER = "Procore-Company-Id"
IDEMPOTENCY_HEADER = "Idempotency-Token"
BASE = "/rest/v1.0"

_DISCONNECTED = "app is not connected"
_REDIRECTED = "the API redirects elsewhere, which is never followed: correct api_url of the account"
_RECONNECT = "the app is not connected to the company: a company administrator has to install it again"


class Session:
    """Signs each call with a token and the company's id, and tells refusals apart. Thread-safe.

    A 401 is answered once with a new token; one that stays is ``Denied``, because a sync answers
    401 also for one project that is not valid ("Sync Potential Change Orders"): a probe has to
    tell. 403 "App is not connected" is ``TenantBlocked``, other 403 and 404 are ``Denied``. A redirect
    is no answer about any record: the account is ``TenantBlocked`` until its address is right.
    """

    def __init__(self, remote: RemoteHttp, tokens: TokenSource, company_id: int) -> None:
        self.remote = remote
        self.company_id = company_id
        self._tokens = tokens

    def exchange(self, call: Request, terms: CallTerms) -> Response:
        """The 2xx answer. Raises the failure that any other one means."""
        answer = self.answer(call, terms)
        if answer.status == 403 and _DISCONNECTED in self.remote.failures.sentence(answer).lower():
            raise self.remote.failures.blocked(answer, call, _RECONNECT)
        if 300 <= answer.status < 400:
            raise self.remote.failures.blocked(answer, call, _REDIRECTED)
        return self.remote.check(call, answer)

    def answer(self, call: Request, terms: CallTerms) -> Response:
        """Any answer but 429 and the like, after a new token where the old one was refused."""
        try:
            token = self._tokens.current()
        except CallFailure:
            self.remote.release(terms)
            raise
        answer = self.remote.exchange(self._signed(call, token), terms)
        if answer.status != 401:
            return answer
        fresh = self._tokens.after_refusal(token)
        return self.remote.exchange(self._signed(call, fresh), replace(terms, admitted=False))

    def read_one(self, call: Request, terms: CallTerms, read: Callable[[NativeRecord], T]) -> T:
        """The single record of an answer. An unreadable record leaves a write in doubt."""
        answer = self.exchange(call, terms)
        try:
            (record,) = records(answer.body, "id")
            return read(record)
        except ValueError as error:
            raise self.unreadable(call, answer, error) from None

    def unreadable(self, call: Request, answer: Response, error: ValueError) -> CallFailure:
        """The failure of an answer that is not what the documentation says."""
        return self.remote.failures.unknown(answer, call, f"the answer is not readable ({error})")

    def _signed(self, call: Request, token: str) -> Request:
        headers = {
            **call.headers,
            "Authorization": f"Bearer {token}",
            COMPANY_HEADER: str(self.company_id),
            "Accept": "application/json",
        }
        return replace(call, headers=headers)


def writing(
    method: str,
    path: str,
    operation: str,
    body: Mapping[str, object] | None,
    *,
    query: Sequence[tuple[str, object]] = (),
    idempotency_key: str | None = None,
) -> Request:
    """A call that changes something. Procore promises nothing for the token; it does no harm.

    What a POST makes it would make once more: it goes out alone, so that its answer is not lost to a connection
    that was being closed. The others say the same if they are repeated.
    """
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if idempotency_key:
        headers[IDEMPOTENCY_HEADER] = idempotency_key
    return Request(
        method=method,
        path=BASE + path,
        operation=operation,
        query=tuple((name, str(value)) for name, value in query),
        headers=headers,
        body=None if body is None else json_text.render(decimals_as_text(body)),
        own_connection=method == "POST",
    )


def reading(path: str, operation: str, query: Mapping[str, object] | None = None) -> Request:
    """A call that reads. Members that are ``None`` are left out, sequences are written ``name[]``."""
    return Request(
        method="GET",
        path=BASE + path,
        operation=operation,
        query=tuple(_pairs(query or {})),
        reading=True,
    )


def moments(since: datetime, until: datetime) -> str:
    """A range for ``filters[updated_at]`` ("Filtering on List Actions"); both must have a zone."""
    return "...".join(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (since, until))


def decimals_as_text(value: Any) -> Any:
    """Procore takes decimals as text ("Potential Change Order Line Items")."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {name: decimals_as_text(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [decimals_as_text(element) for element in value]
    return value


def _pairs(query: Mapping[str, object]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if isinstance(value, list | tuple):
            pairs += [(f"{name}[]", str(element)) for element in value]
        elif value is not None:
            pairs.append((name, str(value)))
    return pairs
