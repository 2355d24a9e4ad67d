"""Waiting until a service answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.error import URLError
from urllib.request import urlopen

from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion
from kafka.errors import KafkaError

from deploy.local.ports import accepts
from deploy.local.services import StartFailed

_PAUSE = 0.1


def wait_until(
    ready: Callable[[], bool],
    *,
    alive: Callable[[], bool],
    words: Callable[[], str],
    seconds: float = 150.0,
) -> None:
    """Returns when ``ready`` says so. Raises :class:`StartFailed`, with ``words()``, otherwise."""
    end = time.monotonic() + seconds
    while not ready():
        if not alive():
            raise StartFailed(f"it ended while starting. {words()}")
        if time.monotonic() > end:
            raise StartFailed(f"not ready after {seconds:.0f} s. {words()}")
        time.sleep(_PAUSE)


def kafka_answers(port: int) -> bool:
    """Whether a broker on ``port`` of the loopback address has joined its cluster."""
    if not accepts(port):
        return False
    try:
        client = _admin(port)
    except KafkaError:
        return False
    try:
        return bool(client.describe_cluster()["brokers"])
    except KafkaError:
        return False
    finally:
        client.close()


def add_user(port: int, name: str, password: str) -> None:
    """Makes or changes a SCRAM-SHA-512 user."""
    client = _admin(port)
    try:
        wish = UserScramCredentialUpsertion(name, ScramMechanism.SCRAM_SHA_512, password, iterations=4096)
        client.alter_user_scram_credentials([wish])
    finally:
        client.close()


def _admin(port: int) -> KafkaAdminClient:
    return KafkaAdminClient(
        bootstrap_servers=f"127.0.0.1:{port}", bootstrap_timeout_ms=2_000, request_timeout_ms=10_000
    )


def http_answers(url: str) -> bool:
    """Whether a GET of ``url`` is answered with 200."""
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310  (a fixed http address)
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
