"""Lost answers, late requests, failed jobs: never two POCOs, and nothing lost in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from relay.clients.http.transport import mark_sent
from relay.domain.commands import Operation
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind
from tests.contract.workers.cinx_submitter.company import Loss
from tests.contract.workers.cinx_submitter.world import TIMING, World, command, payload

LATER = command("2", payload(description="Another"))


@pytest.mark.parametrize("loss", [Loss.AFTER, Loss.ERROR_AFTER, Loss.LATE])
@pytest.mark.parametrize("settings", [{}, {"keep_references": False}, {"poco_late_seconds": 40}, {"job_seconds": 90}])
def test_a_submission_whose_answer_was_lost_is_found_and_taken(
    world: World, loss: Loss, settings: dict[str, Any]
) -> None:
    world.company.settings(**settings)
    world.company.lose(loss)
    one = command()
    (end,) = world.run(one)
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    (poco,) = world.company.made()
    assert world.entry(one).remote["poco_guid"] == poco["cinx_guid"]
    assert world.company.sent("POST") == 1


@pytest.mark.parametrize("loss", [Loss.BEFORE, Loss.ERROR_BEFORE])
def test_a_submission_that_is_not_found_is_never_sent_again_by_itself(world: World, loss: Loss) -> None:
    world.company.lose(loss)
    one = command()
    (end,) = world.run(one)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.in_doubt")
    assert world.letter().kind is LetterKind.NEEDS_REVIEW
    assert world.company.sent("POST") == 1
    (again,) = world.company.requests[-1:]
    world.submit(command(mapped=1))
    world.settle(5000)
    assert world.company.sent("POST") == 1, again
    assert world.entry(one).review is not None


def test_a_connection_that_is_refused_was_certainly_not_used(world: World) -> None:
    world.company.lose(Loss.UNREACHABLE)
    (end,) = world.run(command())
    assert end.kind is OutcomeKind.APPLIED
    assert (len(world.company.made()), world.company.sent("POST")) == (1, 1)


def test_a_newer_revision_waits_until_the_doubt_is_over(world: World) -> None:
    world.company.settings(job_seconds=60)
    first, second = command(sequence=1), command(sequence=2, content=payload(description="Footing, revised"))
    world.submit(first)
    world.settle(10)
    world.submit(second)
    world.settle(10)
    assert world.company.sent("POST") == 1
    world.settle()
    assert world.end(first).kind is OutcomeKind.SUPERSEDED
    assert world.end(second).kind is OutcomeKind.APPLIED
    (poco,) = world.company.made()
    assert poco["detail"]["description"] == "Footing, revised"


def test_a_request_that_a_proxy_delivered_twice_is_a_persons_business(world: World) -> None:
    world.company.lose(Loss.TWICE)
    one = command()
    (end,) = world.run(one)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.several_pocos")
    assert len(world.letter().sides) == 3
    first, second = world.company.made()
    world.company.people("delete_poco", cinx_guid=second["cinx_guid"])
    decided = world.decide(one, Operation.ADOPT, first["number"])
    assert world.end(decided).kind is OutcomeKind.APPLIED
    assert world.letters() == []


# -- jobs


def test_a_failed_job_is_a_letter_once_it_is_seen_that_nothing_was_made(world: World) -> None:
    world.company.people("fail_jobs", count=1)
    one = command()
    (end,) = world.run(one)
    assert (end.kind, end.reason) == (OutcomeKind.REJECTED, "cinx.job_failed")
    assert world.company.made() == []
    (again,) = world.run(command(mapped=1))
    assert again.kind is OutcomeKind.APPLIED
    assert (len(world.company.made()), world.letters()) == (1, [])


@pytest.mark.parametrize("settings", [{}, {"keep_references": False}, {"poco_late_seconds": 12}])
def test_a_failed_job_that_made_the_poco_all_the_same_has_made_it(world: World, settings: dict[str, Any]) -> None:
    world.company.settings(**settings)
    world.company.people("fail_jobs", count=1, created=True)
    (end,) = world.run(command())
    assert end.kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1


def test_a_newer_revision_waits_until_a_failed_job_can_have_left_nothing(world: World) -> None:
    world.company.settings(poco_late_seconds=75)
    world.company.people("fail_jobs", count=1, created=True)
    world.submit(command())
    world.settle(30)
    world.start()
    second = command(sequence=2, content=payload(description="Footing, revised"))
    (end,) = world.run(second)
    assert end.kind is OutcomeKind.APPLIED
    (poco,) = world.company.made()
    assert poco["detail"]["description"] == "Footing, revised"


def test_a_failed_jobs_poco_that_shows_after_the_letter_is_adopted_by_a_redrive(world: World) -> None:
    world.company.settings(poco_late_seconds=100)
    world.company.people("fail_jobs", count=1, created=True)
    (end,) = world.run(command())
    assert end.reason == "cinx.job_failed"
    world.pass_time(200)
    (again,) = world.run(command(mapped=1))
    assert again.kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1


def test_a_corrected_mapping_may_be_submitted_after_a_failed_job(world: World) -> None:
    world.company.people("fail_jobs", count=1)
    world.run(command())
    (end,) = world.run(command(content=payload(description="Corrected"), mapped=1))
    assert end.kind is OutcomeKind.APPLIED


def test_a_job_without_an_end_is_a_persons_business_after_its_time(world: World) -> None:
    world.company.settings(hold_jobs=True)
    one = command()
    (end,) = world.run(one)
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.job_unfinished")
    assert 600 <= world.time.seconds < 700
    looks = sum(1 for _, path in world.company.requests if path.endswith("/status"))
    assert looks < 60
    world.company.settings(hold_jobs=False)
    decided = world.decide(one, Operation.RESUBMIT)
    assert world.end(decided).kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1, "the late POCO is found before anything is sent"


def test_a_job_that_is_forgotten_is_not_a_failure(world: World) -> None:
    world.company.settings(job_seconds=3)
    world.company.between = lambda method, path: None
    one = command()
    world.submit(one)
    world.settle(1)
    world.pass_time(5)
    world.company.people("forget_jobs")
    world.settle()
    assert world.end(one).kind is OutcomeKind.APPLIED


def test_a_processed_job_whose_poco_never_appears_is_a_persons_business(world: World) -> None:
    world.company.settings(poco_late_seconds=100_000)
    (end,) = world.run(command())
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.poco_missing")
    assert world.company.sent("POST") == 1


# -- imports that are made at once


@pytest.fixture
def at_once() -> Iterator[World]:
    world = World(synchronous=True)
    yield world
    world.close()


@pytest.mark.parametrize("http", ["same", "ok"])
def test_an_import_at_once_that_cinx_says_has_failed_ends_like_a_failed_job(at_once: World, http: str) -> None:
    at_once.company.settings(error_http=http)
    at_once.company.people("fail_jobs", count=1)
    one = command()
    at_once.submit(one)
    at_once.settle(TIMING.quarantine)
    assert [outcome.kind for outcome in at_once.outcomes(one)] == [OutcomeKind.SUBMITTED], "not before the quarantine"
    at_once.settle()
    assert (at_once.end(one).kind, at_once.end(one).reason) == (OutcomeKind.REJECTED, "cinx.job_failed")
    assert "synchronous" not in at_once.letter().sentence
    assert list(at_once.state.holds.all()) == []
    (again,) = at_once.run(command(mapped=1))
    assert again.kind is OutcomeKind.APPLIED
    assert (len(at_once.company.made()), at_once.letters()) == (1, [])


@pytest.mark.parametrize("settings", [{}, {"keep_references": False}, {"poco_late_seconds": 12}])
def test_an_import_at_once_that_made_the_poco_although_it_failed_has_made_it(
    at_once: World, settings: dict[str, Any]
) -> None:
    at_once.company.settings(**settings)
    at_once.company.people("fail_jobs", count=1, created=True)
    (end,) = at_once.run(command())
    assert end.kind is OutcomeKind.APPLIED
    assert (len(at_once.company.made()), at_once.company.sent("POST")) == (1, 1)


def test_a_successor_knows_that_an_import_at_once_has_failed(at_once: World) -> None:
    at_once.company.people("fail_jobs", count=1)
    one = command()
    at_once.submit(one)
    at_once.settle(2)
    at_once.start()
    at_once.settle()
    assert at_once.end(one).reason == "cinx.job_failed"
    assert at_once.company.sent("POST") == 1


@pytest.mark.parametrize("loss", [Loss.BEFORE, Loss.ERROR_BEFORE])
def test_a_lost_answer_to_an_import_at_once_is_a_persons_business(at_once: World, loss: Loss) -> None:
    """A gateway's error says nothing about what CINX did."""
    at_once.company.lose(loss)
    (end,) = at_once.run(command())
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.in_doubt")
    assert at_once.company.sent("POST") == 1


