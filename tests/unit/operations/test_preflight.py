"""A stage that starts beside what provisions it waits for it, and not for what cannot come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations import preflight
from operations.preflight import await_provisioning
from relay.domain.failures import Fatal
from relay.engine.configuration import Configuration
from relay.engine.kafka import Connection, TopicsMissing
from relay.engine.provision import NamesUnrecorded
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings


class Seen:
    """What each look at the topics and names meets; the last one is met for ever."""

    def __init__(self, *failures: Exception | None) -> None:
        self._failures: Iterator[Exception | None] = iter(failures)
        self._last: Exception | None = None
        self.looks = 0

    def __call__(self, *_: object) -> None:
        self.looks += 1
        self._last = next(self._failures, self._last)
        if self._last is not None:
            raise self._last


class NoWait(threading.Event):
    """A wait that takes no time; ``told`` is when somebody asks the process to end."""

    def __init__(self, *, told: bool = False) -> None:
        super().__init__()
        self._told = told

    def wait(self, timeout: float | None = None) -> bool:
        return self._told


def begin(monkeypatch: pytest.MonkeyPatch, seen: Seen, *, patience: float = 60.0, told: bool = False) -> None:
    monkeypatch.setattr(preflight, "prove_start", seen)
    settings = Settings(kafka_bootstrap_servers="127.0.0.1:9", config=Path("cor.yaml"), patience=patience)
    await_provisioning(
        settings, Connection("127.0.0.1:9"), record_codec(), Configuration.__new__(Configuration), NoWait(told=told)
    )


def test_it_goes_on_when_topics_and_names_have_come(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen(TopicsMissing("not found: observed"), NamesUnrecorded("not written down"), None)
    begin(monkeypatch, seen)
    assert seen.looks == 3


@pytest.mark.parametrize("missing", [TopicsMissing("not found: observed"), NamesUnrecorded("not written down")])
def test_what_does_not_come_in_time_ends_it_with_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, missing: Exception
) -> None:
    with pytest.raises(type(missing), match=rf"{missing} \(waited 0 s for it\)"):
        begin(monkeypatch, Seen(missing), patience=0.0)


def test_who_is_told_to_end_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen(TopicsMissing("not found: observed"))
    with pytest.raises(TopicsMissing):
        begin(monkeypatch, seen, told=True)
    assert seen.looks == 1


def test_a_name_that_means_something_else_ends_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen(Fatal("account:procore:acme stands for another company"))
    with pytest.raises(Fatal, match="another company"):
        begin(monkeypatch, seen)
    assert seen.looks == 1
