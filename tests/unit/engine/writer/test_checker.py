"""The checker can fail: with any one of the protocol's safeguards taken out, its scenario is judged wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from relay.domain.ledger import LedgerEntry, Part, new_entry
from relay.domain.outcomes import OutcomeKind
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.writer.adapter import Done
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps import dispatch, in_doubt, plan, record, settle
from tests.unit.engine.writer.judging import judge
from tests.unit.engine.writer.model import Fate, ModelJournal, World, command

Scenario = Callable[[World], None]
Sabotage = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


# -- scenarios: each is what one safeguard is for


def an_order_is_made_and_its_maker_dies(world: World) -> None:
    """The note is made, its answer is lost, and the owner is killed."""
    world.submit(command(1, 1, "door", "approved"))
    world.receive()
    world.work()
    world.deliver(Fate.ANSWERED)
    world.work()
    world.deliver(Fate.LOST_AFTER)
    world.start()


def an_older_version_comes_late(world: World) -> None:
    world.submit(command(1, 2, "door", "pending"))
    world.settle()
    world.submit(command(1, 1, "window", "pending"))


def an_owner_dies_between_intent_and_call(world: World) -> None:
    world.submit(command(1, 1, "door", "pending"))
    world.receive()
    world.work()
    world.start()


def a_predecessor_commits_while_its_successor_restores(world: World) -> None:
    world.submit(command(1, 1, "door", "pending"))
    world.receive()
    world.work()
    world.deliver(Fate.ANSWERED)
    world.take_over_while(world.work)


def a_request_is_lost_on_its_way(world: World) -> None:
    world.submit(command(1, 1, "door", "pending"))
    world.receive()
    world.work()
    world.deliver(Fate.LOST_BEFORE)


def a_note_arrives_late(world: World) -> None:
    world.submit(command(1, 1, "door", "approved"))
    world.receive()
    world.work()
    world.deliver(Fate.ANSWERED)
    world.work()
    world.deliver(Fate.LATE)


def an_older_header_arrives_late(world: World) -> None:
    world.submit(command(1, 1, "door", "pending"))
    world.receive()
    world.work()
    world.deliver(Fate.LATE)
    world.submit(command(1, 2, "window", "pending"))


# -- sabotage: each takes one safeguard out


def the_intent_is_not_durable(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(UnitOfWork, "put_intent", lambda self, origin_id, intent: None)


def the_ledger_is_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(UnitOfWork, "put_entry", lambda self, entry: None)


def the_end_is_told_before_the_call(patch: pytest.MonkeyPatch) -> None:
    def too_early(state: Any, chosen: list[Any]) -> None:
        work = state.begin()
        for planned in chosen:
            settle.settle(state, work, planned.task.command.origin_id, Done(kind=OutcomeKind.APPLIED))
        state.commit(work, CrashPoint.WRITER_BEFORE_INTEND_COMMIT, CrashPoint.WRITER_AFTER_INTEND)

    patch.setattr(dispatch, "intend", too_early)


def fencing_comes_after_restoring(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(World, "fences_first", False)


def hashes_are_kept_in_doubt(patch: pytest.MonkeyPatch) -> None:
    def as_if_accepted(state: Any, work: UnitOfWork, task: Any, unknown: Any, **_: object) -> None:
        intent = work.intent(task.command.origin_id)
        if intent is not None:
            entry: LedgerEntry = work.entry(intent.origin_id) or new_entry(task.command)
            parts = {name: Part(hash=value) for name, value in intent.parts.items()}
            work.put_entry(replace(entry, parts={**entry.parts, **parts}))
            work.put_intent(intent.origin_id, None)

    patch.setattr(in_doubt, "doubt", as_if_accepted)


def not_finding_it_is_believed_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(record, "lateness", lambda state, task: 0.0)


def different_bytes_go_out_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "quarantine", lambda state, task, send: 0.0)


PAIRS: list[tuple[Scenario, Sabotage]] = [
    (an_order_is_made_and_its_maker_dies, the_intent_is_not_durable),
    (an_older_version_comes_late, the_ledger_is_off),
    (an_owner_dies_between_intent_and_call, the_end_is_told_before_the_call),
    (a_predecessor_commits_while_its_successor_restores, fencing_comes_after_restoring),
    (a_request_is_lost_on_its_way, hashes_are_kept_in_doubt),
    (a_note_arrives_late, not_finding_it_is_believed_at_once),
    (an_older_header_arrives_late, different_bytes_go_out_at_once),
]


@pytest.mark.parametrize("scenario", [scenario for scenario, _ in PAIRS])
def test_the_protocol_stands(world: World, scenario: Scenario) -> None:
    scenario(world)
    judge(world)


@pytest.mark.parametrize(("scenario", "sabotage"), PAIRS)
def test_without_its_safeguard_it_is_judged_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch, scenario: Scenario, sabotage: Sabotage
) -> None:
    sabotage(monkeypatch)
    with pytest.raises(AssertionError):
        _run(world, scenario)


def _run(world: World, scenario: Scenario) -> None:
    scenario(world)
    judge(world)


def test_a_fenced_owner_commits_nothing() -> None:
    world = World()
    before = world.state.journal
    world.start()
    assert isinstance(before, ModelJournal)
    assert before.is_fenced
    world.close()
