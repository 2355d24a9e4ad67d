from __future__ import annotations

from producers.constructiononline.pace import Pace


def test_polls_go_as_fast_as_they_like_until_half_of_the_hour_s_limit_is_used() -> None:
    pace = Pace()
    gaps = [pace.gap(at * 10.0, 3) for at in range(84)]
    assert set(gaps[:83]) == {0.0}
    assert gaps[83] > 40
    assert pace.gap(3_600 * 3, 3) == 0
