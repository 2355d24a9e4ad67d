"""The Procore writer is killed in every gap of its protocol, and nothing is lost, doubled or undone."""

from __future__ import annotations

import pytest

from deploy.sandbox.process import Simulated
from relay.engine.crash_points import KILLED, CrashPoint
from tests.faults.harness import (
    Relay,
    every_command_ended_once,
    nothing_older_came_later,
    nothing_was_made_twice,
    procore_says_what_the_newest_say,
)
from tests.faults.orders import change_order, withdrawal

FIRST = [
    change_order(1, 1),
    change_order(2, 1, status="approved"),
    change_order(3, 1, lines=3),
]
THEN = [
    change_order(1, 2, status="approved"),
    withdrawal(4, 1),
    change_order(3, 2, lines=1),
]

# A passage of each of these is certain in the first load, and the later ones in a writer at work.
POINTS = [
    CrashPoint.WRITER_AFTER_FENCE,
    CrashPoint.WRITER_AFTER_RECEIVE,
    CrashPoint.WRITER_BEFORE_RECEIVE_COMMIT,
    CrashPoint.WRITER_AFTER_RECEIVE_COMMIT,
    CrashPoint.WRITER_BEFORE_INTEND_COMMIT,
    CrashPoint.WRITER_AFTER_INTEND,
    CrashPoint.WRITER_AFTER_CALL,
    CrashPoint.WRITER_BEFORE_RECORD_COMMIT,
    CrashPoint.WRITER_AFTER_RECORD,
]
LATER = [
    CrashPoint.WRITER_BEFORE_INTEND_COMMIT,
    CrashPoint.WRITER_AFTER_INTEND,
    CrashPoint.WRITER_AFTER_CALL,
    CrashPoint.WRITER_BEFORE_RECORD_COMMIT,
    CrashPoint.WRITER_AFTER_RECORD,
]
PASSAGES = [(point, 1) for point in POINTS] + [(point, nth) for point in LATER for nth in (3, 5)]


@pytest.mark.parametrize(("point", "nth"), PASSAGES)
def test_a_writer_that_is_killed_goes_on_where_it_was(
    relay: Relay, procore: Simulated, point: CrashPoint, nth: int
) -> None:
    relay.submit(FIRST)
    assert relay.run("procore-writer", crash_at=f"{point}:{nth}") == KILLED, relay.log()
    relay.submit(THEN)
    assert relay.run("procore-writer") == 0, relay.log()

    commands = [*FIRST, *THEN]
    every_command_ended_once(relay, commands)
    procore_says_what_the_newest_say(procore, commands)
    nothing_was_made_twice(procore)
    nothing_older_came_later(procore)
    assert relay.letters() == {}


@pytest.mark.parametrize("point", [CrashPoint.WRITER_BEFORE_SETTLE_COMMIT, CrashPoint.WRITER_AFTER_SETTLE])
def test_a_refusal_is_told_once(relay: Relay, procore: Simulated, point: CrashPoint) -> None:
    """A withdrawal of what was applied is a letter, by the route's rule, without a call."""
    first, then = [change_order(1, 1), change_order(2, 1)], [withdrawal(1, 2), change_order(2, 2)]
    relay.submit(first)
    assert relay.run("procore-writer") == 0, relay.log()
    relay.submit(then)
    assert relay.run("procore-writer", crash_at=f"{point}:1") == KILLED, relay.log()
    done, done_with_letters = 0, 3  # Whichever process told it.
    assert relay.run("procore-writer") in (done, done_with_letters), relay.log()

    every_command_ended_once(relay, [*first, *then])
    procore_says_what_the_newest_say(procore, [*first, then[1]])
    (letter,) = relay.letters().values()
    assert letter.command_id == then[0].command_id


@pytest.mark.parametrize("point", [CrashPoint.WRITER_BEFORE_HOLD_COMMIT, CrashPoint.WRITER_AFTER_HOLD_COMMIT])
def test_a_blocked_company_is_waited_for_by_the_successor_too(
    relay: Relay, procore: Simulated, point: CrashPoint
) -> None:
    relay.submit(FIRST)
    procore.people("disconnect_app")
    assert relay.run("procore-writer", crash_at=f"{point}:1") == KILLED, relay.log()
    procore.people("connect_app")
    assert relay.run("procore-writer") == 0, relay.log()
    every_command_ended_once(relay, FIRST)
    procore_says_what_the_newest_say(procore, FIRST)
    nothing_was_made_twice(procore)
    assert relay.letters() == {}


def test_a_writer_that_is_killed_while_it_restores_has_lost_nothing(relay: Relay, procore: Simulated) -> None:
    relay.submit(FIRST)
    assert relay.run("procore-writer", crash_at=f"{CrashPoint.WRITER_AFTER_CALL}:1") == KILLED, relay.log()
    assert relay.run("procore-writer", crash_at=f"{CrashPoint.WRITER_DURING_RESTORE}:1") == KILLED, relay.log()
    assert relay.run("procore-writer") == 0, relay.log()
    every_command_ended_once(relay, FIRST)
    procore_says_what_the_newest_say(procore, FIRST)
    nothing_was_made_twice(procore)
