"""What the relay works between: Kafka and the simulated systems, on this machine, at an address that pods reach."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from deploy.cluster.verdicts import NotProven, until
from deploy.demo import company, holdings
from deploy.demo.expectation import Office, expected
from deploy.demo.verdict import judge
from deploy.local.java_broker import JavaBroker
from deploy.sandbox.editor import Editor
from deploy.sandbox.process import Control, Simulated, simulated

HOST = "COR_CLUSTER_HOST"
"""Names this machine's address as pods reach it; without it, that from which the cluster's API is reached."""

_ARRIVED = 180.0
_DEEDS = 24
"""Six change orders are entered, edited twice each, and the first of them approved."""
_NAME_IT = (
    f"name in {HOST} the IPv4 address at which pods reach this machine: with k3s the node's own, with kind the gateway "
    "of its network (`docker network inspect kind`)"
)


class Surroundings(Protocol):
    """What the proof needs of them."""

    @property
    def host(self) -> str: ...
    @property
    def kafka(self) -> str: ...
    @property
    def remotes(self) -> Mapping[str, str]: ...
    def editing(self) -> AbstractContextManager[object]: ...
    def await_arrived(self, configuration: Path) -> None: ...
    def longest_pause(self) -> float: ...


class OnThisMachine:
    """A broker on the local Java, and a simulator for each system."""

    def __init__(self, host: str, broker: JavaBroker, simulators: Mapping[str, Simulated]) -> None:
        self.host = host
        self._broker = broker
        self._simulators = simulators

    @property
    def kafka(self) -> str:
        """Where pods find Kafka."""
        return self._broker.bootstrap_servers

    @property
    def remotes(self) -> Mapping[str, str]:
        """The addresses of the simulated systems."""
        return {name: one.url for name, one in self._simulators.items()}

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Somebody works at the source for the length of the block, and until there is something to carry."""
        with Editor(self._simulators["constructiononline"]) as editor:
            yield
            editor.await_deeds(_DEEDS)

    def await_arrived(self, configuration: Path) -> None:
        """Until Procore and CINX hold what the source and the routes say. Raises ``NotProven``."""
        until(
            lambda: not differences(self._simulators, configuration), "both remotes hold what the source says", _ARRIVED
        )

    def longest_pause(self) -> float:
        """Seconds for which Procore was written nothing, at most, since this was last asked."""
        simulator = self._simulators["procore"]
        rows = [row for row in simulator.history(path="^/rest/", bodies=0) if row["method"] != "GET"]
        simulator.forget()
        times = [_epoch(row["at"]) for row in rows]
        return max((b - a for a, b in pairwise(times)), default=0.0)


def differences(systems: Mapping[str, Control], configuration: Path) -> list[str]:
    """Between what simulated Procore and CINX hold, and what ``configuration`` makes of the simulated source."""
    office = Office.of("acme", systems["constructiononline"].state())
    procore, cinx = (systems[name].state() for name in ("procore", "cinx"))
    places = judge(expected([office], configuration), [*holdings.of_procore(procore), *holdings.of_cinx(cinx)])
    return [difference for place in places.values() for difference in place.differences]


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


@contextmanager
def on_this_machine(host: str) -> Iterator[OnThisMachine]:
    """All of them for the length of the block. They ask nobody who he is: close the ports to others."""
    seeds = {"constructiononline": company.main_office(), "procore": company.procore(), "cinx": company.cinx()}
    broker = JavaBroker(host=host)
    try:
        broker.open()
        with _simulators(seeds, host) as simulators:
            yield OnThisMachine(host, broker, simulators)
    finally:
        broker.close()


@contextmanager
def _simulators(seeds: Mapping[str, Mapping[str, object]], host: str) -> Iterator[dict[str, Simulated]]:
    options = ("--host", host)
    with ExitStack() as stack:
        yield {name: stack.enter_context(simulated(name, seed, options=options)) for name, seed in seeds.items()}


def address_for(server: str, environment: Mapping[str, str] = os.environ) -> str:
    """This machine's address as the cluster sees it; ``server``: the URL of the cluster's API.

    Raises :class:`NotProven` where it cannot be told: nobody but this machine reaches its loopback address.
    """
    if named := environment.get(HOST):
        return named
    parts = urlsplit(server)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:  # Nothing is sent.
            probe.connect((parts.hostname or "127.0.0.1", parts.port or 443))
            found = str(probe.getsockname()[0])
    except OSError as problem:
        raise NotProven(f"the way to the cluster's API at {server} is not known ({problem}): {_NAME_IT}") from problem
    if found.startswith("127."):
        raise NotProven(f"the cluster's API is at {server}, and no pod reaches this machine at {found}: {_NAME_IT}")
    return found
