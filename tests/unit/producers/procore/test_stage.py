from __future__ import annotations

import pytest

from relay.clients.rate import GUEST_SHARE, POLLER_SHARE, shares


@pytest.mark.parametrize("poller", [POLLER_SHARE, 0.25, shares.LARGEST_POLLER_SHARE])
def test_the_poller_the_writer_and_the_guests_share_a_company_s_limits(poller: float) -> None:
    parts = (shares.of_poller(poller).own, shares.of_writer(poller).own, shares.of_guests().own)
    assert sum(parts) == pytest.approx(1)
    assert min(parts) >= GUEST_SHARE


def test_a_lone_writer_has_eight_tenths() -> None:
    assert shares.of_writer().own == 0.8


def test_what_a_poller_plans_leaves_room_for_more() -> None:
    assert shares.LISTINGS + shares.READS < 1
