"""The simulated CINX company inside the test's own process, with a clock that moves only when told to.

Requests go through the real client; in place of the network is a transport in which a request may be
lost before or after it was applied, applied late, or refused a connection.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import httpx

from deploy.sandbox.cinx.company import Company
from deploy.sandbox.cinx.defaults import add_defaults
from deploy.sandbox.cinx.guids import named
from deploy.sandbox.cinx.service import Service
from deploy.sandbox.shell import Call
from relay.clients.http.transport import mark_sent

EMAIL = "relay@acme.example"
PASSWORD = "sandbox-password"
TOKEN = named("api token")
START = datetime.fromisoformat("2026-03-01T08:00:00+00:00")

Row = dict[str, Any]


class Loss(StrEnum):
    """What becomes of a request that a test has chosen."""

    UNREACHABLE = "unreachable"
    BEFORE = "before"
    AFTER = "after"
    LATE = "late"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    BUSY_AFTER = "busy_after"
    TWICE = "twice"


@dataclass
class Planned:
    """A loss that waits for its request: the ``skip`` + 1st whose method is ``method``."""

    loss: Loss
    method: str
    skip: int
    path: str


@dataclass
class CompanyInside(httpx.BaseTransport):
    """The company, what it was asked, and how requests are lost. ``seconds`` is its clock."""

    seconds: Callable[[], float]
    requests: list[tuple[str, str]] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    late: list[tuple[float, Call]] = field(default_factory=list)
    late_seconds: float = 5.0
    between: Callable[[str, str], None] = lambda *_: None
    """Called after each request that was answered, with method and path: what happens meanwhile."""
    submitting: Callable[[Row], None] = lambda _: None
    """Called with what is about to be submitted as a new POCO, whatever becomes of it."""

    def __post_init__(self) -> None:
        self.company = Company(lambda: START + timedelta(seconds=self.seconds()), EMAIL, PASSWORD, TOKEN)
        add_defaults(self.company)
        self.service = Service(self.company)

    # -- what a test arranges

    def lose(self, loss: Loss, method: str = "POST", *, skip: int = 0, path: str = "") -> None:
        self.planned.append(Planned(loss, method, skip, path))

    def settings(self, **values: object) -> None:
        self.service.change_settings(values)

    def people(self, operation: str, **body: object) -> Any:
        return self.service.operate(operation, body)

    def catch_up(self) -> None:
        """Late requests whose time has come are applied."""
        due = [call for at, call in self.late if at <= self.seconds()]
        self.late = [(at, call) for at, call in self.late if at > self.seconds()]
        for call in due:
            self.service.answer(call)
        self.service.state()

    # -- what a judge reads

    @property
    def pocos(self) -> list[Row]:
        self.service.state()
        return [poco.dump() for poco in self.company.pocos.values()]

    def made(self) -> list[Row]:
        """The POCOs that imports have made."""
        return [poco for poco in self.pocos if poco["created_by"] == "import"]

    def orders(self, origin_id: str) -> list[Row]:
        """The POCOs that came from a change order, also where references are not kept."""
        by_job = {job.id: job for job in [*self.company.jobs.values(), *self.company.forgotten_jobs]}
        return [poco for poco in self.made() if _origin(by_job[poco["job_id"]].payload) == origin_id]

    def submissions(self) -> Counter[str]:
        """Requests that may have made a POCO, by the key that they carried."""
        jobs = [*self.company.jobs.values(), *self.company.forgotten_jobs]
        return Counter(_key(job.payload) for job in jobs if job.method == "POST")

    def sent(self, method: str) -> int:
        return sum(1 for each, path in self.requests if each == method and "import" in path)

    # -- the wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call = _call(request)
        loss = self._loss(call)
        if loss is Loss.UNREACHABLE:
            raise httpx.ConnectError("refused")
        mark_sent()
        self.requests.append((call.method, call.path))
        if call.method == "POST" and "import" in call.path:
            self.submitting(json.loads(call.body))
        if loss is Loss.LATE:
            self.late.append((self.seconds() + self.late_seconds, call))
            raise httpx.ReadTimeout("no answer")
        if loss is Loss.BEFORE:
            raise httpx.ReadError("reset")
        if loss is Loss.ERROR_BEFORE:
            return httpx.Response(502, text="<html>Bad gateway</html>")
        answer = self.service.answer(call)
        if loss is Loss.TWICE:
            self.service.answer(call)
        self.between(call.method, call.path)
        if loss is Loss.AFTER:
            raise httpx.ReadError("reset")
        if loss is Loss.BUSY_AFTER:
            return httpx.Response(503, text="busy", headers={"Retry-After": "2"})
        if loss is Loss.ERROR_AFTER:
            return httpx.Response(502, text="<html>Bad gateway</html>")
        return httpx.Response(answer.status, content=answer.content, headers=dict(answer.headers))

    def _loss(self, call: Call) -> Loss | None:
        for planned in self.planned:
            if planned.method == call.method and planned.path in call.path:
                if planned.skip:
                    planned.skip -= 1
                    return None
                self.planned.remove(planned)
                return planned.loss
        return None


def _call(request: httpx.Request) -> Call:
    return Call(
        method=request.method,
        path=request.url.path,
        pairs=tuple(request.url.params.multi_items()),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.read(),
        target=request.url.raw_path.decode(),
    )


def references(payload: Mapping[str, Any]) -> dict[str, str]:
    return {one["type"]: one["value"] for one in payload.get("external_references", [])}


def _origin(payload: Mapping[str, Any]) -> str:
    return references(payload).get("change-order-relay", "")


def _key(payload: Mapping[str, Any]) -> str:
    return references(payload).get("change-order-relay-key", "")


def total(poco: Row) -> Decimal:
    """What a POCO orders, in money."""
    lines = json.loads(json.dumps(poco["items"], default=str))
    return sum((Decimal(str(line["quantity"])) * Decimal(str(line["unit_price"])) for line in lines), Decimal(0))
