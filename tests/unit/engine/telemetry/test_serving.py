from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from relay.domain.failures import Fatal
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics
from relay.engine.telemetry.serving import TelemetryServer


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    health = Health(stalled_after=30, clock=clock)
    health.expect("mapper")
    return health


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client(health: Health, metrics: Metrics) -> Iterator[httpx.Client]:
    with (
        TelemetryServer(health, metrics.registry, port=0) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client,
    ):
        yield client


def test_liveness_is_the_age_of_the_last_turn(client: httpx.Client, clock: Clock) -> None:
    assert client.get("/livez").status_code == 200
    clock.now = 31
    answer = client.get("/livez")
    assert answer.status_code == 503
    assert answer.json() == {"stalled": ["mapper"], "seconds_since_last_turn": {"mapper": 31.0}}


def test_readiness_waits_for_every_stage(client: httpx.Client, health: Health) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"waiting": ["mapper"]})
    health.ready("mapper")
    assert client.get("/readyz").status_code == 200


def test_metrics_are_in_prometheus_format(client: httpx.Client, metrics: Metrics) -> None:
    metrics.outcomes.labels("procore-writer", "applied").inc(3)
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'cor_outcomes_total{kind="applied",stage="procore-writer"} 3.0' in answer.text


def test_a_scraper_that_asks_for_openmetrics_gets_it(client: httpx.Client) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_head_has_no_body_and_other_paths_do_not_exist(client: httpx.Client) -> None:
    assert client.head("/livez").content == b""
    assert client.get("/").status_code == 404
    assert client.get("/readyz?verbose=1").status_code == 503


def test_a_port_in_use_is_refused_with_the_variable_to_set(health: Health, metrics: Metrics) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Fatal, match="COR_METRICS_PORT"):
            TelemetryServer(health, metrics.registry, port=taken.getsockname()[1])


def test_a_closed_server_answers_no_more(health: Health, metrics: Metrics) -> None:
    with TelemetryServer(health, metrics.registry, port=0) as server:
        port = server.port
    with pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False) as client:
        client.get(f"http://127.0.0.1:{port}/livez")
