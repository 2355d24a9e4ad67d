"""What a lost ledger is folded from is whole, or it is not folded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from operations.errors import Refused
from operations.ledger import told
from relay.engine.kafka import Partition
from relay.engine.topics import OUTCOMES, WRITES, Topic


class Surroundings:
    """Two partitions of each topic."""

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
        told.refuse_cut(SURROUNDINGS, cluster, "cinx")
    cluster.beginning_offsets = lambda every: dict.fromkeys(every, 0)
    told.refuse_cut(SURROUNDINGS, cluster, "cinx")
