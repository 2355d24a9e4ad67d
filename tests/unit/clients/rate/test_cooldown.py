from __future__ import annotations

from relay.clients.rate import ConstructionOnlineRate
from relay.clients.rate.cooldown import Cooldown


def test_a_stated_time_is_what_is_waited_however_often_it_is_stated() -> None:
    cooldown = Cooldown(first=60.0, longest=3600.0)
    assert [cooldown.refused(now, 2.0) for now in (0.0, 2.0, 4.0, 6.0)] == [2.0, 2.0, 2.0, 2.0]


def test_stated_times_do_not_lengthen_the_wait_after_a_refusal_without_one() -> None:
    cooldown = Cooldown(first=60.0, longest=3600.0)
    assert [cooldown.refused(now, stated) for now, stated in ((0.0, 2.0), (2.0, None), (62.0, 3.0), (65.0, None))] == [
        2.0,
        60.0,
        3.0,
        120.0,
    ]


def test_a_stated_time_holds_also_for_what_was_refused_without_one_meanwhile() -> None:
    cooldown = Cooldown(first=60.0, longest=3600.0)
    assert cooldown.refused(0.0, 2.0) == 2.0
    assert cooldown.refused(0.5, None) == 1.5


def test_refusals_under_way_together_count_once() -> None:
    cooldown = Cooldown(first=1.0, longest=60.0)
    assert [cooldown.refused(now, None) for now in (0.0, 0.25, 2.0)] == [1.0, 1.0, 2.0]


def test_a_remote_that_states_no_time_at_all_is_not_asked_without_a_pause() -> None:
    assert Cooldown(longest=60.0).refused(0.0, 0.0) == 1.0


def test_constructiononline_is_asked_again_after_the_stated_two_seconds() -> None:
    rate = ConstructionOnlineRate()
    for now in (0.0, 2.0, 4.0):
        assert rate.acquire(now) == 0.0
        assert rate.refused(rate.begin(now), {"retry-after": "2"}, b"", now) == 2.0
