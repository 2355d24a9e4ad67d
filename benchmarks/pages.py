"""How soon ``cor web`` answers where a screen is made of much: Home of many projects, the month of a large one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
from sqlalchemy import update

from benchmarks.events import PROJECT, observed
from benchmarks.ground import ROOT, Ground, awaited
from benchmarks.mapping import CONFIGURATION
from deploy.local.ports import LOOPBACK, accepts, free_ports
from relay.domain.change_order import Status
from relay.domain.commands import ContractKind, ProcoreDestination
from relay.domain.events import ChangeOrderObserved
from relay.domain.routes import ProcoreTarget, Route, RouteMode, Routing, Source
from relay.engine.kafka import Record
from relay.engine.record_codec import record_codec
from relay.engine.topics import OBSERVED
from workers.views.amounts import milliseconds
from workers.views.batch import fold_records
from workers.views.folds.of_topics import folds_of
from workers.views.generation import Generation
from workers.views.sqlite_store import SqliteStore
from workers.views.tables import PROGRESS

_OF_A_PROJECT: Final = 8
"""Change orders of each of the projects of Home."""
_PROJECTS_OF_A_BATCH: Final = 25
"""Folding looks through all routes for each change order."""
_TOGETHER: Final = 2_000
_STATUSES: Final = (Status.APPROVED, Status.PENDING, Status.APPROVED, Status.DRAFT)
_TIMES: Final = 20
_ANSWERED_WITHIN: Final = 60.0


def measure(fresh: Callable[[], Ground], projects: int, orders: Sequence[int]) -> dict[str, Any]:
    """Of Home the median of some times; of months of so many change orders the first answer, and when all is there."""
    return {
        "projects": projects,
        "home": _measured(fresh(), _of_projects(projects), _home),
        "months": [{"change_orders": count, **_measured(fresh(), _of_one_project(count), _month)} for count in orders],
    }


def _measured(
    here: Ground,
    batches: Iterable[tuple[list[ChangeOrderObserved], Routing]],
    ask: Callable[[httpx.Client], dict[str, Any]],
) -> dict[str, Any]:
    here.configure(CONFIGURATION)
    _fill(here.folder / "views.sqlite", batches)
    with _serving(here) as address, httpx.Client(base_url=address, timeout=_ANSWERED_WITHIN) as client:
        client.get("/system").raise_for_status()  # What is made once, for any screen.
        return ask(client)


def _home(client: httpx.Client) -> dict[str, Any]:
    taken = [_asked(client, "/")[0] for _ in range(_TIMES)]
    return {"first": round(taken[0]), "milliseconds": round(median(taken))}


def _month(client: httpx.Client) -> dict[str, Any]:
    began = time.perf_counter()
    first, answer = _asked(client, f"/projects?project={PROJECT}")
    asked = 1
    while answer.status_code == httpx.codes.ACCEPTED:
        time.sleep(float(answer.headers["Refresh"]))
        _, answer = _asked(client, f"/projects?project={PROJECT}")
        asked += 1
    shown = time.perf_counter() - began
    again, _ = _asked(client, f"/projects?project={PROJECT}&tab=aging")
    return {"first": round(first), "asked": asked, "shown_after": round(shown * 1000), "next_tab": round(again)}


def _asked(client: httpx.Client, path: str) -> tuple[float, httpx.Response]:
    began = time.perf_counter()
    answer = client.get(path).raise_for_status()
    return (time.perf_counter() - began) * 1000, answer


@contextmanager
def _serving(here: Ground) -> Iterator[str]:
    (port,) = free_ports(1)
    environment = here.environment() | {"COR_WEB_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "cli", "web"], cwd=ROOT, env=environment)
    try:
        awaited(lambda: accepts(port), "the page")
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.kill()
        process.wait()


# -- what it is asked of


def _of_one_project(count: int) -> Iterator[tuple[list[ChangeOrderObserved], Routing]]:
    events = (_in_some_status(event, number) for number, event in enumerate(observed(count, 5)))
    while batch := list(islice(events, _TOGETHER)):
        yield batch, _routing([PROJECT])


def _of_projects(count: int) -> Iterator[tuple[list[ChangeOrderObserved], Routing]]:
    events = enumerate(observed(count * _OF_A_PROJECT, 5))
    for first in range(0, count, _PROJECTS_OF_A_BATCH):
        names = [f"P-{first + number}" for number in range(min(_PROJECTS_OF_A_BATCH, count - first))]
        batch = [
            _in_some_status(_of_project(event, name), number)
            for name in names
            for number, event in islice(events, _OF_A_PROJECT)
        ]
        yield batch, _routing(names)


def _of_project(event: ChangeOrderObserved, name: str) -> ChangeOrderObserved:
    shown = replace(event.change_order, project=name, project_name=f"Project {name}")
    return replace(event, project=name, change_order=shown)


def _in_some_status(event: ChangeOrderObserved, number: int) -> ChangeOrderObserved:
    shown = replace(event.change_order, status=_STATUSES[number % len(_STATUSES)], currency="USD")
    approved = event.observed_at if shown.status is Status.APPROVED else None
    return replace(event, change_order=shown, approved_seen_at=approved)


def _routing(projects: Iterable[str]) -> Routing:
    """As the configuration has it of its one project, of each of these."""
    contract = ProcoreDestination(project_id=315, contract_id=44021, contract=ContractKind.WORK_ORDER, tiers=2)
    target = ProcoreTarget(name="main", account="acme", destination=contract)
    return Routing(
        routes=tuple(
            Route(
                source=Source(system="constructiononline", account="acme", project=project),
                mode=RouteMode.LIVE,
                history=True,
                targets=(target,),
            )
            for project in projects
        )
    )


def _fill(file: Path, batches: Iterable[tuple[list[ChangeOrderObserved], Routing]]) -> None:
    """Folds them into tables at this place, that have everything."""
    codec = record_codec()
    folds = folds_of(codec, "")
    store, generation = SqliteStore(file), Generation(1, "0" * 8)
    engine = store.building(generation)
    try:
        offset = 0
        for events, routing in batches:
            records = [
                Record(OBSERVED.base, 0, offset + at, event.key.encode(), codec.encode(event, OBSERVED.base), (), 0)
                for at, event in enumerate(events)
            ]
            offset += len(records)
            with engine.begin() as connection:
                if left_out := fold_records(connection, records, folds, codec, routing):
                    raise RuntimeError(f"{len(left_out)} records were left out: {left_out[0]}")
        with engine.begin() as connection:
            connection.execute(update(PROGRESS).values(read_at=milliseconds(datetime.now(UTC))))
    finally:
        engine.dispose()
    store.publish(generation)
    store.close()
