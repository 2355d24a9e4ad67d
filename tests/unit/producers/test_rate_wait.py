from __future__ import annotations

import pytest

from producers.rate_wait import LONGEST_WAIT, RateWait
from relay.domain.failures import Throttled, Unavailable


def test_a_poll_waits_for_a_slot_but_not_for_an_hour_and_not_when_it_is_given_up() -> None:
    waiting = RateWait()
    waiting.pause(0.001)
    with pytest.raises(Throttled) as caught:
        waiting.pause(LONGEST_WAIT + 1)
    assert caught.value.wait_seconds == LONGEST_WAIT + 1
    waiting.close()
    with pytest.raises(Unavailable):
        waiting.pause(LONGEST_WAIT)
