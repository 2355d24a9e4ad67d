from __future__ import annotations

from relay.engine.telemetry.health import Health


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_stage_that_beats_is_not_stalled() -> None:
    clock = Clock()
    health = Health(stalled_after=10, clock=clock)
    health.expect("mapper")
    clock.now += 10
    assert health.stalled() == []
    clock.now += 1
    assert health.stalled() == ["mapper"]
    health.beat("mapper")
    assert health.stalled() == []
    assert health.ages() == {"mapper": 0}


def test_a_stage_is_waited_for_until_it_is_ready() -> None:
    health = Health()
    health.expect("mapper")
    health.expect("procore-writer")
    assert health.waiting() == ["mapper", "procore-writer"]
    health.ready("mapper")
    assert health.waiting() == ["procore-writer"]
    health.ready("mapper", False)
    assert health.waiting() == ["mapper", "procore-writer"]


def test_a_process_that_has_not_begun_is_not_ready() -> None:
    assert Health().waiting() == ["start"]


def test_everything_is_settled_when_all_were_idle_twice() -> None:
    health = Health()
    for stage in ("mapper", "procore-writer"):
        health.expect(stage)
        health.idle(stage, True)
    assert not health.settled()
    health.idle("mapper", True)
    assert not health.settled()
    health.idle("procore-writer", True)
    assert health.settled()


def test_work_of_one_stage_may_be_work_for_the_others() -> None:
    health = Health()
    for stage in ("mapper", "procore-writer"):
        health.expect(stage)
        health.idle(stage, True)
        health.idle(stage, True)
    health.idle("mapper", False)
    health.idle("mapper", True)
    health.idle("mapper", True)
    assert not health.settled()


def test_a_retired_stage_is_neither_waited_for_nor_missed() -> None:
    clock = Clock()
    health = Health(stalled_after=1, clock=clock)
    health.expect("mapper")
    health.retire("mapper")
    clock.now += 5
    assert (health.stalled(), health.waiting(), health.settled()) == ([], [], True)


def test_who_has_ended_is_ready_no_more() -> None:
    health = Health()
    assert not health.is_ready("mapper")
    health.expect("mapper")
    assert not health.is_ready("mapper")
    health.ready("mapper")
    assert health.is_ready("mapper")
    health.ready("mapper", False)
    assert not health.is_ready("mapper")
    health.ready("mapper")
    health.retire("mapper")
    assert not health.is_ready("mapper")
