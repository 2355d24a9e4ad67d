"""Commands beside stages, and in their place while they are away: no more goes out than the remote allows."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from relay.clients.rate import CompanyLimits, ConstructionOnlineRate, GuestRate, ProcoreRate, ProcoreRates, shares
from relay.domain.commands import Lane
from relay.domain.control import Member
from relay.domain.guest_use import GUEST, OWN, calls_of, calls_stated, counted_since, guests_of, lent_use
from tests.unit.clients.rate.simulation import EPOCH, HOUR, Run, Server, ServerWindow

WRITER = "procore-writer"
TENANT = "procore:acme"
LIMITS = CompanyLimits(expected=(25, 600), poller_share=0.1)
PAUSE = 5.0
"""Seconds between two looks of a guest at what others state."""


class Board:
    """The control topic, as guests know it."""

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}

    def state(self, instance: str, calls: dict[str, int], now: float, lent_until: float | None = None) -> None:
        at = datetime.fromtimestamp(EPOCH + now, UTC)
        self.members[instance] = Member(
            stage=GUEST,
            instance=instance,
            release="1",
            reads={},
            routes="",
            control_offset=0,
            owns=(TENANT,),
            at=at,
            calls=calls,
            calls_since=None if lent_until is None else counted_since(datetime.fromtimestamp(EPOCH + lent_until, UTC)),
        )

    def of(self, now: float) -> list[Member]:
        return guests_of(self.members.values(), TENANT, datetime.fromtimestamp(EPOCH + now, UTC))


def guest(board: Board, instance: str, present: Callable[[float], bool] = lambda now: True) -> GuestRate:
    """A command that states what it uses and counts what others state; ``present``: whether a writer lives."""
    due = float("-inf")

    def look(now: float) -> frozenset[str]:
        nonlocal due
        if now >= due:
            due = now + PAUSE
            for one in board.of(now):
                if one.instance != instance:
                    stated = one.at.timestamp() - EPOCH
                    rate.count_guest(one.instance, calls_of(one, TENANT), stated, now)
            board.state(instance, calls_stated(TENANT, rate.made(now)), now)
        return frozenset() if present(now) else frozenset({WRITER})

    writer = ProcoreRate(shares.of_writer(), (25, 600))
    rate = GuestRate(ProcoreRate(shares.of_guests(), (25, 600)), {WRITER: writer}, look)
    return rate


def company(*, writes: bool = True) -> Run:
    server = Server(ServerWindow(25, 10.0), ServerWindow(600, HOUR, "first"))
    run = Run(server, ProcoreRate(shares.of_writer(), (25, 600)), itertools.repeat(0.05))
    if writes:
        run.workers([Lane.LIVE] * 4)
    return run


def in_an_hour(moments: list[float]) -> int:
    return max(sum(moment <= other < moment + HOUR for other in moments) for moment in moments)


def test_a_guest_beside_a_writer_at_full_load_has_a_tenth_and_nobody_is_refused() -> None:
    run = company()
    run.guest("plan", guest(Board(), "plan"), 600.0, 3 * HOUR)
    run.until(3 * HOUR)
    assert run.server.refusals == []
    assert run.sent.total() >= 3 * 0.95 * 480
    assert 55 <= in_an_hour(run.guests["plan"]) <= 60


def test_one_command_after_the_other_gets_no_budget_anew() -> None:
    run, board = company(), Board()
    for number in range(12):
        name, began = f"check {number}", 60.0 + number * 240
        rate = guest(board, name)
        run.guest(name, rate, began, began + 120)
        run.until(began + 121)
        board.state(name, calls_stated(TENANT, rate.made(run.now)), run.now)
    run.until(HOUR)
    assert sum(map(len, run.guests.values())) <= 60
    assert run.server.refusals == []


def test_two_commands_at_once_have_one_share_together() -> None:
    run, board = company(), Board()
    for name in ("plan", "discover"):
        run.guest(name, guest(board, name), 60.0, HOUR)
    run.until(HOUR)
    both = [moment for sent in run.guests.values() for moment in sent]
    assert 55 <= in_an_hour(both) <= 66
    assert run.server.refusals == []


def test_the_share_of_a_stage_that_is_away_is_the_guest_s_until_it_comes() -> None:
    run, board = company(writes=False), Board()
    comes = 1_800.0
    run.guest("discover", guest(board, "discover", lambda now: now >= comes), 0.0, 2 * HOUR)
    run.until(comes)
    used = len(run.guests["discover"])
    assert used >= 200
    rates = ProcoreRates(lambda: run.now, lambda: datetime.fromtimestamp(EPOCH + run.now, UTC))
    lent = lent_use(board.members.values(), TENANT, WRITER, datetime.fromtimestamp(EPOCH + run.now, UTC))
    assert sum(use.requests for use in lent) == used - 60
    rates.own("acme", LIMITS, lent)
    run.governor = rates.writer("acme", LIMITS)
    run.workers([Lane.LIVE] * 4)
    run.until(2 * HOUR)
    assert len(run.server.refusals) <= 1
    late = [moment for moment in run.guests["discover"] if moment > comes + PAUSE]
    assert len(late) <= 60
    assert run.sent.total() >= 480


def test_a_writer_that_does_not_count_what_was_lent_is_refused() -> None:
    """What the statement is good for: without it the same is too much."""
    rates = ProcoreRates(lambda: 0.0, lambda: datetime.fromtimestamp(EPOCH, UTC))
    board = Board()
    board.state("discover", calls_stated(TENANT, {OWN: 60, WRITER: 300}), 0.0)
    at = datetime.fromtimestamp(EPOCH + 60, UTC)
    limits = CompanyLimits(expected=(10_000, 600), poller_share=0.1)
    writer = rates.writer("acme", limits)
    rates.own("acme", limits, lent_use(board.members.values(), TENANT, WRITER, at))
    assert writer.room(0.0, Lane.LIVE) == 480 - 300
    assert lent_use(board.members.values(), TENANT, WRITER, at + timedelta(hours=1)) == ()
    assert lent_use(board.members.values(), "procore:other", WRITER, at) == ()


def test_what_was_lent_counts_once_however_often_the_guest_states_it_and_the_stage_asks() -> None:
    board, now = Board(), 0.0
    rates = ProcoreRates(lambda: now, lambda: datetime.fromtimestamp(EPOCH + now, UTC))
    limits = CompanyLimits(expected=(10_000, 600), poller_share=0.1)
    writer = rates.writer("acme", limits)
    asks = GuestRate(
        ProcoreRate(shares.of_guests(), (10_000, 600)),
        {WRITER: ProcoreRate(shares.of_writer(), (10_000, 600))},
        lambda at: frozenset({WRITER}) if at < 60 else frozenset(),
    )
    while asks.made(now).total() < 200:
        assert asks.acquire(now) == 0
        asks.unanswered(asks.begin(now), now, sent=True)
    for now in (70.0, 300.0, 900.0):
        board.state("discover", calls_stated(TENANT, asks.made(now)), now, asks.lent_until())
        at = datetime.fromtimestamp(EPOCH + now, UTC)
        rates.own("acme", limits, lent_use(board.members.values(), TENANT, WRITER, at))
        assert writer.room(now, Lane.LIVE) == 480 - 140


def test_a_refusal_closes_every_share() -> None:
    own, lender = ProcoreRate(shares.of_guests(), (10_000, 600)), ProcoreRate(shares.of_writer(), (10_000, 600))
    rate = GuestRate(own, {WRITER: lender}, lambda now: frozenset({WRITER}))
    assert rate.acquire(0.0) == 0
    assert rate.refused(rate.begin(0.0), {"retry-after": "90"}, b"", 0.0) == 90
    assert rate.acquire(1.0) == pytest.approx(89)


def test_a_slot_goes_back_to_whom_it_is_from_and_an_unsent_call_costs_nothing() -> None:
    own, lender = ConstructionOnlineRate(reserve=0.9), ConstructionOnlineRate()
    rate = GuestRate(own, {"poll-constructiononline": lender}, lambda now: frozenset({"poll-constructiononline"}))
    for _ in range(450):
        assert rate.acquire(0.0) == 0
        rate.release()
    taken = 0
    while rate.acquire(0.0) == 0:
        rate.unanswered(rate.begin(0.0), 0.0, sent=True)
        taken += 1
    assert taken == 450
    assert dict(rate.made(0.0)) == {OWN: 50, "poll-constructiononline": 400}
    assert not rate.made(HOUR)


def test_what_another_states_again_counts_once() -> None:
    own = ProcoreRate(shares.of_guests(), (10_000, 600))
    rate = GuestRate(own, {}, lambda now: frozenset())
    for now in (0.0, 5.0, 10.0):
        rate.count_guest("plan", {OWN: 20}, now, now)
    assert own.room(10.0, Lane.LIVE) == 40
    rate.count_guest("plan", {OWN: 25, "poll-procore": 3}, 15.0, 15.0)
    assert own.room(15.0, Lane.LIVE) == 35
    assert own.room(17.0 + HOUR, Lane.LIVE) == 60
