from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from relay.domain.commands import Operation
from relay.domain.outcomes import OutcomeKind
from tests.unit.engine.writer.model import Fate, World, command


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def kinds(world: World, command_id: str) -> list[OutcomeKind]:
    return [one.kind for one in world.log.told if one.command_id == command_id and one.kind.is_terminal]


def put_in_review(world: World) -> None:
    """Command 1/1 is sent until its outcome, unknown each time, is given to a person."""
    world.submit(command(1, 1, "first", "pending"))
    world.receive()
    for _ in range(200):
        world.work()
        world.deliver(Fate.LOST_AFTER)
        world.pass_time(1.0)
        if kinds(world, "1/1"):
            break
    assert kinds(world, "1/1") == [OutcomeKind.NEEDS_REVIEW]


def test_what_waits_behind_a_review_goes_out_only_after_the_adoption(world: World) -> None:
    put_in_review(world)
    newer = command(1, 2, "second", "pending")
    world.submit(newer)
    for _ in range(5):
        world.receive()
        world.work()
    assert not kinds(world, "1/2")
    adopt = replace(command(1, 1, "first", "pending"), operation=Operation.ADOPT, command_id="adopt")
    world.submit(adopt)
    world.settle()
    assert kinds(world, "adopt") in ([OutcomeKind.APPLIED], [OutcomeKind.UNCHANGED])
    assert kinds(world, "1/2") == [OutcomeKind.APPLIED]
    ended = [one.command_id for one in world.log.told if one.command_id in {"adopt", "1/2"}]
    assert ended == ["adopt", "1/2"]
    assert world.remote.headers[newer.origin_id] == (2, "second")
