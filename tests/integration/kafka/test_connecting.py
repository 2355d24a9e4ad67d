from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.local.services import PASSWORD, USER
from relay.domain.failures import Fatal
from relay.engine.kafka import Cluster, Connection, KafkaRefused, KafkaUnreachable, Security
from relay.engine.telemetry.logging import LogFormat, LogLevel, configure_logging

BRIEF = 1.5
"""Seconds for one attempt where nobody answers."""
ANSWERED = 5.0
"""Seconds for one where a broker says no; it is asked again until they are over."""
Make = Callable[[Connection], object]

CLIENTS: list[Make] = [Connection.consumer, Connection.producer, Connection.admin]


def by_name(make: Make) -> str:
    return make.__name__


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of something that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def sasl(kafka: Kafka) -> str:
    assert kafka.sasl_bootstrap_servers, "the named cluster has no known listener with SASL"
    return kafka.sasl_bootstrap_servers


def scram(folder: Path, password: str) -> Security:
    file = folder / "password"
    file.write_text(password + "\n")
    return Security(
        protocol="SASL_PLAINTEXT", sasl_mechanism="SCRAM-SHA-512", sasl_username=USER, sasl_password_file=file
    )


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if "cor-" in thread.name}


def test_the_right_password_opens(sasl: str, tmp_path: Path) -> None:
    with Cluster(Connection(sasl, security=scram(tmp_path, PASSWORD))) as cluster:
        assert cluster.brokers() >= 1


@pytest.mark.parametrize("make", CLIENTS, ids=by_name)
def test_a_wrong_password_is_told_as_one(sasl: str, tmp_path: Path, make: Make) -> None:
    connection = Connection(sasl, security=scram(tmp_path, "wrong"), bootstrap_timeout=ANSWERED)
    before = threads()
    with pytest.raises(KafkaRefused) as told:
        make(connection)
    assert sasl in str(told.value)
    assert "COR_KAFKA_SASL_PASSWORD_FILE" in str(told.value)
    assert "wrong" not in str(told.value)
    assert threads() == before


def test_a_wrong_password_is_told_as_one_however_little_is_logged(sasl: str, tmp_path: Path) -> None:
    configure_logging(LogLevel.ERROR, LogFormat.JSON)
    connection = Connection(sasl, security=scram(tmp_path, "wrong"), bootstrap_timeout=ANSWERED)
    with pytest.raises(KafkaRefused):
        connection.admin()


@pytest.mark.parametrize("make", CLIENTS, ids=by_name)
def test_an_absent_broker_is_told_as_one(make: Make) -> None:
    connection = Connection("127.0.0.1:1", bootstrap_timeout=BRIEF)
    before = threads()
    with pytest.raises(KafkaUnreachable, match=r"not reachable at 127\.0\.0\.1:1 .*refused") as told:
        make(connection)
    assert "COR_KAFKA_BOOTSTRAP_SERVERS" in str(told.value)
    assert threads() == before


def test_something_that_is_no_kafka_is_told_as_that(silent: str) -> None:
    with pytest.raises(KafkaUnreachable, match="does not answer as a Kafka broker"):
        Connection(silent, bootstrap_timeout=BRIEF).admin()


def test_a_listener_that_wants_a_password_says_so_to_who_has_none(sasl: str) -> None:
    with pytest.raises(KafkaRefused, match="COR_KAFKA_SECURITY_PROTOCOL"):
        Connection(sasl, bootstrap_timeout=ANSWERED).admin()


def test_tls_with_a_listener_without_it_is_told_as_that(kafka: Kafka) -> None:
    secure = Connection(kafka.bootstrap_servers, security=Security(protocol="SSL"), bootstrap_timeout=ANSWERED)
    with pytest.raises(KafkaRefused, match="no TLS"):
        secure.admin()


def test_an_unreadable_password_file_is_fatal(sasl: str, tmp_path: Path) -> None:
    security = Security(
        protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username=USER,
        sasl_password_file=tmp_path / "absent",
    )
    with pytest.raises(Fatal, match="COR_KAFKA_SASL_PASSWORD_FILE"):
        Connection(sasl, security=security).admin()


@pytest.mark.parametrize(
    ("security", "variable"),
    [
        ({"protocol": "PIGEON"}, "COR_KAFKA_SECURITY_PROTOCOL"),
        ({"protocol": "SASL_SSL", "sasl_mechanism": "SCRAM"}, "COR_KAFKA_SASL_MECHANISM"),
        ({"protocol": "SASL_PLAINTEXT"}, "COR_KAFKA_SASL_MECHANISM"),
    ],
)
def test_what_kafka_does_not_know_is_fatal_and_never_taken_for_no_security(
    security: dict[str, str], variable: str
) -> None:
    with pytest.raises(Fatal, match=f"{variable} is .* allowed are"):
        Security(**security)  # type: ignore[arg-type]


def test_waiting_ends_with_the_stated_time_in_the_message() -> None:
    with pytest.raises(KafkaUnreachable, match="tried for 0 s"):
        Connection("127.0.0.1:1", bootstrap_timeout=0.3).wait(0.0)


def test_waiting_ends_when_it_is_told_to() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(KafkaUnreachable):
        Connection("127.0.0.1:1", bootstrap_timeout=0.3).wait(600.0, stop)


def test_waiting_for_a_broker_that_answers_is_over_at_once(connection: Connection) -> None:
    before = threads()
    connection.wait(0.0)
    assert threads() == before
