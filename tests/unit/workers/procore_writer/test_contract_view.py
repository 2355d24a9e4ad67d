"""A contract's view is read by the thread that plans while the threads of calls change what is cached."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from relay.clients.native_json.records import NativeRecord
from relay.clients.procore import PotentialChangeOrder, PotentialChangeOrderRow
from relay.domain.commands import Lane
from relay.domain.failures import Denied
from relay.engine.writer.adapter import Batch, PlannedCall, Task
from tests.unit.workers.procore_writer.modelled import command
from workers.procore_writer.cache.cache import ContractKey, RemoteCache
from workers.procore_writer.cache.contracts import ContractView, view_of
from workers.procore_writer.calls import survey
from workers.procore_writer.calls.context import CallContext
from workers.procore_writer.plan.steps import Step

COMMAND = command(None)
CONTRACT = ContractKey.of(COMMAND)
ROWS = range(1, 3001)


class EmptyContract:
    """A company whose contract shows none of its records any more."""

    @property
    def potential_change_orders(self) -> EmptyContract:
        return self

    def show(self, *_: object, **__: object) -> PotentialChangeOrder:
        raise Denied("there is no such change order", status=403)

    def find(self, *_: object, **__: object) -> list[PotentialChangeOrderRow]:
        return []


def row(pco_id: int) -> PotentialChangeOrderRow:
    return PotentialChangeOrderRow.read(NativeRecord(b"", {"id": pco_id, "number": f"{pco_id:04}"}))


@pytest.fixture
def cache() -> RemoteCache:
    cache = RemoteCache(lambda: 0.0)
    cache.views.put(CONTRACT, view_of([row(pco_id) for pco_id in ROWS], [], None))
    return cache


@pytest.fixture
def eager_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def look_at(cache: RemoteCache, pco_id: int) -> None:
    client: Any = EmptyContract()
    batch = Batch(
        tenant="procore:acme", step=Step.OWNER.value, batch="", lane=Lane.LIVE, not_after=0.0, idempotency_key="",
        tasks=[Task(command=COMMAND, entry=None, intent=None)],
        calls=[PlannedCall(step=Step.OWNER.value, batch="", element=pco_id, writes=False)],
    )  # fmt: skip
    survey.read_owner(
        CallContext(
            batch=batch, client=client, cache=cache, installation="test", web="", pause=lambda _: None,
            release_slot=lambda: None,
        )
    )  # fmt: skip


def planned_with(cache: RemoteCache) -> ContractView:
    view = cache.cached_facts(COMMAND, "test").view
    assert view is not None
    return view


def test_what_is_planned_with_stays_as_it_was_read(cache: RemoteCache) -> None:
    view = planned_with(cache)
    look_at(cache, 7)
    assert 7 in view.rows
    assert 7 not in planned_with(cache).rows


def looking_at(cache: RemoteCache, pco_ids: Iterable[int]) -> threading.Thread:
    def look_at_each() -> None:
        for pco_id in pco_ids:
            look_at(cache, pco_id)

    thread = threading.Thread(target=look_at_each)
    thread.start()
    return thread


def test_records_that_go_meanwhile_do_not_disturb_planning(cache: RemoteCache, eager_threads: None) -> None:
    threads = [looking_at(cache, ROWS[::2]), looking_at(cache, ROWS[1::2])]
    while any(thread.is_alive() for thread in threads):
        planned_with(cache).unidentified()
    assert planned_with(cache).unidentified() == []