def test_a_change_at_once_that_cinx_says_has_failed_is_a_letter(at_once: World) -> None:
    at_once.run(command())
    at_once.company.people("fail_jobs", count=1)
    (end,) = at_once.run(command(sequence=2, content=payload(description="Revised")))
    assert end.reason == "cinx.job_failed"
    (again,) = at_once.run(command(sequence=2, content=payload(description="Revised"), mapped=1))
    assert again.kind is OutcomeKind.APPLIED
    assert at_once.company.made()[0]["detail"]["description"] == "Revised"


def test_a_short_search_believes_a_poco_without_references_before_it_ends() -> None:
    world = World(search_patience=3.0)
    world.company.settings(keep_references=False)
    (end,) = world.run(command())
    assert (end.kind, len(world.company.made())) == (OutcomeKind.APPLIED, 1)
    assert world.time.seconds < 10
    world.close()


def test_nobody_is_asked_while_the_request_itself_may_still_arrive() -> None:
    world = World(search_patience=1.0)
    world.company.lose(Loss.LATE)
    (end,) = world.run(command())
    assert (end.kind, len(world.company.made())) == (OutcomeKind.APPLIED, 1)
    world.close()


# -- the others of the purchase order


def test_one_submission_per_purchase_order_is_open_at_a_time(world: World) -> None:
    world.company.settings(job_seconds=30)
    first = command("1")
    world.submit(first, LATER)
    for _ in range(200):
        world.turn()
        waiting = [job for job in world.company.company.jobs.values() if not job.done]
        assert len(waiting) <= 1
        if not world.calls:
            world.pass_time(0.5)
    world.settle()
    assert {world.end(one).kind for one in (first, LATER)} == {OutcomeKind.APPLIED}
    assert len(world.company.made()) == 2


