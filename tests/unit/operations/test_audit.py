"""What an operator's command has committed is there for whoever reads the topics next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import pytest

from operations.audit import AuditedTransaction
from operations.environment import Environment
from relay.engine.kafka import Connection, KafkaUnreachable, Outgoing, Partition
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings

PLACE = Partition("change-orders.audit.v1", 0)


class Written:
    """Transactions of which each puts one record behind the last."""

    def __init__(self, *_: object, **__: object) -> None:
        self.at = 6

    def fence(self) -> None: ...

    def close(self) -> None: ...

    @contextmanager
    def transaction(self) -> Iterator[Written]:
        yield self

    def send(self, outgoing: Outgoing) -> None:
        self.at += 1

    def flush(self) -> list[tuple[Partition, int]]:
        return [(PLACE, self.at)]


class Ends:
    """A cluster whose readers see the first records at once, and what is new a few looks later."""

    looks: list[int | Exception]
    asked: list[Sequence[Partition]]

    def __init__(self, _: object) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def end_offsets(self, places: Sequence[Partition]) -> dict[Partition, int]:
        self.asked.append(places)
        look = self.looks.pop(0)
        if isinstance(look, Exception):
            raise look
        return {PLACE: look}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setattr("operations.audit.Transactions", Written)
    monkeypatch.setattr("operations.audit.Cluster", Ends)
    Ends.asked = []
    settings = Settings(kafka_bootstrap_servers="127.0.0.1:1")
    return Environment(settings, Connection("127.0.0.1:1"), record_codec())


def decide(environment: Environment, *looks: int | Exception) -> None:
    Ends.looks = list(looks)
    with AuditedTransaction(environment, "ann", "") as transaction:
        for subject in ("one", "two"):
            transaction.commit([], [transaction.action(subject, "letter.note", {})])
        assert transaction.numbers == [7, 8]


def test_a_command_ends_once_readers_see_what_it_has_committed(environment: Environment) -> None:
    decide(environment, 7, 8, 9)
    assert Ends.looks == []


def test_what_is_committed_is_so_where_the_cluster_cannot_be_asked(environment: Environment) -> None:
    decide(environment, 7, KafkaUnreachable("away"))
    assert Ends.looks == []


def test_what_failed_is_not_waited_for(environment: Environment) -> None:
    def fail() -> None:
        with AuditedTransaction(environment, "ann", "") as transaction:
            transaction.commit([], [transaction.action("one", "letter.note", {})])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert Ends.asked == []


def test_nothing_is_asked_where_nothing_was_committed(environment: Environment) -> None:
    with AuditedTransaction(environment, "ann", ""):
        pass
    assert Ends.asked == []


def test_it_does_not_wait_for_ever(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    times: Any = iter(range(0, 100, 1))
    monkeypatch.setattr("operations.audit.time.monotonic", lambda: next(times))
    decide(environment, *[8] * 9)
    assert Ends.looks
