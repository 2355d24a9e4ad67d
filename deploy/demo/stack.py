"""Everything that runs: Kafka, the registry and the simulated systems, and how a stage finds them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import TypeVar

from deploy.demo import company
from deploy.demo.workplace import Workplace
from deploy.local import Kafka, Registry, kafka, registry
from deploy.sandbox.process import Simulated, simulated

T = TypeVar("T")

CHANGE_ORDERS = 300
"""How many the second office has."""

_NAMED = "COR_KAFKA_BOOTSTRAP_SERVERS"


@dataclass(frozen=True)
class Stack:
    """What runs beside the stages."""

    kafka: Kafka
    registry: Registry
    acme: Simulated
    harbor: Simulated
    procore: Simulated
    cinx: Simulated

    @property
    def addresses(self) -> dict[str, str]:
        """Of the simulated systems, by the names that the configuration has for them."""
        return {name: getattr(self, name).url for name in ("acme", "harbor", "procore", "cinx")}


@contextmanager
def running() -> Iterator[Stack]:
    """All of it for the length of the block. The two that take seconds start side by side."""
    with ExitStack() as stack, ThreadPoolExecutor(max_workers=2) as pool:
        broker, schemas = pool.submit(_enter, stack, kafka), pool.submit(_enter, stack, registry)
        seeds = (
            ("constructiononline", company.main_office()),
            ("constructiononline", company.second_office(CHANGE_ORDERS)),
            ("procore", company.procore()),
            ("cinx", company.cinx()),
        )
        simulators = [stack.enter_context(simulated(name, seed)) for name, seed in seeds]
        yield Stack(broker.result(), schemas.result(), *simulators)


def _enter(stack: ExitStack, make: Callable[[], AbstractContextManager[T]]) -> T:
    return stack.enter_context(make())


def environment(stack: Stack, workplace: Workplace) -> dict[str, str]:
    """The settings of every command and stage. Times are short, so that what has to wait does not wait long."""
    inherited = {name: "" for name in os.environ if name.startswith("COR_")}
    return {**inherited, **_cluster(os.environ), **_ours(stack, workplace)}


def _ours(stack: Stack, workplace: Workplace) -> dict[str, str]:
    return {
        "COR_KAFKA_BOOTSTRAP_SERVERS": stack.kafka.bootstrap_servers,
        "COR_SCHEMA_REGISTRY_URL": stack.registry.url,
        "COR_CONFIG": str(workplace.configuration),
        "COR_INSTALLATION": "demo",
        "COR_VIEWS_URL": f"sqlite:///{workplace.folder / 'views.sqlite'}",
        "COR_INSTANCE": "demo-1",
        "COR_HTTP_DEADLINE": "5",
        "COR_SEND_WINDOW": "2",
        "COR_SESSION_TIMEOUT": "10",
        "COR_LOG_FORMAT": "console",
    }


def _cluster(given: Mapping[str, str]) -> dict[str, str]:
    """A named cluster's own settings, and topics of our own on it: nothing of an earlier run is in the way."""
    if _NAMED not in given:
        return {}
    security = {name: text for name, text in given.items() if name.startswith(("COR_KAFKA_", "COR_SCHEMA_REGISTRY_"))}
    return {**security, "COR_TOPIC_PREFIX": f"demo-{token_hex(3)}."}