def test_other_purchase_orders_do_not_wait(world: World) -> None:
    world.company.settings(job_seconds=1000)
    world.submit(command("1"), command("2", order="PO-124"))
    world.settle(20)
    assert len(world.company.company.jobs) == 2


@pytest.mark.parametrize("keeps", [True, False])
def test_two_change_orders_that_say_the_same_are_two_pocos(world: World, keeps: bool) -> None:  # noqa: FBT001 - pytest
    world.company.settings(keep_references=keeps)
    one, other = command("1"), command("2")
    ends = world.run(one, other)
    assert [end.kind for end in ends] == [OutcomeKind.APPLIED] * 2
    guids = {world.entry(each).remote["poco_guid"] for each in (one, other)}
    assert guids == {poco["cinx_guid"] for poco in world.company.made()}
    assert len(guids) == 2


def test_whose_a_poco_without_references_is_outlives_the_owner(world: World) -> None:
    world.company.settings(keep_references=False)
    world.run(command("1"))
    world.start()
    (end,) = world.run(command("2"))
    assert end.kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 2


@pytest.mark.parametrize("moment", ["json-poco-import", "/status", "/pos"])
@pytest.mark.parametrize("same", [True, False])
def test_a_poco_that_a_person_makes_meanwhile_is_not_taken_for_ours(
    world: World,
    moment: str,
    same: bool,  # noqa: FBT001 - pytest
) -> None:
    one = command()
    assert one.payload is not None
    items = [
        {"quantity": each.quantity, "unit_price": each.unit_price, "description": each.description}
        for each in one.payload.lines
    ]

    def meanwhile(method: str, path: str) -> None:
        if path.endswith(moment):
            world.company.between = lambda *_: None
            words = one.payload.description if same and one.payload else "By hand"
            world.company.people("create_poco", po="PO-123", description=words, items=items)

    world.company.settings(poco_late_seconds=10)
    world.company.between = meanwhile
    (end,) = world.run(one)
    made = {poco["cinx_guid"] for poco in world.company.made()}
    if end.kind is OutcomeKind.APPLIED:
        assert made == {world.entry(one).remote["poco_guid"]}
    else:
        assert (end.reason, made) == ("cinx.existing_poco", set())


# -- takeovers


@pytest.mark.parametrize("seconds", [0, 3, 30, 100])
def test_a_successor_follows_the_job_of_its_predecessor(world: World, seconds: float) -> None:
    world.company.settings(job_seconds=60)
    one = command()
    world.submit(one)
    world.settle(seconds)
    world.start()
    world.settle()
    assert world.end(one).kind is OutcomeKind.APPLIED
    assert world.company.sent("POST") == 1


def unreadable_jobs(world: World, status: int, body: str) -> None:
    """CINX answers every question for a job with something that says nothing of it."""
    real = world.company.handle_request

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/status"):
            return real(request)
        mark_sent()
        return httpx.Response(status, text=body)

    world.company.handle_request = answer  # type: ignore[method-assign]


