"""Topics in memory, with transactions that can fail before and after they count, and a poller's state beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from producers.changes.events import Observation
from producers.poll_state import AccountState, blank
from producers.publish.commits import PollCommits
from producers.publish.records import EncodedObservation, PollerRecords
from relay.domain.events import ChangeOrderObserved
from relay.domain.records import PollState
from relay.engine.kafka import CommitFailed, Outgoing, Partition, Record
from relay.engine.record_codec import record_codec
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import CURRENT, OBSERVED, POLL_STATE

CODEC = record_codec()


class Fault(Enum):
    """How the end of a transaction fails: nothing of it counts, or all of it does, and nobody says so."""

    LOST = auto()
    UNKNOWN = auto()


@dataclass
class Logs:
    """One partition for each topic; what a transaction of it writes counts at its end."""

    records: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    fault: Fault | None = None

    @contextmanager
    def transaction(self) -> Iterator[_Open]:
        opened = _Open(self)
        yield opened
        fault, self.fault = self.fault, None
        if fault is not Fault.LOST:
            for sent in opened.sent:
                self.append(sent)
        if fault is not None:
            raise CommitFailed("as the test wants it")

    def append(self, sent: Outgoing) -> None:
        log = self.records[sent.topic]
        log.append(Record(sent.topic, 0, len(log), sent.key, sent.value, sent.headers, 0))

    def newest(self, topic: str) -> dict[str, bytes]:
        """What a compacted topic comes to hold."""
        values = {(record.key or b"").decode(): record.value for record in self.records[topic]}
        return {key: value for key, value in values.items() if value is not None}


class _Open:
    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._settled = 0
        self.sent: list[Outgoing] = []

    def send(self, outgoing: Outgoing) -> None:
        self.sent.append(outgoing)

    def flush(self) -> list[tuple[Partition, int]]:
        places, ends = [], {topic: len(log) for topic, log in self._logs.records.items()}
        for at, sent in enumerate(self.sent):
            offset = ends.setdefault(sent.topic, 0)
            ends[sent.topic] = offset + 1
            places += [(Partition(sent.topic, 0), offset)] if at >= self._settled else []
        self._settled = len(self.sent)
        return places


class World:
    """The topics, and one account's state as its owner knows it: of ``constructiononline:acme``."""

    def __init__(self) -> None:
        self.logs = Logs()
        transactions: Any = self.logs
        self.poller_records = PollerRecords(CODEC, "", "poll-constructiononline", 0)
        self.commits = PollCommits(transactions, self.poller_records, "poll-constructiononline", Metrics())
        self.state = blank("constructiononline", "acme")

    def publish(self, observation: Observation, *, current: bool = True) -> None:
        """As the publisher does; without ``current`` as the releases did that had no such topic."""
        assert observation.event is not None
        records = self.poller_records.event(observation.event)
        assert records is not None
        made = EncodedObservation(observation, records.observed, records.current if current else None)
        self.commits.commit_observations(self.state, [made])

    def restore(self) -> None:
        """Reads the poll state anew, as who takes the partition over."""
        self.state = restored(self.logs)

    def events(self) -> list[ChangeOrderObserved]:
        return [CODEC.decode(each.value or b"", ChangeOrderObserved) for each in self.logs.records[OBSERVED.name()]]

    def current(self) -> dict[str, ChangeOrderObserved]:
        values = self.logs.newest(CURRENT.name())
        return {key: CODEC.decode(value, ChangeOrderObserved) for key, value in values.items()}


def restored(logs: Logs) -> AccountState:
    state = blank("constructiononline", "acme")
    for value in logs.newest(POLL_STATE.name()).values():
        state.apply(CODEC.decode(value, PollState))
    return state
