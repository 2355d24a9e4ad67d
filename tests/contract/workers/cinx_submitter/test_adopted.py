"""A POCO that somebody else has made gets our references once it stands for a change order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from relay.domain.commands import CinxCommand, CinxRules, Operation
from relay.domain.outcomes import OutcomeKind
from relay.engine.telemetry import events
from tests.contract.workers.cinx_submitter.company import Loss, references, total
from tests.contract.workers.cinx_submitter.judging import assert_every_command_ended_once
from tests.contract.workers.cinx_submitter.test_decisions import by_hand
from tests.contract.workers.cinx_submitter.world import INSTALLATION, World, command, payload
from tests.unit.engine.writer.virtual_log import CommitFate

ADOPTING = CinxRules(existing="adopt")


def by_rule(world: World) -> CinxCommand:
    one = command(rules=ADOPTING)
    world.submit(one)
    world.settle()
    return one


def by_person(world: World) -> CinxCommand:
    one = command()
    world.run(one)
    (number,) = [poco["number"] for poco in world.company.pocos]
    return world.decide(one, Operation.ADOPT, number)


WAYS = [by_rule, by_person]
Way = Callable[[World], CinxCommand]


def held(world: World) -> dict[str, Any]:
    (poco,) = world.company.pocos
    return poco


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("synchronous", [False, True])
def test_an_open_poco_gets_our_references_and_stays_as_it_is_otherwise(
    way: Way,
    synchronous: bool,  # noqa: FBT001 - pytest
) -> None:
    world = World(synchronous=synchronous)
    by_hand(world, external_references=[{"type": "erp", "description": "Theirs", "value": "77"}], user_comment="Mine")
    before = held(world)
    adopted = way(world)
    assert world.end(adopted).kind is OutcomeKind.APPLIED
    marks = references(held(world))
    assert marks["change-order-relay"] == adopted.origin_id
    assert marks["change-order-relay-installation"] == INSTALLATION
    assert marks["erp"] == "77"
    after = held(world)
    for poco in (before, after):
        poco["detail"].pop("dates")
        poco["detail"].pop("external_references", None)
    assert (after["detail"], after["items"]) == (before["detail"], before["items"])
    assert (world.company.sent("PUT"), world.company.sent("POST")) == (1, 0)
    world.close()


@pytest.mark.parametrize("way", WAYS)
def test_what_our_references_say_of_its_lines_is_what_it_holds(world: World, way: Way) -> None:
    """So that a poller knows it for an echo, and a look-up for ours."""
    by_hand(world)
    adopted = way(world)
    assert references(held(world))["change-order-relay-content"] == world.entry(adopted).remote["poco_lines"]
    assert "poco_mark" not in world.entry(adopted).remote


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lock", ["lock_poco", "submit_poco"])
def test_a_locked_poco_is_known_by_its_guid_alone(world: World, way: Way, lock: str) -> None:
    made = by_hand(world)
    world.company.people(lock, cinx_guid=made["cinx_guid"])
    adopted = way(world)
    assert world.end(adopted).kind is OutcomeKind.APPLIED
    assert world.entry(adopted).remote["poco_guid"] == made["cinx_guid"]
    assert (world.company.sent("PUT"), references(held(world))) == (0, {})


@pytest.mark.parametrize("way", WAYS)
def test_it_is_found_again_when_the_ledger_is_lost(world: World, way: Way) -> None:
    made = by_hand(world)
    adopted = way(world)
    world.log.compacted.clear()
    world.start()
    again = command(mapped=9)
    world.run(again)
    assert world.entry(adopted).remote["poco_guid"] == made["cinx_guid"]
    assert world.company.sent("POST") == 0


@pytest.mark.parametrize("way", WAYS)
def test_what_is_adopted_costs_no_call_when_it_is_mapped_again(world: World, way: Way) -> None:
    by_hand(world)
    way(world)
    before = len(world.company.requests)
    (end,) = world.run(command(mapped=9, rules=ADOPTING))
    assert end.kind is OutcomeKind.UNCHANGED
    assert len(world.company.requests) == before


# -- what may go wrong with it is of no consequence


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loss", [Loss.AFTER, Loss.ERROR_AFTER, Loss.LATE, Loss.BEFORE, Loss.ERROR_BEFORE])
def test_a_lost_answer_ends_well(world: World, way: Way, loss: Loss) -> None:
    by_hand(world)
    world.company.lose(loss, "PUT")
    adopted = way(world)
    assert world.end(adopted).kind is OutcomeKind.APPLIED, world.end(adopted).sentence
    assert (world.letters(), world.company.sent("PUT"), world.company.sent("POST")) == ([], 1, 0)
    arrived = loss not in (Loss.BEFORE, Loss.ERROR_BEFORE)
    assert ("change-order-relay" in references(held(world))) == arrived


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "arrange",
    [
        lambda world: world.company.people("fail_jobs", count=1),
        lambda world: world.company.settings(keep_references=False),
        lambda world: world.company.settings(hold_jobs=True),
    ],
    ids=["the job fails", "references are not kept", "the job has no end"],
)
def test_references_that_are_not_taken_are_told_and_the_poco_is_known_by_its_guid(
    world: World, way: Way, arrange: Callable[[World], object]
) -> None:
    made = by_hand(world)
    arrange(world)
    with capture_logs() as logs:
        adopted = way(world)
    assert world.end(adopted).kind is OutcomeKind.APPLIED
    assert world.letters() == []
    assert world.entry(adopted).remote["poco_guid"] == made["cinx_guid"]
    assert [one["origin_id"] for one in logs if one["event"] == events.CINX_NOT_MARKED] == [adopted.origin_id]
    assert world.company.sent("PUT") == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_poco_that_is_locked_meanwhile_is_known_by_its_guid(world: World, way: Way) -> None:
    made = by_hand(world)

    def meanwhile(method: str, path: str) -> None:
        if path.endswith(f"/poco/{made['cinx_guid']}") and world.company.planned == []:
            world.company.people("lock_poco", cinx_guid=made["cinx_guid"])

    world.company.between = meanwhile
    adopted = way(world)
    assert world.end(adopted).kind is OutcomeKind.APPLIED
    assert references(held(world)) == {}


@pytest.mark.parametrize("passage", range(1, 12))
@pytest.mark.parametrize("fate", [CommitFate.FAILS, CommitFate.STANDS_UNANSWERED])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seconds", [0, 4])
def test_an_owner_that_ends_at_any_commit_adopts_once_and_marks(
    world: World, way: Way, fate: CommitFate, passage: int, seconds: int
) -> None:
    made = by_hand(world)
    world.company.settings(job_seconds=seconds)
    world.log.fates = [CommitFate.STANDS] * (passage - 1) + [fate]
    adopted = way(world)
    world.settle()
    assert_every_command_ended_once(world)
    assert world.entry(adopted).remote["poco_guid"] == made["cinx_guid"]
    assert references(held(world))["change-order-relay"] == adopted.origin_id
    assert (world.company.sent("POST"), world.letters()) == (0, [])


def test_a_later_revision_changes_the_adopted_poco_and_renews_the_references(world: World) -> None:
    by_hand(world)
    by_rule(world)
    later = command(sequence=2, content=payload(description="Revised"), rules=ADOPTING)
    (end,) = world.run(later)
    assert end.kind is OutcomeKind.APPLIED
    assert references(held(world))["change-order-relay-sequence"] == "2"
    assert total(held(world)) == 304


def test_a_newer_revision_that_comes_before_the_references_writes_them_itself(world: World) -> None:
    by_hand(world)
    world.company.settings(job_seconds=30)
    one = command(rules=ADOPTING)
    later = command(sequence=2, content=payload(description="Revised"), rules=ADOPTING)
    world.submit(one)
    world.settle(10)
    world.submit(later)
    world.settle()
    assert world.end(later).kind is OutcomeKind.APPLIED
    assert references(held(world))["change-order-relay-sequence"] == "2"
    assert world.company.sent("POST") == 0
