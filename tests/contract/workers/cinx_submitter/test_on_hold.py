"""A person holds the account while an import job is open: nothing new is sent, and the job comes to its end."""

from __future__ import annotations

import pytest

from relay.domain.outcomes import OutcomeKind
from tests.contract.workers.cinx_submitter.world import World, command, payload

ONE = command("1")
BEHIND_IT = command("2", payload(description="Another"))
ELSEWHERE = command("3", payload(description="Elsewhere"), order="PO-124")


def ended(world: World) -> set[str]:
    return {outcome.origin_id or "" for outcome in world.log.outcomes if outcome.kind.is_terminal}


@pytest.mark.parametrize("takeover", [False, True])
def test_an_open_job_is_confirmed_under_a_hold_and_frees_its_purchase_order(
    world: World,
    takeover: bool,  # noqa: FBT001 - pytest
) -> None:
    """Where a hold stopped reading too, the purchase order would stay claimed, for everybody."""
    world.company.settings(job_seconds=300)
    world.submit(ONE, BEHIND_IT)
    world.settle(2)
    assert world.company.sent("POST") == 1
    assert world.company.made() == []
    world.hold_account()
    world.submit(ELSEWHERE)
    if takeover:
        world.start()
    world.settle(5000)
    assert world.end(ONE).kind is OutcomeKind.APPLIED
    (poco,) = world.company.made()
    assert world.entry(ONE).remote["poco_guid"] == poco["cinx_guid"]
    assert ended(world) == {ONE.origin_id}
    assert (world.company.sent("POST"), world.company.sent("PUT"), world.company.sent("PATCH")) == (1, 0, 0)
    world.release_account()
    world.settle()
    assert [world.end(one).kind for one in (BEHIND_IT, ELSEWHERE)] == [OutcomeKind.APPLIED] * 2
    assert world.company.sent("POST") == 3
    assert world.too_many == []
