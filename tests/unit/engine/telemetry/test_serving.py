from __future__ import annotations

import errno
import socket
import socketserver
from collections.abc import Iterator

import httpx
import pytest

from relay.domain.failures import Fatal
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics
from relay.engine.telemetry.serving import TelemetryServer


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
    except OSError:
        return False
    return True


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


def test_an_address_of_another_machine_is_refused_with_the_variable_to_set(health: Health, metrics: Metrics) -> None:
    for address in ("192.0.2.1", "2001:db8::1", "no such host", "[::1", "a" * 70):
        with pytest.raises(Fatal, match="COR_METRICS_ADDRESS") as refused:
            TelemetryServer(health, metrics.registry, port=0, address=address)
        assert f"address {address}, port 0" in str(refused.value)


@pytest.mark.parametrize(
    ("address", "asked"),
    [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("[::1]", "[::1]"),
     ("localhost", "localhost")],
)  # fmt: skip
def test_it_is_served_on_both_kinds_of_addresses(health: Health, metrics: Metrics, address: str, asked: str) -> None:
    if "::1" in address + asked and not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    with (
        TelemetryServer(health, metrics.registry, port=0, address=address) as server,
        httpx.Client(trust_env=False) as client,
    ):
        assert client.get(f"http://{asked}:{server.port}/livez").status_code == 200


def test_where_there_is_no_ipv6_every_address_is_every_one_of_ipv4(
    health: Health, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind = socketserver.TCPServer.server_bind

    def without_ipv6(server: socketserver.TCPServer) -> None:
        if server.address_family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        bind(server)

    monkeypatch.setattr(socketserver.TCPServer, "server_bind", without_ipv6)
    with TelemetryServer(health, metrics.registry, port=0, address="::") as server:
        assert httpx.get(f"http://127.0.0.1:{server.port}/livez", trust_env=False).status_code == 200
    with pytest.raises(Fatal, match="COR_METRICS_ADDRESS"):
        TelemetryServer(health, metrics.registry, port=0, address="::1")


@pytest.mark.parametrize(("method", "path"), [("GET", "/metrics"), ("GET", "/none"), ("HEAD", "/livez"), ("POST", "/")])
def test_no_answer_tells_what_runs_here(client: httpx.Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert "server" not in answer.headers
    assert "Python" not in str(answer.headers)


def test_a_closed_server_answers_no_more(health: Health, metrics: Metrics) -> None:
    with TelemetryServer(health, metrics.registry, port=0) as server:
        port = server.port
    with pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False) as client:
        client.get(f"http://127.0.0.1:{port}/livez")
