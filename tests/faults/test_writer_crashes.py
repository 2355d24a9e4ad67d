"""The Procore writer is killed in every gap of its protocol, and nothing is lost, doubled or undone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial
from subprocess import Popen

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.commands import ProcoreCommand
from relay.domain.identity import tenant_partition
from relay.engine.stages.crash_points import KILLED, CrashPoint
from tests.faults.conftest import record
from tests.faults.harness import (
    PATIENCE,
    Relay,
    awaited,
    end,
    every_command_ended_once,
    nothing_came_too_early,
    nothing_older_came_later,
    nothing_was_made_twice,
    procore_says_what_the_newest_say,
    writes_tell_what_procore_holds,
)
from tests.faults.orders import change_order, withdrawal

pytestmark = [pytest.mark.storm, pytest.mark.timeout(600)]  # Several waits, each of which says what it waited for.

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

# A passage of each of these is certain in the first load.
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


@pytest.mark.parametrize("point", POINTS)
def test_a_writer_that_is_killed_goes_on_where_it_was(relay: Relay, procore: Simulated, point: CrashPoint) -> None:
    relay.submit(FIRST)
    assert relay.run("procore-writer", crash_at=f"{point}:1") == KILLED, relay.log()
    relay.submit(THEN)
    assert relay.run("procore-writer") == 0, relay.log()
    judge(relay, procore, [*FIRST, *THEN])


# Passed again and again by a writer at work: a round of edits after the other is submitted to it until it dies.
LATER = [
    *zip(POINTS[1:], itertools.cycle((3, 6)), strict=False),
    (CrashPoint.WRITER_BEFORE_SETTLE_COMMIT, 3),
    (CrashPoint.WRITER_AFTER_SETTLE, 1),
]
ROUNDS = 8
DONE, DONE_WITH_LETTERS = 0, 3
"""Exit codes: the second is that of the process that has told a letter."""


@pytest.mark.parametrize(("point", "nth"), LATER)
def test_a_writer_that_is_killed_in_the_middle_of_its_work_goes_on_where_it_was(
    relay: Relay, procore: Simulated, point: CrashPoint, nth: int
) -> None:
    commands = worked_until_killed(relay, point, nth)
    assert relay.run("procore-writer") in (DONE, DONE_WITH_LETTERS), relay.log()
    judge(relay, procore, commands, letters=[one for one in commands if one.payload is None])


def worked_until_killed(relay: Relay, point: CrashPoint, nth: int) -> list[ProcoreCommand]:
    """Returns what was submitted until then."""
    commands: list[ProcoreCommand] = []
    process = relay.start("procore-writer", once=False, crash_at=f"{point}:{nth}")
    try:
        for number in range(1, ROUNDS + 1):
            edits = a_round(number)
            commands += edits
            relay.submit(edits)
            awaited(partial(killed_or_done, process, relay, commands), f"round {number} to end")
            if process.poll() is not None:
                break
        assert process.wait(PATIENCE) == KILLED, relay.log()
    finally:
        end(process)
    return commands


def killed_or_done(process: Popen[bytes], relay: Relay, commands: list[ProcoreCommand]) -> bool:
    return process.poll() is not None or relay.ended(commands)


def a_round(number: int) -> list[ProcoreCommand]:
    """A new change order, the next revision of an old one, an approval, and a withdrawal of what was applied."""
    return [
        change_order(10 + number, 1),
        change_order(1, number, lines=1 + number % 3),
        *([change_order(9 + number, 2, status="approved")] if number > 1 else []),
        *([withdrawal(8 + number, 3)] if number > 2 else []),
    ]


def judge(
    relay: Relay, procore: Simulated, commands: list[ProcoreCommand], letters: Sequence[ProcoreCommand] = ()
) -> None:
    every_command_ended_once(relay, commands)
    procore_says_what_the_newest_say(procore, commands)
    nothing_was_made_twice(procore)
    nothing_older_came_later(procore)
    writes_tell_what_procore_holds(relay, procore)
    assert sorted(one.command_id or "" for one in relay.letters().values()) == sorted(one.command_id for one in letters)


@pytest.mark.parametrize("point", [CrashPoint.WRITER_BEFORE_SETTLE_COMMIT, CrashPoint.WRITER_AFTER_SETTLE])
def test_a_refusal_is_told_once(relay: Relay, procore: Simulated, point: CrashPoint) -> None:
    """A withdrawal of what was applied is a letter, by the route's rule, without a call."""
    first, then = [change_order(1, 1), change_order(2, 1)], [withdrawal(1, 2), change_order(2, 2)]
    relay.submit(first)
    assert relay.run("procore-writer") == 0, relay.log()
    relay.submit(then)
    assert relay.run("procore-writer", crash_at=f"{point}:1") == KILLED, relay.log()
    assert relay.run("procore-writer") in (DONE, DONE_WITH_LETTERS), relay.log()

    every_command_ended_once(relay, [*first, *then])
    procore_says_what_the_newest_say(procore, [*first, then[1]])
    (letter,) = relay.letters().values()
    assert letter.command_id == then[0].command_id


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("point", [CrashPoint.WRITER_BEFORE_HOLD_COMMIT, CrashPoint.WRITER_AFTER_HOLD_COMMIT])
def test_a_blocked_company_is_waited_for_by_the_successor_too(
    relay: Relay, procore: Simulated, point: CrashPoint, nth: int
) -> None:
    """The hold is written again whenever a probe has failed."""
    relay.submit(FIRST)
    procore.people("disconnect_app")
    process = relay.start("procore-writer", once=False, crash_at=f"{point}:{nth}")
    try:
        assert process.wait(PATIENCE) == KILLED, relay.log()
    finally:
        end(process)
    procore.people("connect_app")
    assert relay.run("procore-writer") == 0, relay.log()
    judge(relay, procore, FIRST)


