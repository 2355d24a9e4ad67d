"""The way through testcontainers, as far as it goes without an engine: what the engine is asked for.

An HTTP server plays the engine's API and notes the requests; the library and the Docker client
are the real ones.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from testcontainers.core.config import testcontainers_config

from deploy.local import StartFailed, containers
from deploy.local.broker_settings import Listeners, as_environment, as_properties, broker_settings

CONTAINER = "c0ffee" * 10 + "beef"
# The Docker client tells its users to close it; testcontainers keeps one open.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


class Engine(ThreadingHTTPServer):
    """Answers as a Docker engine that has every image."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Api)
        self.requests: list[tuple[str, str, Any]] = []

    def of(self, method: str, ending: str) -> list[Any]:
        """The bodies of the requests of that kind."""
        return [
            body for verb, path, body in self.requests if verb == method and path.partition("?")[0].endswith(ending)
        ]


class Api(BaseHTTPRequestHandler):
    server: Engine

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null")
        self.server.requests.append((self.command, self.path, body))
        status, said = self._said()
        content = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(0 if status == 204 else len(content)))
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    def _said(self) -> tuple[int, Any]:
        path = self.path.partition("?")[0]
        if path.endswith("/_ping"):
            return 200, "OK"
        if path.endswith("/version"):
            return 200, {"ApiVersion": "1.45", "Version": "26.0.0"}
        if path.endswith("/containers/create"):
            return 201, {"Id": CONTAINER, "Warnings": []}
        if path.endswith(f"/containers/{CONTAINER}/json"):
            return 200, {"Id": CONTAINER, "State": {"Status": "running"}, "Config": {"Image": "x", "Labels": {}}}
        if "/images/" in path:
            return 200, {"Id": "sha256:1", "RepoTags": ["x"]}
        return 204, None

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815  (the server's own names)


def addresses(listeners: str) -> dict[str, str]:
    """The address of each listener of a setting of Kafka's."""
    return dict(one.split("://") for one in listeners.split(","))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    with Engine() as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{engine.server_port}")
        monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)
        for name in ("COR_LOCAL_KAFKA_IMAGE", "COR_LOCAL_REGISTRY_IMAGE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(containers, "add_user", lambda *_: None)
        monkeypatch.setattr(containers, "kafka_answers", lambda _: True)
        monkeypatch.setattr(containers, "http_answers", lambda _: True)
        yield engine
        engine.shutdown()


def test_an_engine_that_answers_is_seen(engine: Engine) -> None:
    assert containers.engine_answers()


def test_a_client_without_an_engine_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert not containers.engine_answers()


def test_kafka_is_asked_for_with_addresses_that_stay(engine: Engine) -> None:
    broker = containers.ContainerBroker()
    broker.open()
    (wanted,) = engine.of("POST", "/containers/create")
    plain, sasl = (int(one.rpartition(":")[2]) for one in (broker.bootstrap_servers, broker.sasl_bootstrap_servers))
    assert wanted["Image"] == "apache/kafka:4.3.0"
    assert wanted["HostConfig"]["PortBindings"] == {
        "9092/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(plain)}],
        "9094/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(sasl)}],
    }
    environment = dict(one.split("=", 1) for one in wanted["Env"])
    told = addresses(environment["KAFKA_ADVERTISED_LISTENERS"])
    assert (told["CLIENT"], told["SASL"]) == (f"127.0.0.1:{plain}", f"127.0.0.1:{sasl}")
    bound = addresses(environment["KAFKA_LISTENERS"])
    assert (bound["CLIENT"], bound["SASL"]) == ("0.0.0.0:9092", "0.0.0.0:9094")
    assert environment["KAFKA_TRANSACTION_STATE_LOG_MIN_ISR"] == "1"
    assert environment["CLUSTER_ID"]


def test_a_broker_in_a_container_reaches_itself_where_it_listens(engine: Engine) -> None:
    """By the host's port it would reach nobody, and every transaction would hang."""
    containers.ContainerBroker().open()
    (wanted,) = engine.of("POST", "/containers/create")
    environment = dict(one.split("=", 1) for one in wanted["Env"])
    own = environment["KAFKA_INTER_BROKER_LISTENER_NAME"]
    address = addresses(environment["KAFKA_LISTENERS"])[own]
    assert addresses(environment["KAFKA_ADVERTISED_LISTENERS"])[own] == address
    assert address.startswith("127.0.0.1:")
    assert f"{address.rpartition(':')[2]}/tcp" not in wanted["HostConfig"]["PortBindings"]


def test_a_neighbour_is_published_by_the_broker_and_told_its_address(engine: Engine) -> None:
    broker = containers.ContainerBroker({21_000: 8080})
    broker.open()
    (wanted,) = engine.of("POST", "/containers/create")
    environment = dict(one.split("=", 1) for one in wanted["Env"])
    assert wanted["HostConfig"]["PortBindings"]["8080/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": "21000"}]
    assert broker.network == f"container:{CONTAINER}"
    assert broker.neighbours_bootstrap_servers in addresses(environment["KAFKA_LISTENERS"]).values()


