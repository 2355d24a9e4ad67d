"""The event of a change order, read once more from the observed topic."""

from __future__ import annotations

from typing import Any, cast

import pytest

from relay.domain.failures import Unavailable
from relay.engine.kafka import Connection, Record, RecordFetcher
from relay.engine.record_codec import record_codec
from schemas import Published, RegistryUnreachable, Schema
from workers.procore_writer.calls.remap import ObservedEvents


class Down:
    """A registry that does not answer."""

    def id_of(self, topic: str, published: Published) -> int:
        raise RegistryUnreachable("nobody answers")

    def schema_of(self, schema_id: int) -> Schema:
        raise RegistryUnreachable("nobody answers")


def test_a_registry_that_does_not_answer_makes_the_event_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def at(fetcher: RecordFetcher, *place: Any) -> Record:
        return Record(
            topic="observed", partition=0, offset=5, key=None, value=b"\x00\x00\x00\x00\x07", headers=(), timestamp_ms=0
        )

    monkeypatch.setattr(RecordFetcher, "at", at)
    events = ObservedEvents(
        connection=Connection("127.0.0.1:1"), codec=record_codec(Down()), routing=lambda: cast(Any, None)
    )
    with pytest.raises(Unavailable, match="nobody answers"):
        events("cor:x", "observed/0/5")
