"""Counts the requests of the clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from relay.engine.telemetry.metrics import Metrics


class Report(Protocol):
    """What a client tells of one request; see :class:`relay.clients.http.CallReport`."""

    @property
    def remote(self) -> str: ...
    @property
    def tenant(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def status(self) -> int | None: ...
    @property
    def failure(self) -> str | None: ...
    @property
    def seconds(self) -> float: ...


def count_calls(metrics: Metrics) -> Callable[[Report], None]:
    """What a client's ``Wiring.on_call`` takes."""

    def count(report: Report) -> None:
        result = str(report.status) if report.status is not None else (report.failure or "none")
        metrics.remote_calls.labels(report.remote, report.tenant, report.operation, result).inc()
        metrics.remote_call_seconds.labels(report.remote, report.tenant).observe(report.seconds)

    return count
