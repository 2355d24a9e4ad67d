"""What a caller gets, whichever way it came to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

USER = "relay"
PASSWORD = "kafka-password"  # noqa: S105  (of a broker that lives as long as one test run)


class NothingToRunOn(Exception):
    """This machine has none of what could run the service; the message says what would do."""


class StartFailed(Exception):
    """The service was started and did not become ready; the message has the end of its log."""


class Kafka(Protocol):
    """A cluster that answers.

    ``bootstrap_servers`` is the listener without authentication; ``sasl_bootstrap_servers`` one
    that wants SASL_PLAINTEXT with SCRAM-SHA-512, :data:`USER` and :data:`PASSWORD`, or ``None``
    where the cluster is not ours. ``way`` says in words how it came to run.
    """

    @property
    def way(self) -> str: ...
    @property
    def bootstrap_servers(self) -> str: ...
    @property
    def sasl_bootstrap_servers(self) -> str | None: ...


class Broker(Kafka, Protocol):
    """A broker of our own, which a test may end and start again: same data, same addresses."""

    def stop(self) -> None:
        """Ends it in order: leadership is given up, what it holds is on the disk."""

    def kill(self) -> None:
        """Ends it at once, as a power cut of the whole cluster would.

        A transaction whose end was still on its way to the partitions may then stay open for
        ever: a broker that is alone gives the markers up when it starts and finds no leader yet.
        To test what a restart does, use :meth:`stop`; before this, read what was committed.
        """

    def start(self) -> None:
        """Starts it again and returns when it answers. Raises :class:`StartFailed`."""

    def close(self) -> None:
        """Ends it for good and removes its data."""


class Registry(Protocol):
    """A schema registry with a Confluent-compatible API under ``url``."""

    @property
    def way(self) -> str: ...
    @property
    def url(self) -> str: ...


@dataclass(frozen=True, slots=True)
class NamedKafka:
    """The cluster that the environment names. Nothing is known of its listeners."""

    bootstrap_servers: str
    sasl_bootstrap_servers: str | None = None
    way: str = "named by COR_KAFKA_BOOTSTRAP_SERVERS"


@dataclass(frozen=True, slots=True)
class NamedRegistry:
    """The registry that the environment names."""

    url: str
    way: str = "named by COR_SCHEMA_REGISTRY_URL"
