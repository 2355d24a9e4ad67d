"""What a lost ledger is folded from is whole, or it is not folded."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from operations.errors import Refused
from operations.ledger import folding
from relay.engine.kafka import Partition, Record
from relay.engine.record_codec import record_codec
from relay.engine.topics import CINX, OUTCOMES, WRITES, Topic
from tests.commands import cinx_command


class Surroundings:
    """Two partitions of each topic."""

    codec = record_codec()
    connection = None
    prefix = ""

    def counts(self, topics: Any) -> dict[Topic, int]:
        return dict.fromkeys(topics, 2)

    def every(self, topic: Topic, count: int) -> list[Partition]:
        return [Partition(topic.name(), number) for number in range(count)]


SURROUNDINGS: Any = Surroundings()


@pytest.mark.parametrize("topic", [WRITES, OUTCOMES])
def test_without_the_beginning_of_what_was_told_nothing_is_folded(topic: Topic) -> None:
    cut = Partition(topic.name(), 1)
    cluster: Any = SimpleNamespace(beginning_offsets=lambda every: {place: 7 if place == cut else 0 for place in every})
    with pytest.raises(Refused, match=rf"{topic.name()}\[1\] begins at offset 7.*--accept-new-topic.*cor hold"):
        folding.refuse_cut(SURROUNDINGS, cluster, "cinx")
    cluster.beginning_offsets = lambda every: dict.fromkeys(every, 0)
    folding.refuse_cut(SURROUNDINGS, cluster, "cinx")


@pytest.mark.parametrize("topic", [WRITES, OUTCOMES])
def test_what_was_told_and_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, topic: Topic) -> None:
    key = b"constructiononline:acme:498099"

    def read_to_end(_: object, partitions: list[Partition], **__: object) -> list[Record]:
        return [Record(topic.name(), 1, 7, key, b"?", (), 0)] if Partition(topic.name(), 1) in partitions else []

    monkeypatch.setattr(folding, "read_to_end", read_to_end)
    monkeypatch.setattr(folding, "OpenLetters", lambda _: SimpleNamespace(open=list))
    with pytest.raises(Refused, match=rf"{topic.name()}\[1\] at offset 7 cannot be read.*--accept-new-topic"):
        list(folding.folded_entries(SURROUNDINGS, CINX, "cinx-submitter", (), ()))
    key = b"a stranger's"
    assert list(folding.folded_entries(SURROUNDINGS, CINX, "cinx-submitter", (), ())) == []


@pytest.mark.parametrize(("committed", "received"), [({}, True), ({0: 0}, False), ({0: 1}, True)])
def test_a_lane_whose_offset_is_gone_counts_as_received(
    monkeypatch: pytest.MonkeyPatch, committed: dict[int, int], *, received: bool
) -> None:
    topic = CINX.commands.name()
    given = cinx_command("498099", None, "PO-123")
    value = SURROUNDINGS.codec.encode(given, topic)

    def read_to_end(_: object, partitions: list[Partition], **__: object) -> list[Record]:
        return [Record(topic, 0, 0, b"", value, (), 0)] if Partition(topic, 0) in partitions else []

    offsets = {Partition(topic, number): offset for number, offset in committed.items()}
    cluster = SimpleNamespace(committed=lambda *_: offsets)
    monkeypatch.setattr(folding, "read_to_end", read_to_end)
    monkeypatch.setattr(folding, "Cluster", lambda _: nullcontext(cluster))
    assert folding.received_commands(SURROUNDINGS, CINX, "cinx-submitter") == ([given] if received else [])
