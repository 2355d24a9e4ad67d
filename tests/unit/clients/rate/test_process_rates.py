"""What the writer of a process does not need, its poller may use; nothing is lent that another process may use."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relay.clients.rate import CompanyLimits, PollerRate, ProcoreRate, ProcoreRates
from relay.domain.commands import Lane
from relay.domain.rate_use import MinuteUse
from tests.unit.clients.rate.simulation import EPOCH, HOUR

LIMITS = CompanyLimits(expected=(10_000, 600), poller_share=0.1)


class Place:
    def __init__(self) -> None:
        self.now = 0.0
        self.rates = ProcoreRates(lambda: self.now, lambda: datetime.fromtimestamp(EPOCH + self.now, UTC))
        self.poller = self.rates.poller("acme", LIMITS)

    def take(self, governor: PollerRate | ProcoreRate, most: int, lane: Lane = Lane.LIVE) -> int:
        """How many of ``most`` requests go out at once, and are answered."""
        for count in range(most):
            if governor.acquire(self.now, lane) > 0:
                return count
            governor.answered(governor.begin(self.now, lane), {}, self.now)
        return most


def test_a_poller_alone_has_its_share() -> None:
    place = Place()
    assert place.take(place.poller, 1_000) == 60


def test_a_poller_beside_a_writer_of_its_process_borrows_what_backfill_could_have() -> None:
    place = Place()
    place.rates.own("acme", LIMITS, ())
    assert place.take(place.poller, 1_000) == 60 + 240
    writer = place.rates.writer("acme", LIMITS)
    assert place.take(writer, 1_000) == 240
    assert place.take(place.poller, 10) == 0


def test_a_writer_that_waited_lately_lends_nothing() -> None:
    place = Place()
    place.rates.own("acme", LIMITS, ())
    writer = place.rates.writer("acme", LIMITS)
    assert place.take(writer, 1_000, Lane.BACKFILL) == 240
    assert place.take(place.poller, 1_000) == 60
    assert place.take(writer, 1_000) == 240


def test_what_another_process_writes_to_is_not_lent() -> None:
    place = Place()
    place.rates.own("acme", LIMITS, ())
    place.rates.disown("acme")
    assert place.take(place.poller, 1_000) == 60
    assert place.take(place.rates.poller("other", LIMITS), 1_000) == 60


def test_nothing_is_borrowed_while_the_remote_refuses() -> None:
    place = Place()
    place.rates.own("acme", LIMITS, ())
    assert place.poller.acquire(0.0) == 0
    place.poller.refused(place.poller.begin(0.0), {"retry-after": "30"}, b"", 0.0)
    assert place.poller.acquire(1.0) == pytest.approx(29)


def test_a_slot_that_is_not_used_goes_back_to_whom_it_is_from() -> None:
    place = Place()
    place.rates.own("acme", LIMITS, ())
    assert place.take(place.poller, 299) == 299
    for _ in range(3):
        assert place.poller.acquire(0.0) == 0
        place.poller.release()
    assert place.poller.acquire(0.0) == 0
    place.poller.unanswered(place.poller.begin(0.0), 0.0, sent=False)
    assert place.take(place.poller, 10) == 1


def test_a_changed_setting_keeps_what_was_used() -> None:
    place = Place()
    assert place.take(place.poller, 50) == 50
    wider = CompanyLimits(expected=(10_000, 600), poller_share=0.2)
    assert place.take(place.rates.poller("acme", wider), 1_000) == 70
    assert place.rates.poller("acme", wider).own is place.rates.poller("acme", wider).own


def test_what_the_owner_before_has_noted_is_counted_and_noted_again() -> None:
    place = Place()
    at = datetime.fromtimestamp(EPOCH, UTC)
    place.rates.own("acme", LIMITS, [MinuteUse(at=at, requests=400, backfill=240)])
    assert place.take(place.rates.writer("acme", LIMITS), 1_000) == 80
    place.now = 120.0
    assert sum(use.requests for use in place.rates.used("acme")) == 480
    place.now = HOUR + 200
    assert place.rates.used("acme") == ()
