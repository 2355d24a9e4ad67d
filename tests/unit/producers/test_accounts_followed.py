"""A poller follows the accounts that the configuration gives it, and so do the metrics that an alert goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from producers.account import AccountSettings
from producers.partition import PartitionPoller
from producers.publish.publisher import PollTopics
from producers.stage import PollSession
from relay.engine.control.membership import Unfollowed
from relay.engine.kafka import Generation, Partition, Polled
from relay.engine.letters import LetterTopic
from relay.engine.record_codec import record_codec
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import POLL_STATE
from tests.unit.producers.samples import AT
from tests.unit.producers.test_account import Scripted, Settings

PLACE = Partition(POLL_STATE.name(), 0)


class Reader:
    """A member that owns the one partition, or not."""

    def __init__(self) -> None:
        self.before: frozenset[Partition] = frozenset()
        self.assigned = frozenset([PLACE])

    def poll(self, timeout_s: float) -> Polled:
        before, self.before = self.before, self.assigned
        lost, gained = before - self.assigned, self.assigned - before
        return Polled(records={}, generation=Generation("group", 1), assigned=self.assigned, gained=gained, lost=lost)

    def pause(self, partitions: object) -> None:
        """Nothing is read."""


@dataclass
class Process:
    """A poller of ConstructionOnline without Kafka, whose sources do not answer yet."""

    accounts: Mapping[str, AccountSettings]
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.reader = Reader()
        self.metrics = Metrics()
        context: Any = SimpleNamespace(
            codec=record_codec(),
            connection=None,
            prefix="",
            metrics=self.metrics,
            settings=SimpleNamespace(transaction_timeout=1.0),
            health=None,
            control=Unfollowed(),
            configuration=SimpleNamespace(refresh=lambda: None),
        )
        without_kafka: dict[str, Any] = {"reader": self.reader, "pool": None}
        self._session = PollSession(
            context,
            name="poll-constructiononline",
            system="constructiononline",
            member=Unfollowed().member("poll-constructiononline"),
            accounts=lambda: {0: self.accounts} if self.accounts else {},
            poller_of=lambda _: self._poller(context),
            **without_kafka,
        )

    def _poller(self, context: Any) -> PartitionPoller:
        topics = PollTopics(
            stage="poll-constructiononline", prefix="", number=0, letter_topic=LetterTopic(partitions=1)
        )
        return PartitionPoller(
            context,
            system="constructiononline",
            topics=topics,
            source_of=lambda *_: Scripted(),
            clock=lambda: AT + timedelta(seconds=self.seconds),
        )

    def turn(self) -> None:
        self._session.turn()

    def told(self) -> dict[str, float]:
        """By account, since when it is not polled, in seconds after ``AT``."""
        samples = (sample for metric in self.metrics.last_poll.collect() for sample in metric.samples)
        return {sample.labels["account"]: sample.value - AT.timestamp() for sample in samples}

    def planned(self) -> set[str]:
        """The accounts of which an interval is told."""
        samples = (sample for metric in self.metrics.poll_interval.collect() for sample in metric.samples)
        return {sample.labels["account"] for sample in samples}


@pytest.fixture(autouse=True)
def _without_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_it(poller: PartitionPoller) -> None:
        poller.is_open = True

    monkeypatch.setattr(PartitionPoller, "open", open_it)
    monkeypatch.setattr(PartitionPoller, "work", lambda *_: False)


def test_an_account_counts_as_not_polled_from_when_it_is_taken_over() -> None:
    process = Process({"acme": Settings()})
    process.turn()
    process.seconds = 600.0
    process.accounts = {**process.accounts, "other": Settings()}
    process.turn()
    assert process.told() == {"acme": 0.0, "other": 600.0}
    assert process.planned() == {"acme", "other"}


def test_a_changed_setting_and_a_partition_that_comes_back_are_no_poll() -> None:
    process = Process({"acme": Settings()})
    process.turn()
    process.seconds = 600.0
    process.accounts = {"acme": Settings(poll_interval=90.0)}
    process.turn()
    for assigned in (frozenset[Partition](), frozenset([PLACE])):
        process.reader.assigned = assigned
        process.turn()
    assert process.told() == {"acme": 0.0}


@pytest.mark.parametrize("left", [{"other": Settings()}, {}], ids=["one is left", "none is left"])
def test_an_account_that_the_configuration_gives_up_is_never_overdue(left: Mapping[str, AccountSettings]) -> None:
    process = Process({"acme": Settings(), "other": Settings()})
    process.turn()
    process.accounts = left
    process.turn()
    assert process.told().keys() == process.planned() == set(left)
