"""A call that fails again and again while probes succeed is not repeated without end, and stops nobody else."""

from __future__ import annotations

import httpx
import pytest

from relay.domain.outcomes import OutcomeKind
from tests.contract.workers.cinx_submitter.world import TIMING, World, command, payload

SECONDS = 400.0
MOST = SECONDS / TIMING.backoff.longest + 8
"""Retries in that time, once they have become rare."""


def failing(world: World, method: str, part: str, status: int, *, after: str = "") -> list[float]:
    """From now on CINX answers such requests with ``status``; the moments at which it did.

    ``after``: only once it has been sent such a method.
    """
    served, moments = world.company.handle_request, []

    def handle(request: httpx.Request) -> httpx.Response:
        spared = bool(after) and not world.company.sent(after)
        if request.method != method or part not in str(request.url) or spared:
            return served(request)
        moments.append(world.time.seconds)
        return httpx.Response(status, content=b"")

    world.company.handle_request = handle  # type: ignore[method-assign]
    return moments


@pytest.mark.parametrize(
    ("method", "part", "status"),
    [
        ("POST", "json-poco-import", 401),
        ("POST", "json-poco-import", 404),
        ("GET", "/pos?", 401),
        ("GET", "/pos?", 302),
        ("GET", "/pos?", 500),
        ("GET", "/pocos", 500),
    ],
)
def test_a_call_that_fails_while_probes_succeed_is_repeated_ever_more_rarely(
    world: World, method: str, part: str, status: int
) -> None:
    moments = failing(world, method, part, status)
    one = command()
    world.submit(one)
    world.settle(SECONDS)
    assert 4 < len(moments) < MOST
    assert [end for end in world.outcomes(one) if end.kind.is_terminal] == []
    assert world.letters() == []


def test_a_purchase_order_over_which_cinx_fails_stops_no_other(world: World) -> None:
    moments = failing(world, "GET", "number=PO-123&", 500)
    world.submit(command("1"))
    world.settle(60)
    others = [command(str(number), order="PO-124") for number in range(2, 8)]
    world.submit(*others)
    world.settle(SECONDS)
    assert [world.end(one).kind for one in others] == [OutcomeKind.APPLIED] * len(others)
    assert len(moments) < MOST + 60 / TIMING.backoff.longest


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("status", [400, 403, 422, 500])
def test_a_look_at_the_job_that_is_refused_tells_nothing_of_what_was_made(
    world: World,
    status: int,
    keeps: bool,  # noqa: FBT001 - pytest
) -> None:
    world.company.settings(keep_references=keeps)
    failing(world, "GET", "/status", status)
    (end,) = world.run(command())
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    second = command(sequence=2, content=payload(description="Footing, revised"))
    (end,) = world.run(second)
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    assert len(world.company.made()) == 1


@pytest.mark.parametrize("status", [400, 403, 422])
@pytest.mark.parametrize("part", ["/pocos", "/poco/"])
def test_a_submission_that_may_not_be_read_back_is_a_persons_business(world: World, part: str, status: int) -> None:
    failing(world, "GET", part, status, after="POST")
    one = command()
    world.submit(one)
    world.settle(1_000)
    assert world.end(one).kind is OutcomeKind.NEEDS_REVIEW
    assert "does not show" in (world.end(one).sentence or "")
    world.submit(command(mapped=1))
    world.settle(1_000)
    assert world.company.sent("POST") == 1
