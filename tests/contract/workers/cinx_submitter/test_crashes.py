"""The owner ends before or after any of its commits, and another one goes on from the log."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.domain.commands import CinxCommand, CinxRules, Operation
from relay.domain.outcomes import OutcomeKind
from tests.contract.workers.cinx_submitter.judging import (
    assert_every_command_ended_once,
    assert_nothing_was_ordered_twice,
    assert_writes_tell_what_is_ordered,
)
from tests.contract.workers.cinx_submitter.world import World, command, line, payload
from tests.unit.engine.writer.virtual_log import CommitFate

FATES = [CommitFate.FAILS, CommitFate.STANDS_UNANSWERED]


def carry(world: World, *commands: CinxCommand) -> None:
    world.submit(*commands)
    world.settle()


def order(world: World) -> None:
    carry(world, command())


def order_two(world: World) -> None:
    carry(world, command("1"), command("2", payload(description="Another")))


def change(world: World) -> None:
    carry(world, command())
    carry(world, command(sequence=2, content=payload(line("1", "5"), description="Revised")))


def further(world: World) -> None:
    rules = CinxRules(later="further")
    carry(world, command(rules=rules))
    for poco in world.company.made():
        world.company.people("submit_poco", cinx_guid=poco["cinx_guid"])
    carry(world, command(sequence=2, content=payload(line("1", "500")), rules=rules))


def withdraw(world: World) -> None:
    world.submit(command())
    world.settle(2)
    carry(world, command(sequence=2, operation=Operation.WITHDRAW))


STORIES = [order, order_two, change, further, withdraw]


@pytest.mark.parametrize("passage", range(1, 13))
@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("seconds", [0, 4])
def test_an_owner_that_ends_at_any_commit_leaves_nothing_doubled(
    world: World, story: Callable[[World], None], fate: CommitFate, passage: int, seconds: int
) -> None:
    world.company.settings(job_seconds=seconds)
    world.log.fates = [CommitFate.STANDS] * (passage - 1) + [fate]
    story(world)
    world.settle()
    assert_every_command_ended_once(world, waiting=_waiting(world))
    assert_nothing_was_ordered_twice(world)
    assert_writes_tell_what_is_ordered(world)


def _waiting(world: World) -> frozenset[str]:
    """What waits behind a submission in doubt, its own or another's."""
    held = {one.origin_id for one in world.sent if (entry := world.state.store.entry(one.origin_id)) and entry.review}
    held |= world.behind_a_review()
    ended = {outcome.command_id for outcome in world.log.outcomes if outcome.kind.is_terminal}
    return frozenset(one.command_id for one in world.sent if one.origin_id in held and one.command_id not in ended)


def test_an_owner_that_ends_between_intent_and_call_asks_a_person_and_never_sends(world: World) -> None:
    """What the successor finds is an intent; whether its request left nobody can know."""
    one = command()
    world.submit(one)
    # What is taken in, and what is noted of the account; then the intent.
    world.log.fates = [CommitFate.STANDS, CommitFate.STANDS, CommitFate.STANDS_UNANSWERED]
    world.settle()
    assert world.company.sent("POST") == 0
    assert (world.end(one).kind, world.end(one).reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.in_doubt")
