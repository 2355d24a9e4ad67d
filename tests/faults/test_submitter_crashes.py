"""The CINX submitter is killed in every gap of its protocol: never two POCOs, none lost without a letter."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest

from relay.domain.commands import CinxCommand, Operation
from relay.domain.outcomes import OutcomeKind
from relay.engine.kafka import Cluster
from relay.engine.stages.crash_points import KILLED, CrashPoint
from relay.engine.telemetry import events
from tests.faults.cinx_relay import ACCOUNTS, STAGE, SubmittersRelay, order
from tests.faults.harness import PATIENCE, awaited, end

pytestmark = [pytest.mark.storm, pytest.mark.timeout(600)]  # Several waits, each of which says what it waited for.

MOST = 60
"""Commands after which a place that was not passed often enough counts as not reached."""

AT_WORK = [
    CrashPoint.WRITER_AFTER_RECEIVE,
    CrashPoint.WRITER_BEFORE_RECEIVE_COMMIT,
    CrashPoint.WRITER_AFTER_RECEIVE_COMMIT,
    CrashPoint.WRITER_BEFORE_INTEND_COMMIT,
    CrashPoint.WRITER_AFTER_INTEND,
    CrashPoint.WRITER_AFTER_CALL,
    CrashPoint.WRITER_BEFORE_RECORD_COMMIT,
    CrashPoint.WRITER_AFTER_RECORD,
    CrashPoint.WRITER_BEFORE_SETTLE_COMMIT,
    CrashPoint.WRITER_AFTER_SETTLE,
]
TAKEN = '"event": "writer.partition_owned"'
WHILE_BLOCKED = [CrashPoint.WRITER_BEFORE_HOLD_COMMIT, CrashPoint.WRITER_AFTER_HOLD_COMMIT]


@pytest.fixture(autouse=True)
def short_times(submitters: SubmittersRelay) -> None:
    """A successor has to wait until its predecessor's request can no longer arrive."""
    submitters.settings.update(COR_HTTP_DEADLINE="2", COR_SEND_WINDOW="2")


def work() -> Iterator[CinxCommand]:
    """Change orders, later revisions of them, withdrawals, and some that cannot be ordered."""
    for number in itertools.count():
        yield order(number, 1, lines=0 if number % 4 == 3 else 2)
        if number % 3 == 2:
            yield order(number - 2, 2, amount=200)
        if number % 5 == 4:
            yield order(number, 3, operation=Operation.WITHDRAW)


