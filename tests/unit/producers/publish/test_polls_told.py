"""How often poll state tells that an account was polled, where polls find nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from producers.poll_state import AccountState
from producers.publish.publisher import Publisher
from producers.source import PollResult
from relay.domain.records import POLLS_TOLD_EVERY, PollState
from relay.engine.telemetry.metrics import Metrics
from tests.unit.producers.samples import AT, account_state


class Commits:
    """Keeps what would be committed."""

    def __init__(self) -> None:
        self.told: list[PollState] = []

    def commit_account(self, state: AccountState, account_state: PollState, letters: Sequence[Any] = ()) -> None:
        self.told.append(account_state)
        state.apply(account_state)


def test_a_source_of_which_no_use_is_counted_tells_each_minute_that_it_was_polled() -> None:
    """As CINX, which states no limits: else a quiet account would look as one that nobody reads."""
    commits, state = Commits(), account_state()
    publisher = Publisher(
        commits=cast("Any", commits),
        records=cast("Any", None),
        letters=cast("Any", None),
        stage="poll-cinx",
        metrics=Metrics(),
        beat=lambda: None,
    )
    polls = [AT + timedelta(seconds=20 * number) for number in range(7)]
    for at in polls:
        publisher.publish(state, PollResult(at=at, interval=20), (), [])
    assert [told.polled_at for told in commits.told] == [AT, AT + POLLS_TOLD_EVERY, AT + 2 * POLLS_TOLD_EVERY]
    assert {told.interval for told in commits.told} == {20}
