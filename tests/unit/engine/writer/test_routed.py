"""What no route names any more is not sent and not lost; without any one of the safeguards it is judged wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from relay.domain.commands import Lane, Operation, ProcoreCommand
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import OutcomeKind
from relay.domain.routes import DestinationName
from relay.engine.kafka import Record
from relay.engine.letters import AS_IS_HEADER
from relay.engine.writer.adapter import Done
from relay.engine.writer.state import routed
from relay.engine.writer.steps.receive import receive_batch
from tests.unit.engine.writer.invariants import check_invariants
from tests.unit.engine.writer.model import ACCOUNT, DESTINATION, ROUTED, ProtocolModel, command, map_anew
from tests.unit.engine.writer.virtual_log import LANE, TIMING
from tests.unit.engine.writer.virtual_remote import RequestFate

Scenario = Callable[[ProtocolModel], None]
Sabotage = Callable[[pytest.MonkeyPatch], None]

ELSEWHERE = replace(DESTINATION, project_id=316)
REASON = "procore.destination_unrouted"


@pytest.fixture
def model() -> Iterator[ProtocolModel]:
    model = ProtocolModel()
    yield model
    model.close()


def works(model: ProtocolModel, seconds: float) -> None:
    for _ in range(int(seconds)):
        model.receive()
        model.work()
        model.deliver(RequestFate.ANSWERED)
        model.pass_time(1.0)
    model.work()


def unrouted(model: ProtocolModel) -> list[DeadLetter]:
    return [letter for letter in model.letters() if letter.reason == REASON]


def kinds(model: ProtocolModel) -> list[OutcomeKind]:
    return [outcome.kind for outcome in model.log.outcomes]


# -- scenarios


def a_destination_leaves_the_routes(model: ProtocolModel) -> None:
    """One waits in the inbox with its call planned, one is received later; neither is sent, both go elsewhere."""
    model.adapter.down = True
    model.submit(command(1, 1, "door", "approved"))
    works(model, 2)
    model.adapter.down = False
    model.route(DestinationName(ACCOUNT, ELSEWHERE.name))
    model.submit(command(2, 1, "window", "pending"))
    works(model, TIMING.routes_settle_in + 6)
    assert not model.remote.applied
    assert len(unrouted(model)) == 2
    assert set(kinds(model)) == {OutcomeKind.SKIPPED}
    map_anew(model, ELSEWHERE)
    model.settle()
    assert not model.letters()


def the_owner_has_an_older_file(model: ProtocolModel) -> None:
    """The command's destination is named by a file that comes a little later: it goes on, as if nothing had been."""
    model.route()
    model.submit(command(1, 1, "door", "pending"))
    works(model, TIMING.routes_settle_in - 5)
    assert not model.remote.applied
    model.route(ROUTED)
    model.settle()
    assert kinds(model) == [OutcomeKind.APPLIED]


def the_owner_keeps_an_older_file(model: ProtocolModel) -> None:
    """The file comes much later: the command is in its letter by then, and is not lost."""
    model.route()
    model.submit(command(1, 1, "door", "pending"))
    works(model, TIMING.routes_settle_in + 5)
    assert len(unrouted(model)) == 1
    model.route(DestinationName(ACCOUNT, ELSEWHERE.name))
    map_anew(model, ELSEWHERE)


def a_newer_mapping_gets_its_own_time(model: ProtocolModel) -> None:
    """A newer command may have been mapped with a newer file than the one before it."""
    model.route()
    model.submit(command(1, 1, "door", "pending"))
    works(model, TIMING.routes_settle_in - 5)
    model.submit(command(1, 2, "window", "pending"))
    works(model, TIMING.routes_settle_in - 5)
    assert not unrouted(model)
    model.route(ROUTED)


def an_answer_is_lost_and_the_route_goes(model: ProtocolModel) -> None:
    """Whether the note was made is found out nevertheless, so that it is made once."""
    model.submit(command(1, 1, "door", "approved"))
    model.receive()
    model.work()
    model.deliver(RequestFate.ANSWERED)
    model.work()
    model.deliver(RequestFate.LOST_AFTER)
    model.work()
    model.route()
    works(model, TIMING.routes_settle_in + 20)
    assert kinds(model) == [OutcomeKind.APPLIED]
    model.route(ROUTED)
    model.submit(command(1, 2, "window", "approved"))


