"""Token, password and login are in nothing that a run leaves behind."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from relay.clients.http import log_events
from tests.contract.workers.cinx_submitter.company import EMAIL, PASSWORD, TOKEN, Loss
from tests.contract.workers.cinx_submitter.world import World, command, line, payload
from workers.ttl_cache import TtlCache

LOGIN = base64.b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()


def everything(world: World) -> bytes:
    kept = [value for topic in world.log.compacted.values() for value in topic.values()]
    told = [repr(outcome).encode() for outcome in world.log.outcomes]
    holds = [repr(hold).encode() for hold in world.state.holds.all()]
    memory = repr(
        [cache._values for cache in vars(world.adapter.cache).values() if isinstance(cache, TtlCache)]
    ).encode()
    return b"\n".join([*kept, *told, *holds, memory, *world.log.lane])


@pytest.mark.parametrize("loss", [None, *Loss])
@pytest.mark.parametrize(
    "trouble", [{}, {"expired_status": 401, "subscription_expired": "2026-01-01"}, {"poco_import": False}]
)
def test_no_secret_is_in_logs_letters_outcomes_holds_or_memory(
    world: World, capsys: pytest.CaptureFixture[str], loss: Loss | None, trouble: dict[str, Any]
) -> None:
    if loss is not None:
        world.company.lose(loss, "POST")
        world.company.lose(loss, "GET", skip=2)
    world.run(command("1", payload(line("1", "5", cost_code="99-999"))))
    world.submit(command("2"), command("3", order="PO-999"))
    world.settle(200)
    world.company.settings(**trouble)
    world.submit(command("4", payload(description="Another")))
    world.settle(200)
    captured = capsys.readouterr()
    left = everything(world) + captured.out.encode() + captured.err.encode()
    assert log_events.CALL_ENDED.encode() in left, "the logs are in what is searched"
    for secret in (TOKEN, PASSWORD, LOGIN):
        assert secret.encode() not in left
        assert secret.upper().encode() not in left


def test_the_search_would_find_a_secret(world: World) -> None:
    world.company.people("create_poco", po="PO-123", description=TOKEN, items=[{"quantity": 1, "unit_price": 1}])
    world.submit(command("1", payload(description=TOKEN)))
    world.settle(10)
    assert TOKEN.encode() in everything(world)
