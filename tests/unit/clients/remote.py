"""A remote whose answers a test writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from relay.clients.http.remote import CallReport, ClientOptions
from relay.clients.http.transport import mark_sent
from relay.clients.rate import Governor, Ungoverned

Reply = Callable[[httpx.Request], httpx.Response] | httpx.Response | Exception


@dataclass
class ManualClock:
    """Stands still unless a test moves it."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class MarkedTransport(httpx.MockTransport):
    """Answers without sockets; every request counts as sent."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        mark_sent()
        return super().handle_request(request)


@dataclass
class FakeRemote:
    """Answers by method and path, in order where a route has several answers; the last one stays."""

    routes: dict[tuple[str, str], list[Reply]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    reports: list[CallReport] = field(default_factory=list)
    clock: ManualClock = field(default_factory=ManualClock)

    def on(self, method: str, path: str, *replies: Reply) -> None:
        self.routes[method, path] = list(replies)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        replies = self.routes.get((request.method, request.url.path))
        if not replies:
            return httpx.Response(404, json={"errors": "Not found"})
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, httpx.Response):
            return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)
        return reply(request)

    def options(self, governor: Governor | None = None, **further: Any) -> ClientOptions:
        return ClientOptions(
            transport=MarkedTransport(self.handle),
            governor=governor or Ungoverned(),
            clock=self.clock,
            on_call=self.reports.append,
            tenant="acme",
            **further,
        )

    def sent(self, path: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path == path]


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Response(status, content=content, headers=dict(headers or {}))


@dataclass
class CountingGovernor(Ungoverned):
    """Counts slots: what was taken must be begun or given back."""

    taken: int = 0
    given_back: int = 0
    begun: int = 0
    ended: int = 0
    refusals: int = 0
    closed_for: float = 0.0

    def acquire(self, now: float, lane: Any = None) -> float:
        if self.closed_for > 0:
            return self.closed_for
        self.taken += 1
        return 0.0

    def release(self, lane: Any = None) -> None:
        self.given_back += 1

    def begin(self, now: float, lane: Any = None) -> int:
        self.begun += 1
        return self.begun

    def answered(self, ticket: int, headers: Mapping[str, str], now: float) -> None:
        self.ended += 1

    def refused(self, ticket: int, headers: Mapping[str, str], body: bytes, now: float) -> float:
        self.ended += 1
        self.refusals += 1
        return super().refused(ticket, headers, body, now)

    def unanswered(self, ticket: int, now: float, *, sent: bool) -> None:
        self.ended += 1
