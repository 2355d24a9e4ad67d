"""What the page's process does before it serves."""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator

import pytest

from web.server import listen, spare_the_collector


@pytest.fixture
def collector() -> Iterator[None]:
    """As it was before."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_what_a_month_is_made_of_is_not_looked_through_again_and_again() -> None:
    spare_the_collector()
    assert gc.get_freeze_count() > 0, "what was imported lives as long as the process"
    passes: list[int] = []
    gc.callbacks.append(lambda phase, told: passes.append(told["generation"]))
    try:
        made = [{} for _ in range(20_000)]  # type: ignore[var-annotated]
    finally:
        gc.callbacks.pop()
    assert len(made) == 20_000
    assert passes == []


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"])
def test_an_answer_of_two_pieces_waits_for_nobody(address: str) -> None:
    with listen(address, 0) as listening, socket.create_connection(listening.getsockname()[:2]):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