UNREADABLE = pytest.mark.parametrize(
    ("status", "body"), [(500, "Oops"), (500, '{"error": "no"}'), (503, ""), (200, "{}")]
)


@UNREADABLE
def test_the_poco_of_a_job_that_cannot_be_read_is_found(world: World, status: int, body: str) -> None:
    unreadable_jobs(world, status, body)
    (end,) = world.run(command())
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    assert world.time.seconds < 200


@UNREADABLE
def test_a_job_that_cannot_be_read_and_leaves_nothing_is_a_persons_business(
    world: World, status: int, body: str
) -> None:
    world.company.settings(poco_late_seconds=100_000)
    unreadable_jobs(world, status, body)
    (end,) = world.run(command())
    assert (end.kind, end.reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.job_unfinished")
    assert world.company.sent("POST") == 1


@pytest.mark.parametrize("job_seconds", [0, 60])
def test_a_submission_that_was_taken_behind_an_answer_to_wait_is_ordered_once(world: World, job_seconds: int) -> None:
    world.company.settings(job_seconds=job_seconds)
    world.company.lose(Loss.BUSY_AFTER)
    (end,) = world.run(command())
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    world.pass_time(300)
    assert (world.company.sent("POST"), len(world.company.made()), world.letters()) == (1, 1, [])


# -- what is read back


def test_a_poco_that_says_something_else_than_what_was_sent_is_told(world: World) -> None:
    def meanwhile(method: str, path: str) -> None:
        if path.endswith("/status"):
            world.company.between = lambda *_: None
            guid = world.company.made()[0]["cinx_guid"]
            world.company.people("edit_poco", cinx_guid=guid, items={"0": {"unit_price": 1}})

    world.company.between = meanwhile
    one = command()
    (end,) = world.run(one)
    assert (end.kind, end.reason) == (OutcomeKind.REJECTED, "cinx.read_back_differs")
    assert end.remote[0].number == world.company.made()[0]["number"]
    (again,) = world.run(command(mapped=1))
    assert again.kind is OutcomeKind.APPLIED
    assert (len(world.company.made()), world.company.sent("PUT"), world.letters()) == (1, 1, [])


def test_a_job_that_cinx_does_not_know_and_that_made_nothing_is_a_persons_business(world: World) -> None:
    world.company.settings(poco_late_seconds=100_000, job_seconds=2)
    one = command()
    world.submit(one)
    world.settle(1)
    world.pass_time(5)
    world.company.people("forget_jobs")
    world.settle()
    assert (world.end(one).kind, world.end(one).reason) == (OutcomeKind.NEEDS_REVIEW, "cinx.job_unknown")


def test_a_change_whose_poco_says_neither_the_old_nor_the_new_is_a_persons_business(world: World) -> None:
    world.run(command())
    guid = world.company.made()[0]["cinx_guid"]
    world.company.lose(Loss.BEFORE, "PUT")
    world.submit(command(sequence=2, content=payload(description="Revised")))
    world.company.between = lambda method, path: None
    while not world.company.sent("PUT"):
        world.turn()
    world.company.people("edit_poco", cinx_guid=guid, items={"0": {"quantity": 77}})
    world.settle()
    assert world.letter().reason == "cinx.change_in_doubt"
    assert world.company.sent("PUT") == 1


@pytest.mark.parametrize("operation", [Operation.RESUBMIT, Operation.ADOPT])
def test_a_look_at_the_poco_that_comes_before_the_decision_does_not_take_its_place(
    world: World, operation: Operation
) -> None:
    """A POCO that has arrived after all is seen by the poller at once."""
    world.company.late_seconds = 1000
    world.company.lose(Loss.LATE)
    one = command()
    world.run(one)
    world.pass_time(1000)
    look = command(operation=Operation.VERIFY, sequence=99)
    (end,) = world.run(look)
    assert end.kind is OutcomeKind.SUPERSEDED
    assert world.entry(one).review is not None, "only a person ends it"
    (poco,) = world.company.made()
    decided = world.decide(one, operation, poco["number"] if operation is Operation.ADOPT else None)
    assert world.end(decided).kind in (OutcomeKind.APPLIED, OutcomeKind.UNCHANGED)
    assert (world.letters(), len(world.company.made()), world.company.sent("POST")) == ([], 1, 1)
    assert world.entry(one).remote["poco_guid"] == poco["cinx_guid"]
