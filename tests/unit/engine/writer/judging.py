"""What must hold of a world at rest, judged by its remote and its log."""

from __future__ import annotations

from collections import Counter

from tests.unit.engine.writer.model import World


def judge(world: World) -> None:
    """Lets the world come to rest, waits for the latest of late requests, and looks."""
    world.settle()
    world.pass_time(100.0)
    every_command_ended_once(world)
    the_remote_says_what_the_newest_says(world)
    nothing_older_was_applied_later(world)
    nothing_was_made_twice(world)


def every_command_ended_once(world: World) -> None:
    ends = Counter(outcome.command_id for outcome in world.log.told if outcome.kind.is_terminal)
    assert ends == Counter(one.command_id for one in world.sent)


def the_remote_says_what_the_newest_says(world: World) -> None:
    newest = {one.origin_id: one for one in sorted(world.sent, key=lambda one: one.version)}
    for origin_id, one in newest.items():
        if one.payload is not None and one.payload.title != "refused":
            assert world.remote.headers.get(origin_id) == (one.sequence, one.payload.title)
            if one.payload.status == "approved":
                assert origin_id in world.remote.notes


def nothing_older_was_applied_later(world: World) -> None:
    highest: dict[str, int] = {}
    for origin_id, sequence in world.remote.applied:
        assert sequence >= highest.get(origin_id, 0)
        highest[origin_id] = sequence


def nothing_was_made_twice(world: World) -> None:
    assert all(count == 1 for count in Counter(world.remote.notes).values())
