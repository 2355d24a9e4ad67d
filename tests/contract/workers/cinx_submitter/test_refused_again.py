"""A call that fails again and again while probes succeed is not repeated without end, and stops nobody else."""

from __future__ import annotations

import httpx
import pytest

from relay.domain.outcomes import OutcomeKind
from tests.contract.workers.cinx_submitter.world import TIMING, World, command

SECONDS = 400.0
MOST = SECONDS / TIMING.longest_backoff + 8
"""Retries in that time, once they have become rare."""


def failing(world: World, method: str, part: str, status: int) -> list[float]:
    """From now on CINX answers such requests with ``status``; the moments at which it did."""
    served, moments = world.company.handle_request, []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method != method or part not in str(request.url):
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
        ("GET", "/status", 500),
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
    assert len(moments) < MOST + 60 / TIMING.longest_backoff