def a_person_sends_it_as_it_was(model: ProtocolModel) -> None:
    model.route()
    model.submit(command(1, 1, "door", "pending"))
    header = (AS_IS_HEADER, b"letter")
    record = Record(LANE.topic, 0, 0, b"", model.log.lane[0], (header,), 0)
    receive_batch(model.state, Lane.LIVE, [record])
    works(model, TIMING.routes_settle_in + 5)
    assert kinds(model) == [OutcomeKind.APPLIED]


def a_person_says_resubmit(model: ProtocolModel) -> None:
    """The review of a lost answer is decided after the route has gone."""
    model.submit(command(1, 1, "door", "pending"))
    model.receive()
    for _ in range(TIMING.lone_doubts * 20):
        model.work()
        model.deliver(RequestFate.LOST_BEFORE)
        model.pass_time(1.0)
    (letter,) = model.letters()
    model.route()
    decided = replace(model.sent[0], operation=Operation.RESUBMIT, command_id="resubmit", letter_id=letter.letter_id)
    model.submit(decided)
    works(model, TIMING.routes_settle_in + 20)
    assert not model.letters()


# -- sabotage


def every_destination_counts_as_named(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(routed, "is_named", lambda state, destination: True)


def what_is_planned_stays_planned(patch: pytest.MonkeyPatch) -> None:
    def only_noted(state: Any, named: frozenset[DestinationName]) -> None:
        state.routed = named

    patch.setattr("tests.unit.engine.writer.model.follow_routes", only_noted)


def it_ends_at_once(patch: pytest.MonkeyPatch) -> None:
    def at_once(state: Any, command: ProcoreCommand) -> float:
        return -float(state.timing.routes_settle_in)

    patch.setattr(routed, "_note_since", at_once)


def it_ends_without_a_letter(patch: pytest.MonkeyPatch) -> None:
    def dropped(reason: str, sentence: str, outcome: OutcomeKind) -> Done:
        return Done(kind=outcome, reason=reason, sentence=sentence)

    patch.setattr(routed, "Reject", dropped)


def the_time_is_the_change_orders(patch: pytest.MonkeyPatch) -> None:
    def since(state: Any, command: ProcoreCommand) -> float:
        memory = state.memory[command.origin_id]
        memory.unrouted_since = memory.unrouted_since or ("", state.clock.running())
        return float(memory.unrouted_since[1])

    patch.setattr(routed, "_note_since", since)


def nothing_is_exempt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(routed, "_is_exempt", lambda record, task, plan: False)


PAIRS: list[tuple[Scenario, Sabotage]] = [
    (a_destination_leaves_the_routes, every_destination_counts_as_named),
    (a_destination_leaves_the_routes, what_is_planned_stays_planned),
    (a_destination_leaves_the_routes, it_ends_without_a_letter),
    (the_owner_has_an_older_file, it_ends_at_once),
    (the_owner_keeps_an_older_file, it_ends_without_a_letter),
    (a_newer_mapping_gets_its_own_time, the_time_is_the_change_orders),
    (an_answer_is_lost_and_the_route_goes, nothing_is_exempt),
    (a_person_sends_it_as_it_was, nothing_is_exempt),
    (a_person_says_resubmit, nothing_is_exempt),
]


@pytest.mark.parametrize("scenario", dict.fromkeys(scenario for scenario, _ in PAIRS))
def test_nothing_is_sent_there_and_nothing_is_lost(model: ProtocolModel, scenario: Scenario) -> None:
    scenario(model)
    check_invariants(model)


@pytest.mark.parametrize(("scenario", "sabotage"), PAIRS)
def test_without_its_safeguard_it_is_judged_wrong(
    model: ProtocolModel, monkeypatch: pytest.MonkeyPatch, scenario: Scenario, sabotage: Sabotage
) -> None:
    sabotage(monkeypatch)
    with pytest.raises(AssertionError):
        _run(model, scenario)


def _run(model: ProtocolModel, scenario: Scenario) -> None:
    scenario(model)
    check_invariants(model)