def killed_at(relay: SubmittersRelay, coming: Iterator[CinxCommand], point: str) -> None:
    """Gives a submitter one command after the other until it ends at this passage of this place."""
    taken = relay.log().count(TAKEN) if (relay.folder / "log").exists() else 0
    process = relay.start(STAGE, once=False, crash_at=point)
    try:
        awaited(
            lambda: process.poll() is not None or relay.log().count(TAKEN) >= taken + len(ACCOUNTS),
            f"both partitions to be taken over on the way to {point}",
            every=0.05,
        )
        for number, one in enumerate(itertools.islice(coming, MOST)):
            relay.order(one)
            # At first many at once; then one after the other, for points that each batch passes once.
            if _has_ended(process, within=0.1 if number < MOST // 2 else 1.0):
                break
        assert process.wait(PATIENCE) == KILLED, f"{point} was not reached\n{relay.log()}"
    finally:
        end(process)


def _has_ended(process: subprocess.Popen[bytes], *, within: float) -> bool:
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


@pytest.mark.parametrize("point", AT_WORK)
def test_a_submitter_that_is_killed_again_and_again_orders_nothing_twice(
    submitters: SubmittersRelay, point: CrashPoint
) -> None:
    coming = work()
    for passage in (1, 3, 5):
        killed_at(submitters, coming, f"{point}:{passage}")
    submitters.finish()
    submitters.judge()


def test_a_submitter_that_is_killed_while_it_restores_has_lost_nothing(submitters: SubmittersRelay) -> None:
    coming = work()
    killed_at(submitters, coming, f"{CrashPoint.WRITER_AFTER_CALL}:13")
    for passage in (1, 3, 5):
        killed_at(submitters, coming, f"{CrashPoint.WRITER_DURING_RESTORE}:{passage}")
    submitters.finish()
    submitters.judge()


def test_a_submitter_that_is_killed_as_it_takes_over_has_lost_nothing(
    submitters: SubmittersRelay, cluster: Cluster
) -> None:
    """It takes over both partitions at its start, and one of them again when another submitter has left."""
    coming, fenced = work(), CrashPoint.WRITER_AFTER_FENCE
    killed_at(submitters, coming, f"{CrashPoint.WRITER_AFTER_CALL}:7")
    for passage in (1, 2):
        killed_at(submitters, coming, f"{fenced}:{passage}")
    taken = submitters.log().count(TAKEN)
    one = submitters.start(STAGE, once=False, crash_at=f"{fenced}:3")
    two = None
    try:
        awaited(lambda: submitters.log().count(TAKEN) >= taken + 2, "both partitions to be taken over")
        two = submitters.start(STAGE, once=False, instance="two")
        awaited(lambda: submitters.log().count(TAKEN) >= taken + 3, "the second submitter to take one of them")
        end(two)
        cluster.remove_member(f"{submitters.prefix}{STAGE}", "two")
        assert one.wait(PATIENCE) == KILLED, submitters.log()
    finally:
        end(one)
        if two is not None:
            end(two)
    submitters.finish()
    submitters.judge()


@pytest.mark.parametrize("point", WHILE_BLOCKED)
def test_a_submitter_that_is_killed_while_companies_are_blocked_goes_on_once_they_are_not(
    submitters: SubmittersRelay, point: CrashPoint
) -> None:
    """Each company that is blocked, and each that is served again, is a passage."""
    coming = work()
    for passage in (1, 2, 4):
        for company in submitters.companies.values():
            company.settings(subscription_expired="2026-01-01")
        process = submitters.start(STAGE, once=False, crash_at=f"{point}:{passage}")
        try:
            submitters.order(*itertools.islice(coming, len(ACCOUNTS)))
            assert process.wait(PATIENCE) == KILLED, f"{point} was not reached\n{submitters.log()}"
        finally:
            end(process)
    for company in submitters.companies.values():
        company.settings(subscription_expired="")
    submitters.finish()
    submitters.judge()


@pytest.mark.parametrize(
    ("kills", "told"),
    [
        ((f"{CrashPoint.WRITER_BEFORE_NOTE_COMMIT}:1", f"{CrashPoint.WRITER_BEFORE_NOTE_COMMIT}:2"), 1),
        ((f"{CrashPoint.WRITER_AFTER_NOTE}:1", f"{CrashPoint.WRITER_AFTER_NOTE}:1"), 0),
    ],
)
def test_a_changed_template_is_reported_until_it_is_noted(
    submitters: SubmittersRelay, kills: tuple[str, ...], told: int
) -> None:
    """``told``: how many are told once more, because the submitter was killed before it had noted them."""
    assert submitters.run(STAGE, crash_at=f"{CrashPoint.WRITER_AFTER_NOTE}:{len(ACCOUNTS)}") == KILLED
    for company in submitters.companies.values():
        company.people("set_template", name="poco", row={"doc_info": {"version": "9.9"}})
    for kill in kills:
        assert submitters.run(STAGE, crash_at=kill) == KILLED, submitters.log()
    before = changed_templates(submitters)
    assert set(before) == set(ACCOUNTS)
    for _ in range(2):
        assert submitters.run(STAGE) == 0, submitters.log()
        assert len(changed_templates(submitters)) == len(before) + told


def changed_templates(submitters: SubmittersRelay) -> list[str]:
    """The accounts of which a submitter reported another version."""
    lines = [json.loads(line) for line in submitters.log().splitlines() if line.startswith("{")]
    return [line["account"] for line in lines if line["event"] == events.CINX_TEMPLATE_CHANGED]


def test_a_submission_is_told_confirmed_and_costs_nothing_again(submitters: SubmittersRelay) -> None:
    first = [order(number, 1) for number in range(4)]
    submitters.order(*first)
    submitters.finish()
    kinds = Counter(one.kind for one in submitters.outcomes())
    assert kinds == Counter({OutcomeKind.SUBMITTED: 4, OutcomeKind.APPLIED: 4})
    for company in submitters.companies.values():
        company.forget()
    submitters.order(*(order(number, 1, mapped=5) for number in range(4)))
    submitters.finish()
    asked = [row["path"] for company in submitters.companies.values() for row in company.history()]
    looks = ("/subs", "/template/poco")  # Every new submitter looks at its accounts.
    assert [path for path in asked if not path.endswith(looks)] == []
