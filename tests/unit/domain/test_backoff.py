from __future__ import annotations

from relay.domain.backoff import Backoff


def test_a_wait_doubles_with_every_failure_up_to_the_longest() -> None:
    backoff = Backoff(first=0.5, longest=3.0)
    assert [backoff.seconds(failures) for failures in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_however_many_failures_there_were_the_wait_is_a_number() -> None:
    assert Backoff(first=1.0, longest=60.0).seconds(100_000) == 60.0