def test_other_images_are_taken_where_they_are_named(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COR_LOCAL_KAFKA_IMAGE", "mirror.example/kafka:4.3.0")
    monkeypatch.setenv("COR_LOCAL_REGISTRY_IMAGE", "mirror.example/registry:3.0.9")
    broker, registry = containers.ContainerBroker(), containers.ContainerRegistry()
    broker.open()
    registry.open()
    wanted = [one["Image"] for one in engine.of("POST", "/containers/create")]
    assert wanted == ["mirror.example/kafka:4.3.0", "mirror.example/registry:3.0.9"]
    assert wanted[0] in broker.way
    assert wanted[1] in registry.way


def test_stopping_and_starting_concerns_the_same_container(engine: Engine) -> None:
    broker = containers.ContainerBroker()
    broker.open()
    broker.stop()
    broker.start()
    broker.kill()
    broker.close()
    verbs = [
        path.partition("?")[0].rpartition("/")[2]
        for method, path, _ in engine.requests
        if method == "POST" and CONTAINER in path
    ]
    assert verbs[:4] == ["start", "stop", "start", "kill"]
    assert len(engine.of("POST", "/containers/create")) == 1
    assert engine.of("DELETE", f"/containers/{CONTAINER}") != []


def test_the_registry_is_asked_for_on_the_loopback_address(engine: Engine) -> None:
    registry = containers.ContainerRegistry()
    registry.open()
    (wanted,) = engine.of("POST", "/containers/create")
    ((binding,),) = wanted["HostConfig"]["PortBindings"].values()
    assert wanted["Image"] == "apicurio/apicurio-registry:3.0.9"
    assert registry.url == f"http://127.0.0.1:{binding['HostPort']}/apis/ccompat/v7"
    assert binding["HostIp"] == "127.0.0.1"


def test_a_container_that_ends_while_starting_is_told_with_its_log(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "kafka_answers", lambda _: False)
    monkeypatch.setattr(containers._Container, "running", lambda _: False)
    monkeypatch.setattr(containers._Container, "log_end", lambda _: "no space left")
    with pytest.raises(StartFailed, match="no space left"):
        containers.ContainerBroker().open()


def test_settings_are_written_as_the_image_reads_them() -> None:
    settings = {"node.id": "1", "listener.name.sasl.scram-sha-512.sasl.jaas.config": "x", "a_b": "2"}
    assert as_environment(settings) == {
        "KAFKA_NODE_ID": "1",
        "KAFKA_LISTENER_NAME_SASL_SCRAM___SHA___512_SASL_JAAS_CONFIG": "x",
        "KAFKA_A__B": "2",
    }


def test_the_local_broker_binds_nothing_but_the_loopback_address() -> None:
    text = as_properties(broker_settings(Listeners(plain=1, sasl=2, own=3, controller=4), "/data"))
    listeners = "CLIENT://127.0.0.1:1,SASL://127.0.0.1:2,BROKER://127.0.0.1:3,CONTROLLER://127.0.0.1:4"
    assert f"\nlisteners={listeners}\n" in text
    assert "0.0.0.0" not in text
