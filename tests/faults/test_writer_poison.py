"""A record that makes every call fail it is in: the batch is halved until it is alone, and only it needs a person."""

from __future__ import annotations

from subprocess import Popen

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind
from tests.faults.harness import Relay, awaited, end, nothing_was_made_twice
from tests.faults.orders import change_order

pytestmark = pytest.mark.timeout(400)  # Several waits, each of which says what it waited for.

POISON = 3
GOOD = [number for number in range(1, 9) if number != POISON]


def test_the_poison_is_found_and_its_neighbours_are_carried(relay: Relay, procore: Simulated) -> None:
    commands = {number: change_order(number, 1) for number in [*GOOD, POISON]}
    match = {"method": "PATCH", "path": "potential_change_orders/sync", "body": f"Change {POISON} revision 1"}
    procore.fault("html", match, times=0)
    relay.submit(commands.values())
    process: Popen[bytes] = relay.start("procore-writer", once=False)
    try:
        ends = {number: commands[number].command_id for number in commands}
        awaited(lambda: all(kind(relay, ends[one]) is OutcomeKind.APPLIED for one in GOOD), "the neighbours")
        awaited(lambda: kind(relay, ends[POISON]) is OutcomeKind.NEEDS_REVIEW, "the poison's review")
    finally:
        end(process)
    (letter,) = relay.letters().values()
    assert (letter.command_id, letter.kind) == (ends[POISON], LetterKind.NEEDS_REVIEW)
    assert "cor letters" in letter.sentence
    titles = {row["title"] for row in procore.state()["potential_change_orders"]}
    assert titles == {f"Change {number} revision 1" for number in GOOD}
    nothing_was_made_twice(procore)


def kind(relay: Relay, command_id: str) -> OutcomeKind | None:
    found = [one.kind for one in relay.outcomes() if one.command_id == command_id and one.kind.is_terminal]
    return found[0] if found else None
