"""A company's polling over hours of virtual time: nothing goes blind, whatever is asked for."""

from __future__ import annotations

import itertools

import pytest

from relay.clients.rate import GuestRate, ProcoreRate, shares
from relay.domain.commands import Lane
from tests.unit.clients.rate.simulation import HOUR, Run
from tests.unit.producers.procore.virtual_company import OURS, Company, Polling, Settings, busiest_hour

SHARE = 60
HOURS = 3 * HOUR


def projects(count: int) -> range:
    return range(315, 315 + count)


@pytest.mark.parametrize("asked", [5.0, 60.0])
@pytest.mark.parametrize(("count", "planned"), [(1, 120), (2, 240), (5, 600), (20, 2400)])
def test_every_project_is_looked_at_evenly_and_none_goes_blind(count: int, planned: float, asked: float) -> None:
    company = Company()
    polling = Polling(company, projects(count), Settings(poll_interval=asked))
    polling.until(HOURS)
    assert (polling.failures, polling.overdue, company.server.refusals) == ([], [], [])
    assert polling.planned == planned
    assert set(company.looks) == set(projects(count))
    for moments in company.looks.values():
        gaps = [after - before for before, after in itertools.pairwise([*moments, HOURS])]
        assert max(gaps) <= planned + 150
        assert len(moments) >= HOURS / planned - 1
    assert max(map(len, company.looks.values())) - min(map(len, company.looks.values())) <= 1
    assert busiest_hour(company.polled) <= SHARE


def test_an_interval_that_fits_is_kept() -> None:
    company = Company()
    polling = Polling(company, projects(2), Settings(poll_interval=600))
    polling.until(HOURS)
    assert polling.planned == 600
    assert [len(moments) for moments in company.looks.values()] == [pytest.approx(19, abs=1)] * 2


def test_changes_are_seen_within_the_interval_beside_a_writer_that_sends_all_it_may() -> None:
    company = Company()
    company.writer = Run(company.server, ProcoreRate(shares.of_writer()), itertools.repeat(0.05))
    company.writer.workers([Lane.LIVE] * 8)
    polling, made = Polling(company, projects(5)), dict[int, float]()

    def edit(now: float) -> None:
        if now >= len(made) * 1_200 + 60:
            number = 1_000 + len(made)
            company.edit(number, 315 + len(made) % 5)
            made[number] = now

    polling.until(HOURS, at=edit)
    assert len(company.writer.sent) > 0
    assert company.writer.sent.total() >= 3 * 0.95 * 480
    assert (polling.failures, polling.overdue) == ([], [])
    assert len(company.server.refusals) <= 1
    late = {number: polling.seen[number][0] - at for number, at in made.items() if at < HOURS - 900}
    assert max(late.values()) <= polling.planned + 180
    assert len(late) >= 8


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_a_command_beside_poller_and_writer_makes_nothing_blind(count: int) -> None:
    company = Company()
    company.writer = Run(company.server, ProcoreRate(shares.of_writer()), itertools.repeat(0.05))
    company.writer.workers([Lane.LIVE] * 8)
    guest = GuestRate(ProcoreRate(shares.of_guests()), {}, lambda now: frozenset())
    company.writer.guest("cor plan", guest, 300.0, HOURS)
    polling = Polling(company, projects(count))
    polling.until(HOURS)
    assert (polling.failures, polling.overdue) == ([], [])
    assert len(company.server.refusals) <= 1
    assert min(map(len, company.looks.values())) >= HOURS / polling.planned - 2
    assert max(map(len, company.looks.values())) - min(map(len, company.looks.values())) <= 1
    assert len(company.writer.guests["cor plan"]) >= 2.5 * 0.9 * SHARE
    assert busiest_hour(company.writer.guests["cor plan"]) <= SHARE


def test_a_first_load_of_many_records_leaves_the_looks_alone() -> None:
    company = Company()
    for number in range(1, 201):
        company.edit(number, 315 + number % 4)
    polling = Polling(company, projects(4))
    polling.until(HOURS)
    assert (polling.failures, polling.overdue, company.server.refusals) == ([], [], [])
    assert busiest_hour(company.polled) <= SHARE
    assert min(map(len, company.looks.values())) >= HOURS / polling.planned - 1
    assert len(company.reads) >= 2 * 0.9 * SHARE * shares.READS


def test_a_restart_gives_no_budget_anew() -> None:
    company = Company()
    for number in range(1, 201):
        company.edit(number, 315)
    polling = Polling(company, projects(5))
    for restart in range(1, 40):
        polling.until(restart * 120.0)
        polling = Polling(company, projects(5), state=polling.state)
        polling.poll.due_at = company.now
    polling.until(HOURS)
    assert busiest_hour(company.polled) <= SHARE + 1
    assert company.server.refusals == []


def test_what_the_relay_itself_wrote_is_read_after_all_else_and_leaves_room_for_it() -> None:
    company = Company()
    polling = Polling(company, projects(1))
    polling.until(600)
    for number in range(1, 101):
        company.edit(number, 315, by=OURS)
    made: list[float] = []

    def edit(now: float) -> None:
        if now > HOUR and len(made) < 5:
            company.edit(500 + len(made), 315)
            made.append(now)

    polling.until(HOURS, at=edit)
    for at, moment in enumerate(made):
        assert polling.seen[500 + at][0] - moment <= 3 * polling.planned
    own = [number for _, number in company.reads if number < 500]
    assert len(own) > 20
    assert (polling.failures, company.server.refusals) == ([], [])
