from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from producers.changes.events import Observation, observed
from producers.publish.letters import row_letter
from producers.publish.publisher import Publisher
from producers.publish.records import PollerRecords, TooLarge, fitted
from producers.source import StatusChange, UnreadableRow
from relay.domain.change_order import Item
from relay.domain.events import ChangeOrderObserved
from relay.domain.letters import LetterKind
from relay.domain.outcomes import ChangeOrderOutcome, RemoteRecord
from relay.domain.sources.reading import Own
from relay.engine.record_codec import record_codec
from relay.engine.telemetry.metrics import Metrics
from tests.hostile_answers import LONG_TEXT
from tests.unit.producers.samples import AT, account_state, read

CODEC = record_codec()


def encode(event: ChangeOrderObserved) -> bytes:
    return CODEC.encode(event, "observed")


def event(raw: bytes = b"{}", **changes: Any) -> ChangeOrderObserved:
    fitting = observed(account_state(), read(raw=raw, **changes), AT).event
    assert fitting is not None
    return fitting


def test_what_fits_is_left_as_it_is() -> None:
    whole = event()
    assert fitted(whole, encode, 10_000) == (whole, encode(whole))


def test_a_raw_that_does_not_fit_is_replaced_by_its_size_and_hash() -> None:
    raw = b"x" * 20_000
    fitting, value = fitted(event(raw), encode, 10_000)
    assert fitting.raw is None
    assert fitting.raw_omitted == f"20000 bytes, sha256 {hashlib.sha256(raw).hexdigest()}"
    assert fitting.defects == ()
    assert len(value) <= 10_000


def test_texts_are_cut_only_then_and_the_event_says_so() -> None:
    items = tuple(Item(item_id=str(at), description="d" * 5_000) for at in range(3))
    fitting, value = fitted(event(items=items, description="é" * 9_000), encode, 10_000)
    assert len(value) <= 10_000
    assert fitting.change_order.change_order_id == "1"
    assert "were cut" in fitting.defects[-1]
    assert [item.item_id for item in fitting.change_order.items] == ["0", "1", "2"]


def test_what_cannot_be_made_to_fit_is_refused() -> None:
    items = tuple(Item(item_id=str(at)) for at in range(2_000))
    with pytest.raises(TooLarge, match="constructiononline:acme:1"):
        fitted(event(items=items), encode, 10_000)


def test_the_fingerprint_is_of_the_whole() -> None:
    whole = event(description="é" * 90_000)
    assert fitted(whole, encode, 10_000)[0].fingerprint == whole.fingerprint


def observation(number: str, **changes: Any) -> Observation:
    return observed(account_state(), read(number, **changes), AT)


def test_one_that_cannot_be_encoded_is_named_and_the_others_are_published() -> None:
    records = PollerRecords(CODEC, "t.", "poll-constructiononline", 0)
    spoilt = observation("2")
    wrong = replace(spoilt, state=replace(spoilt.state, sequence=1 << 70))
    publisher = publisher_of(records)
    failed: list[UnreadableRow] = []
    taken = list(publisher._encoded([observation("1"), wrong, observation("3")], failed))
    assert [each.observation.state.change_order_id for each in taken] == ["1", "3"]
    assert [(row.raw, row.defect) for row in failed] == [(b"{}", True)]


def publisher_of(records: PollerRecords) -> Publisher:
    return Publisher(
        commits=cast("Any", None),
        records=records,
        letters=cast("Any", None),
        stage="poll-constructiononline",
        metrics=Metrics(),
        beat=lambda: None,
    )


def test_one_whose_poll_state_no_topic_takes_becomes_a_letter_and_the_others_are_published() -> None:
    endless = observation("2")
    endless = replace(endless, state=replace(endless.state, status=LONG_TEXT))
    failed: list[UnreadableRow] = []
    records = PollerRecords(CODEC, "t.", "poll-constructiononline", 0)
    with capture_logs():  # To render its traceback would take longer than all else.
        taken = list(publisher_of(records)._encoded([observation("1"), endless], failed))
    assert [each.observation.state.change_order_id for each in taken] == ["1"]
    assert ["poll-state.v1: a record takes" in row.why for row in failed] == [True]


def test_a_status_change_that_says_too_much_is_told_shorter() -> None:
    change = StatusChange(
        own=Own(origin_id="cor:constructiononline:acme:1:main", echo=True, sequence=1, idempotency_key="k"),
        reason="procore.package",
        sentence=LONG_TEXT,
        remote=RemoteRecord(kind="package", remote_id="7", number=LONG_TEXT),
        facts={"package": LONG_TEXT},
    )
    records = PollerRecords(CODEC, "t.", "poll-procore", 0)
    record = records.outcome(replace(observation("1"), status_change=change, event=None), None, None)
    assert record is not None
    told = CODEC.decode(record.value or b"", ChangeOrderOutcome)
    assert (told.change_order_key, told.reason) == ("constructiononline:acme:1", "procore.package")


def test_an_event_whose_key_no_topic_takes_is_postponed() -> None:
    records = PollerRecords(CODEC, "t.", "poll-constructiononline", 0)
    assert records.event(replace(event(), change_order_id="x" * 5_000_000)) is None


def test_the_letter_of_a_defect_says_that_the_relay_failed() -> None:
    row = UnreadableRow(raw=b"{}", why="change order 2 (KeyError: 'a defect')", defect=True)
    letter = row_letter("poll-constructiononline", account_state(), row, AT)
    assert (letter.reason, letter.kind, letter.record_value) == ("relay.defect", LetterKind.REJECTED, b"{}")
    assert "change order 2 (KeyError: 'a defect')" in letter.sentence
