"""The judge is able to fail: each guard taken away, something is ordered twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from relay.engine.kafka import Outgoing, Partition
from relay.engine.writer.adapter import NotApplied
from relay.engine.writer.state import claims
from relay.engine.writer.state.scheduler import Scheduler
from tests.contract.workers.cinx_submitter.company import Loss
from tests.contract.workers.cinx_submitter.judging import assert_nothing_was_ordered_twice
from tests.contract.workers.cinx_submitter.world import World, command, payload
from tests.unit.engine.writer.virtual_log import CommitFate, ModelJournal
from workers.cinx_submitter import adapter
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.plan import new_poco


def test_a_blind_retry_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def believes_the_worst(call: CallContext) -> Results:
        return call.same_for_all(NotApplied())

    def looks_at_nothing(*_: object) -> None:
        """As if the purchase order had no POCO."""

    monkeypatch.setitem(adapter._CALLS, "find", believes_the_worst)
    monkeypatch.setattr(new_poco, "_existing", looks_at_nothing)
    world.company.lose(Loss.AFTER)
    world.run(command())
    with pytest.raises(AssertionError):
        assert_nothing_was_ordered_twice(world)


def test_an_intent_that_is_not_durable_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    true = ModelJournal._apply

    def without_intents(journal: ModelJournal, outgoing: Iterable[Outgoing], offsets: Mapping[Partition, int]) -> None:
        true(journal, [record for record in outgoing if not (record.key or b"").endswith(b"|intent")], offsets)

    monkeypatch.setattr(ModelJournal, "_apply", without_intents)
    world.company.settings(poco_late_seconds=30)
    world.log.fates = [CommitFate.STANDS] * 3 + [CommitFate.FAILS]  # The third is the intent's.
    world.submit(command())
    world.settle()
    with pytest.raises(AssertionError):
        assert_nothing_was_ordered_twice(world)


def test_a_look_up_that_is_skipped_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def looks_at_nothing(*_: object) -> None:
        """As if the purchase order had no POCO."""

    monkeypatch.setattr(new_poco, "_existing", looks_at_nothing)
    world.run(command())
    world.log.compacted.clear()
    world.start()
    world.run(command(mapped=9))
    with pytest.raises(AssertionError):
        assert_nothing_was_ordered_twice(world)


def test_a_submission_while_another_is_in_review_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "claim_against", lambda *_: None)
    world.company.lose(Loss.BEFORE)
    world.run(command("1"), command("2", payload(description="Another")))
    with pytest.raises(AssertionError):
        assert_nothing_was_ordered_twice(world)


def test_two_submissions_at_a_time_are_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scheduler, "is_claimed", lambda *_: False)
    world.company.settings(job_seconds=30)
    world.submit(command("1"), command("2", payload(description="Another")))
    world.settle()
    with pytest.raises(AssertionError):
        assert_nothing_was_ordered_twice(world)


def test_without_any_of_these_the_same_stories_end_well(world: World) -> None:
    world.company.lose(Loss.AFTER)
    world.company.settings(poco_late_seconds=30)
    world.log.fates = [CommitFate.STANDS, CommitFate.STANDS, CommitFate.FAILS]
    world.submit(command(), command("2", payload(description="Another")))
    world.settle()
    world.log.compacted.clear()
    world.start()
    world.submit(command(mapped=9))
    world.settle()
    assert_nothing_was_ordered_twice(world)
