"""Counts the requests of the clients."""

from __future__ import annotations

from collections.abc import Callable

from relay.clients.http.remote import CallReport
from relay.engine.telemetry.metrics import Metrics


def count_calls(metrics: Metrics) -> Callable[[CallReport], None]:
    """Returns what ``ClientOptions.on_call`` takes. Thread-safe."""

    def count(report: CallReport) -> None:
        result = str(report.status) if report.status is not None else (report.failure or "none")
        metrics.remote_calls.labels(report.remote, report.tenant, report.operation, result).inc()
        metrics.remote_call_seconds.labels(report.remote, report.tenant).observe(report.seconds)

    return count
