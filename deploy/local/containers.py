"""Kafka and the registry as containers, where a Docker engine answers."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import docker  # type: ignore[import-untyped]  # no stubs; two calls
from docker.errors import DockerException  # type: ignore[import-untyped]
from requests.exceptions import RequestException
from testcontainers.core.container import DockerContainer

from deploy.local.broker_settings import CLUSTER_ID, Listeners, as_environment, broker_settings
from deploy.local.java_registry import CONFLUENT_PATH
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.readiness import add_user, http_answers, kafka_answers, wait_until
from deploy.local.services import PASSWORD, USER

KAFKA_IMAGE = "apache/kafka:4.3.0"
REGISTRY_IMAGE = "apicurio/apicurio-registry:3.0.9"

ENGINE = "DOCKER_HOST"
"""The environment's name for where a container engine answers; without it, Docker's own socket."""

_PATIENCE = 30  # seconds; what listens will answer, however busy the machine is

_PLAIN, _SASL, _OWN, _CONTROLLER, _HTTP = 9092, 9094, 9091, 9093, 8080


def kafka_image() -> str:
    """``COR_LOCAL_KAFKA_IMAGE``, else the official image."""
    return os.environ.get("COR_LOCAL_KAFKA_IMAGE") or KAFKA_IMAGE


def registry_image() -> str:
    """``COR_LOCAL_REGISTRY_IMAGE``, else the official image."""
    return os.environ.get("COR_LOCAL_REGISTRY_IMAGE") or REGISTRY_IMAGE


def engine_answers() -> bool:
    """Whether a Docker engine is there; a client alone (``docker --version``) is not enough."""
    if not _somebody_listens():
        return False
    try:
        client = docker.from_env(timeout=_PATIENCE)
    except (DockerException, RequestException):
        return False
    try:
        return bool(client.ping())
    except (DockerException, RequestException):
        return False
    finally:
        client.close()


def _somebody_listens() -> bool:
    # The library never closes the socket that it could not connect, and Python says so at some later moment.
    address = os.environ.get(ENGINE) or "unix:///var/run/docker.sock"
    if not address.startswith("unix://"):
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(address.removeprefix("unix://")) == 0


class _Container:
    """One container whose ports are bound to the loopback address, the same ones after a restart."""

    def __init__(self, image: str, ports: dict[int, int], environment: dict[str, str]) -> None:
        self._container = DockerContainer(image)
        for name, value in environment.items():
            self._container.with_env(name, value)
        for inside, outside in ports.items():
            # with_bind_ports would open the port on every address of the machine.
            self._container.ports[f"{inside}/tcp"] = (LOOPBACK, outside)  # type: ignore[assignment]  # docker's own form

    @property
    def number(self) -> str:
        """The engine's id of it."""
        return str(self._container.get_wrapped_container().id)

    def create(self) -> None:
        self._container.start()

    def remove(self) -> None:
        if self._container.get_wrapped_container() is not None:
            self._container.stop()

    def start(self) -> None:
        self._container.get_wrapped_container().start()

    def stop(self) -> None:
        self._container.get_wrapped_container().stop(timeout=20)

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()

    def running(self) -> bool:
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        return bool(wrapped.status in {"created", "running"})

    def log_end(self) -> str:
        return str(self._container.get_wrapped_container().logs(tail=40).decode(errors="replace"))


class ContainerBroker:
    """Apache Kafka in a container. Implements :class:`deploy.local.services.Broker`.

    ``neighbours``: ports of containers that join its network, by the port of the loopback address on
    which each is published; only the container that the network belongs to can publish any.
    """

    def __init__(self, neighbours: Mapping[int, int] | None = None) -> None:
        image = kafka_image()
        self.way = f"a container of {image}"
        self._plain, self._sasl = free_ports(2)
        listeners = Listeners(
            plain=self._plain,
            sasl=self._sasl,
            own=_OWN,
            controller=_CONTROLLER,
            bind="0.0.0.0",  # noqa: S104  (of the container; the engine publishes it on the loopback address)
            bound_plain=_PLAIN,
            bound_sasl=_SASL,
        )
        settings = broker_settings(listeners, "/tmp/kafka-data")  # noqa: S108  (of the container)
        published = {inside: outside for outside, inside in (neighbours or {}).items()}
        self._container = _Container(
            image,
            {_PLAIN: self._plain, _SASL: self._sasl, **published},
            {**as_environment(settings), "CLUSTER_ID": CLUSTER_ID},
        )

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self._plain}"

    @property
    def sasl_bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self._sasl}"

    @property
    def network(self) -> str:
        """The network mode with which another container joins this one's network."""
        return f"container:{self._container.number}"

    @property
    def neighbours_bootstrap_servers(self) -> str:
        """The listener without authentication, for containers that joined its network."""
        return f"{LOOPBACK}:{_OWN}"

    def open(self) -> None:
        """Creates and starts the container and makes the broker's user."""
        self._container.create()
        self._wait()
        add_user(self._plain, USER, PASSWORD)

    def start(self) -> None:
        self._container.start()
        self._wait()

    def stop(self) -> None:
        self._container.stop()

    def kill(self) -> None:
        self._container.kill()

    def close(self) -> None:
        self._container.remove()

    def _wait(self) -> None:
        wait_until(
            lambda: kafka_answers(self._plain),
            alive=self._container.running,
            words=lambda: f"Kafka's log ends with:\n{self._container.log_end()}",
        )


class ContainerRegistry:
    """Apicurio Registry in a container. Implements :class:`deploy.local.services.Registry`."""

    def __init__(self) -> None:
        image = registry_image()
        self.way = f"a container of {image}"
        self._port = free_ports(1)[0]
        self._container = _Container(image, {_HTTP: self._port}, {"QUARKUS_LOG_LEVEL": "WARN"})

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}{CONFLUENT_PATH}"

    def open(self) -> None:
        """Creates and starts the container."""
        self._container.create()
        wait_until(
            lambda: http_answers(f"{self.url}/subjects"),
            alive=self._container.running,
            words=lambda: f"Apicurio Registry's log ends with:\n{self._container.log_end()}",
        )

    def close(self) -> None:
        """Removes the container; its content is gone."""
        self._container.remove()
