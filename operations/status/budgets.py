"""The rate budgets, which only the workers know: from their metrics, where they can be reached."""

from __future__ import annotations

from collections.abc import Iterable

from relay.engine.settings import Settings
from relay.engine.telemetry.metrics import MetricName

_TIMEOUT = 2.0
"""Seconds for one worker: it answers from memory, and the report does not wait for one that is away."""


def own_address(settings: Settings) -> list[str]:
    """Where the workers of this machine serve their metrics, if the settings fix a port."""
    return [f"http://{settings.metrics_address}:{settings.metrics_port}"] if settings.metrics_port else []


def budgets(addresses: Iterable[str]) -> dict[str, dict[str, float]]:
    """By tenant and window, the share of the remote's rate limit that is left (0 to 1)."""
    shares: dict[str, dict[str, float]] = {}
    for address in addresses:
        for tenant, window, share in _read(address):
            shares.setdefault(tenant, {})[window] = share
    return shares


def _read(address: str) -> list[tuple[str, str, float]]:
    # Most have no address to ask, and would wait for it.
    import httpx  # noqa: PLC0415
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

    try:
        answer = httpx.get(f"{address.rstrip('/')}/metrics", timeout=_TIMEOUT)
        families = list(text_string_to_metric_families(answer.raise_for_status().text))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return []
    return [
        (sample.labels["tenant"], sample.labels["window"], sample.value)
        for family in families
        for sample in family.samples
        if sample.name == MetricName.RATE_BUDGET
    ]
