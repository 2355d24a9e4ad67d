"""What is kept of events while items are looked through."""

from __future__ import annotations

from operations.survey.seen_items import newest_values
from relay.domain.events import Change
from relay.engine.topics import OBSERVED
from tests.unit.workers.views.tables import CODEC, key_of, observed, record


def test_an_event_is_kept_as_it_was_written_and_one_of_a_deleted_change_order_not_at_all() -> None:
    """The bytes of the record itself: a schema that this release would write is asked for nowhere."""
    first, gone = observed("17", 0, raw=b"{}"), observed("18", 1, change=Change.DELETED)
    foreign = record(OBSERVED, "x", b"nothing of ours", 2)
    assert list(newest_values(CODEC, [first, gone, foreign])) == [(key_of("17"), first.value), (key_of("18"), None)]
