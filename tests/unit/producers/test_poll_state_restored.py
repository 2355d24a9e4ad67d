"""Poll state that cannot be read is observed anew; what is none of ours is passed over. Neither stops a poller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from producers import restored_states
from producers.partition import PartitionPoller
from producers.publish.publisher import PollTopics
from relay.domain.records import PollState
from relay.engine.kafka import Record
from relay.engine.letters import LetterTopic
from relay.engine.record_codec import record_codec
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import POLL_STATE

CODEC = record_codec()


def state_of(number: str | None) -> bytes:
    state = PollState(system="procore", account="acme", change_order_id=number, sequence=7)
    return CODEC.encode(state, POLL_STATE.name())


def restored(monkeypatch: pytest.MonkeyPatch, *records: tuple[bytes, bytes | None]) -> Any:
    """The states that a poller of Procore knows of ``acme``."""

    def read(connection: object, partitions: Sequence[object], *, pass_over: object) -> list[Record]:
        return [Record(POLL_STATE.name(), 0, at, key, value, (), 0) for at, (key, value) in enumerate(records)]

    monkeypatch.setattr(restored_states, "read_to_end", read)
    context: Any = SimpleNamespace(
        codec=CODEC,
        connection=None,
        prefix="",
        metrics=Metrics(),
        settings=SimpleNamespace(transaction_timeout=1.0),
        health=None,
    )
    topics = PollTopics(stage="poll-procore", prefix="", number=0, letter_topic=LetterTopic(partitions=12))
    poller = PartitionPoller(
        context,
        system="procore",
        topics=topics,
        source_of=lambda *_: pytest.fail("no account is polled here"),
        clock=lambda: datetime.now(UTC),
    )
    return poller._restore()["acme"].states


def test_unreadable_state_is_observed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as logged:
        states = restored(
            monkeypatch,
            (b"procore:acme:1", state_of("1")),
            (b"procore:acme:2", state_of("2")),
            (b"procore:acme:1", b"hello"),
            (b"procore:acme", b"hello"),
        )
    assert list(states) == ["2"]
    assert [(entry["event"], entry["offset"]) for entry in logged] == [
        ("poll.state_unreadable", 2),
        ("poll.state_unreadable", 3),
    ]


def test_the_state_of_another_is_observed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not restored(monkeypatch, (b"procore:acme:1", state_of("2")))


def test_a_foreign_key_is_passed_over_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as logged:
        states = restored(
            monkeypatch, (b"\xff\xfe", b"hello"), (b"cinx:acme", b"hello"), (b"procore:acme:1", state_of("1"))
        )
    assert list(states) == ["1"]
    assert [(entry["event"], entry["offset"]) for entry in logged] == [("engine.record_foreign", 0)]
