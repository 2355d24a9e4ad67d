"""What is cached for a plan is a snapshot of what a command's own calls and others have read."""

from __future__ import annotations

from relay.clients.cinx import Poco
from tests.unit.workers.cinx_submitter import factories
from workers.cinx_submitter.cache.cache import CachedFacts, CachedPoco, OrderKey, OrderView, RemoteCache

COMMAND = factories.command(factories.payload())
LISTED = OrderView(matches=1, order=factories.order(), pocos=(factories.row(),))


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def filled(clock: Clock, poco: Poco | None) -> RemoteCache:
    cache = RemoteCache(clock)
    cache.views.put(OrderKey.of(COMMAND), LISTED)
    cache.pocos.put(("acme", factories.POCO), CachedPoco(poco))
    cache.command_pocos.put((COMMAND.command_id, factories.POCO), CachedPoco(poco))
    return cache


def facts(cache: RemoteCache, guids: tuple[str, ...] = (factories.POCO,)) -> CachedFacts:
    return cache.cached_facts(COMMAND, guids, "test")


def test_a_call_that_ends_meanwhile_changes_nothing_of_a_plan() -> None:
    cache = filled(Clock(), factories.poco())
    before = facts(cache)
    cache.command_pocos.put((COMMAND.command_id, factories.POCO), CachedPoco(None))
    cache.pocos.put(("acme", factories.POCO), CachedPoco(None))
    assert before.fresh_pocos == before.pocos == {factories.POCO: CachedPoco(factories.poco())}


def test_own_pocos_are_read_anew_sooner_than_those_of_which_the_lines_matter() -> None:
    clock = Clock()
    cache = filled(clock, factories.poco())
    clock.seconds = cache.ages.poco + 1
    cache.views.put(OrderKey.of(COMMAND), LISTED)
    assert (facts(cache).fresh_pocos, set(facts(cache).pocos)) == ({}, {factories.POCO})


def test_that_a_poco_does_not_exist_is_soon_forgotten() -> None:
    clock = Clock()
    cache = filled(clock, None)
    assert facts(cache).pocos == {factories.POCO: CachedPoco(None)}
    clock.seconds = cache.ages.poco + 1
    cache.views.put(OrderKey.of(COMMAND), LISTED)
    assert facts(cache).pocos == {}
