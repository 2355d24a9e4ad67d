"""The hold of a destination that refuses as a whole lasts as long as something waits there, and its letter with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relay.domain.failures import Denied
from relay.engine.topics import PROCORE
from relay.engine.writer.steps.hold import end_idle_holds, hold_destination
from tests.unit.engine.writer.model import ProtocolModel, command

SCOPE = "procore:acme/project:315"


@pytest.fixture
def model() -> Iterator[ProtocolModel]:
    """A change order waits for a destination that refuses as a whole."""
    model = ProtocolModel()
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    (origin_id,) = model.state.queued
    task = model.state.task(model.state.store.order(origin_id))
    assert task is not None
    hold_destination(model.state, SCOPE, task, Denied("not for you"))
    yield model
    model.close()


def is_kept(model: ProtocolModel) -> bool:
    return f"{SCOPE}|hold" in model.log.compacted[PROCORE.inbox.name()]


def test_it_lasts_while_something_waits_there(model: ProtocolModel) -> None:
    end_idle_holds(model.state)
    assert model.state.holds.get(SCOPE) is not None
    assert is_kept(model)
    assert len(model.letters()) == 1


@pytest.mark.parametrize("retried", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
def test_it_ends_with_its_letter_once_nothing_waits(model: ProtocolModel, retried: bool, restarted: bool) -> None:  # noqa: FBT001 - pytest
    model.submit(command(1, 2, "", "", withdraw=True))
    model.receive()
    assert not model.state.queued
    if restarted:
        model.start()
    hold = model.state.holds.get(SCOPE)
    assert hold is not None
    if retried:
        model.state.holds.retry(hold)
    end_idle_holds(model.state)
    assert not model.state.holds.denied()
    assert not is_kept(model)
    assert not model.letters()
