"""Which way: what the environment names, a container, or the local Java."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.local.containers import ENGINE, ContainerBroker, ContainerRegistry, engine_answers
from deploy.local.java_broker import JavaBroker
from deploy.local.java_registry import JavaRegistry
from deploy.local.services import Broker, Kafka, NamedKafka, NamedRegistry, NothingToRunOn, Registry


class OpenedBroker(Broker, Protocol):
    """A broker that has yet to be opened."""

    def open(self) -> None: ...


class OpenedRegistry(Registry, Protocol):
    """A registry that has yet to be opened."""

    def open(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What can be tried. A test replaces the members."""

    engine_answers: Callable[[], bool] = engine_answers
    container_broker: Callable[[], OpenedBroker] = ContainerBroker
    container_registry: Callable[[], OpenedRegistry] = ContainerRegistry
    java_broker: Callable[[Path | None], OpenedBroker] = JavaBroker
    java_registry: Callable[[], OpenedRegistry] = JavaRegistry


WAYS = Ways()


@contextmanager
def kafka(environment: Mapping[str, str] = os.environ, *, ways: Ways = WAYS) -> Iterator[Kafka]:
    """A cluster that answers: the named one, or a broker that lives as long as the context."""
    if named := environment.get("COR_KAFKA_BOOTSTRAP_SERVERS"):
        yield NamedKafka(named)
        return
    with broker(environment, ways=ways) as own:
        yield own


@contextmanager
def broker(
    environment: Mapping[str, str] = os.environ, *, data: Path | None = None, ways: Ways = WAYS
) -> Iterator[Broker]:
    """A broker of our own, never the named cluster, so that it may be stopped and killed.

    ``data``: a folder that is kept at the end (the local Java only; with it no container is
    chosen). Raises :class:`deploy.local.services.NothingToRunOn` with what would do.
    """
    own = ways.container_broker() if data is None and _takes_container(environment, ways) else ways.java_broker(data)
    try:
        own.open()
        yield own
    finally:
        own.close()


@contextmanager
def registry(environment: Mapping[str, str] = os.environ, *, ways: Ways = WAYS) -> Iterator[Registry]:
    """A registry that answers: the named one, or one that lives as long as the context."""
    if named := environment.get("COR_SCHEMA_REGISTRY_URL"):
        yield NamedRegistry(named)
        return
    own = ways.container_registry() if _takes_container(environment, ways) else ways.java_registry()
    try:
        own.open()
        yield own
    finally:
        own.close()


def _takes_container(environment: Mapping[str, str], ways: Ways) -> bool:
    """Whether an engine answers. Raises ``NothingToRunOn`` where none does at the address that somebody has named."""
    if ways.engine_answers():
        return True
    named = environment.get(ENGINE)
    if named:
        raise NothingToRunOn(
            f"{ENGINE} names {named}, where no container engine answers: start it there, or unset {ENGINE} to have "
            "Kafka and the registry run by the local Java"
        )
    return False
