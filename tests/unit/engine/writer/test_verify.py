"""Verifying has no version: it replaces nothing, and whatever is newer takes its place."""

from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import Operation, ProcoreCommand
from relay.domain.outcomes import OutcomeKind
from tests.unit.engine.writer.judging import judge
from tests.unit.engine.writer.model import World, command


def verify(number: int, sequence: int) -> ProcoreCommand:
    """Observed at the target, whose sequences have nothing to do with the source's."""
    return replace(command(number, sequence, "", "", withdraw=True), operation=Operation.VERIFY)


def ends(world: World) -> dict[str | None, OutcomeKind]:
    return {one.command_id: one.kind for one in world.log.told if one.kind.is_terminal}


def test_an_edit_after_an_observation_is_carried() -> None:
    world = World()
    world.submit(command(1, 1, "door", "pending"))
    world.settle()
    world.submit(verify(1, 1_700_000_000))
    world.receive()
    world.submit(command(1, 2, "window", "pending"))
    judge_all_but_verifying(world)
    assert ends(world)["1/1700000000"] is OutcomeKind.SUPERSEDED
    assert ends(world)["1/2"] is OutcomeKind.APPLIED
    world.close()


def test_an_observation_replaces_nothing_that_waits() -> None:
    world = World()
    world.submit(command(1, 1, "door", "pending"))
    world.submit(verify(1, 1_700_000_000))
    judge_all_but_verifying(world)
    assert ends(world)["1/1700000000"] is OutcomeKind.SUPERSEDED
    assert ends(world)["1/1"] is OutcomeKind.APPLIED
    world.close()


def judge_all_but_verifying(world: World) -> None:
    world.settle()
    verifying = [one for one in world.sent if one.operation is Operation.VERIFY]
    ended = [one for one in world.log.told if one.command_id in {each.command_id for each in verifying}]
    assert len(ended) == len(verifying)
    world.sent = [one for one in world.sent if one not in verifying]
    world.log.told = [one for one in world.log.told if one not in ended]
    judge(world)
    world.log.told += ended
