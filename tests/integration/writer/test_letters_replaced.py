"""Of a record that fails again and again a person gets one letter, the newest."""

from __future__ import annotations

from dataclasses import replace

from deploy.sandbox.process import Simulated
from relay.domain.commands import ProcoreCommand
from relay.domain.outcomes import OutcomeKind
from tests.faults.harness import Relay
from tests.faults.orders import change_order


def with_a_wrong_code(sequence: int) -> ProcoreCommand:
    command = change_order(1, sequence)
    assert command.payload is not None
    lines = tuple(replace(line, cost_code="no-such-code") for line in command.payload.lines)
    return replace(command, payload=replace(command.payload, lines=lines))


def test_a_later_refusal_takes_the_place_of_the_earlier_letter(relay: Relay, procore: Simulated) -> None:
    done_with_letters = 3
    for sequence in (1, 2):
        relay.submit([with_a_wrong_code(sequence)])
        assert relay.run("procore-writer") == done_with_letters, relay.log()

    told = [one for one in relay.outcomes() if one.kind is OutcomeKind.REJECTED]
    assert {one.sequence for one in told} == {1, 2}
    newest = next(one.letter_id for one in told if one.sequence == 2)
    assert list(relay.letters()) == [newest]

    relay.submit([change_order(1, 3)])
    assert relay.run("procore-writer") == 0, relay.log()
    assert relay.letters() == {}
    assert len(procore.state()["potential_change_orders"]) == 1