def test_a_successor_waits_as_long_as_the_company_has_asked_for(relay: Relay, procore: Simulated) -> None:
    asked = 8
    procore.fault("status", {"path": "/rest/"}, status=429, headers={"Retry-After": str(asked)}, body="later")
    relay.submit(FIRST)
    assert relay.run("procore-writer", crash_at=f"{CrashPoint.WRITER_AFTER_HOLD_COMMIT}:1") == KILLED, relay.log()
    assert relay.run("procore-writer") == 0, relay.log()
    judge(relay, procore, FIRST)
    nothing_came_too_early(procore)


@pytest.mark.parametrize("nth", [1, 4])
def test_a_writer_that_is_killed_while_it_restores_has_lost_nothing(relay: Relay, procore: Simulated, nth: int) -> None:
    relay.submit(FIRST)
    assert relay.run("procore-writer", crash_at=f"{CrashPoint.WRITER_AFTER_CALL}:3") == KILLED, relay.log()
    assert relay.run("procore-writer", crash_at=f"{CrashPoint.WRITER_DURING_RESTORE}:{nth}") == KILLED, relay.log()
    assert relay.run("procore-writer") == 0, relay.log()
    judge(relay, procore, FIRST)


def test_a_writer_that_is_killed_at_a_later_fence_has_lost_nothing(relay: Relay, procore: Simulated) -> None:
    """It owns two partitions, and fences the second after it has opened the first."""
    text = (relay.folder / "cor.yaml").read_text(encoding="utf-8")
    one = text[text.index("    acme:") : text.index("routes:")]
    name = next(name for name in ("b", "c", "d", "e", "f") if partition(relay, name) != partition(relay, "acme"))
    more = text.replace("routes:", one.replace("acme:", f"{name}:").replace("4200", "4201") + "routes:")
    (relay.folder / "cor.yaml").write_text(more, encoding="utf-8")
    record(relay.connection, relay.prefix, relay.folder)
    relay.submit(FIRST)
    assert relay.run("procore-writer", crash_at=f"{CrashPoint.WRITER_AFTER_FENCE}:2") == KILLED, relay.log()
    assert relay.run("procore-writer") == 0, relay.log()
    judge(relay, procore, FIRST)


def partition(relay: Relay, account: str) -> int:
    return tenant_partition("procore", account, relay.partitions)
