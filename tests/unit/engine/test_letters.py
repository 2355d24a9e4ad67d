"""Dead letters of every stage: whose they are, where they lie, and what is believed of a record's headers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.domain import identity
from relay.domain.commands import Lane
from relay.domain.ledger import Waiting
from relay.domain.letters import DeadLetter, LetterHeader, LetterKind
from relay.engine.kafka import Cluster, KafkaRefused, Record, partition_of
from relay.engine.letters import (
    ATTEMPTS_HEADER,
    FIRST_AT_HEADER,
    LETTER_HEADER,
    SETTLED_HEADER,
    Failure,
    LetterRecords,
    LetterTopic,
    letter_headers,
    letter_of,
    letter_topic,
    new_letter,
    tombstone,
)
from relay.engine.record_codec import record_codec
from relay.engine.source_record import EarlierFailure, SourceRecord
from relay.engine.topics import LETTERS
from tests.faults.orders import change_order

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE = AT - timedelta(days=2)
CODEC = record_codec()
COMMAND = change_order(1, 1)
FAILURE = Failure(kind=LetterKind.REJECTED, reason="procore.refused", sentence="Correct it.", remote_answer="422")
RECORDS = LetterRecords(CODEC, "t.", LetterTopic(partitions=12))
RECORD = Record("t.topic", 3, 42, b"key", b"value", (("traceparent", b"00-1-2-01"), ("other", None)), 0)


def waiting(**headers: bytes | None) -> Waiting:
    """A received command whose record has ``headers``; an underscore stands for a hyphen."""
    return Waiting(
        origin_id=COMMAND.origin_id,
        command_id=COMMAND.command_id,
        lane=Lane.LIVE,
        topic="t.commands",
        partition=3,
        offset=42,
        received_at=AT,
        sequence=1,
        mapped_at=AT,
        record_key=b"key",
        command=b"bytes",
        headers=tuple(LetterHeader(name=name.replace("_", "-"), value=value) for name, value in headers.items()),
    )


def letter(received: Waiting, letter_id: str | None = None) -> DeadLetter:
    return letter_of(received, replace(COMMAND, letter_id=letter_id), FAILURE, "procore-writer", AT)


def test_a_letter_keeps_the_record_untouched() -> None:
    made = new_letter(SourceRecord.of(RECORD), FAILURE, stage="mapper", at=AT)
    assert (made.topic, made.partition, made.offset) == ("t.topic", 3, 42)
    assert (made.record_key, made.record_value) == (b"key", b"value")
    assert [(header.name, header.value) for header in made.headers] == list(RECORD.headers)
    assert SourceRecord.of_letter(made) == replace(SourceRecord.of(RECORD), earlier=EarlierFailure.of(made))


def test_a_first_failure_is_a_letter_of_its_own() -> None:
    made = letter(waiting())
    assert made.letter_id == identity.letter_id("procore-writer", "t.commands", 3, 42)
    assert (made.attempts, made.first_at, made.last_at) == (1, AT, AT)


def test_a_record_that_was_sent_again_is_the_same_letter_with_one_more_attempt() -> None:
    first = replace(letter(waiting()), letter_id="first", attempts=4, first_at=BEFORE)
    sent = replace(
        waiting(), headers=tuple(LetterHeader(name=name, value=value) for name, value in letter_headers(first))
    )
    again = letter(sent)
    assert (again.letter_id, again.attempts, again.first_at, again.last_at) == ("first", 5, BEFORE, AT)
    assert letter(sent, "of the command").letter_id == "of the command"


@pytest.mark.parametrize(
    "text", ["²", "9" * 5_000, "2147483647", "-3", "", "1.5", "\ufffd"], ids=lambda text: repr(text[:12])
)
def test_a_number_of_attempts_that_cannot_be_believed_counts_as_one(text: str) -> None:
    made = letter(waiting(cor_letter=b"first", cor_letter_attempts=text.encode()))
    assert made.attempts == 2
    assert CODEC.decode(CODEC.encode(made, "letters"), DeadLetter) == made


@pytest.mark.parametrize(
    "text", ["2026-02-27T12:00:00", "yesterday", "", "0001-01-01T00:00:00+14:00", "2026-02-27"], ids=repr
)
def test_a_time_without_a_zone_or_sense_is_not_the_first(text: str) -> None:
    made = letter(waiting(cor_letter=b"first", cor_letter_first_at=text.encode()))
    assert (made.letter_id, made.first_at) == ("first", AT)


def test_a_foreign_header_is_never_decoded() -> None:
    made = letter(waiting(other=b"\xff\xfe", cor_letter=b"first", cor_letter_attempts=b"2"))
    assert (made.letter_id, made.attempts) == ("first", 3)
    assert made.headers[0].value == b"\xff\xfe"


def test_a_letter_s_id_of_any_length_is_not_believed() -> None:
    """It would be the key of the letter, which no topic takes."""
    first = identity.letter_id("procore-writer", "t.commands", 3, 42)
    assert letter(waiting(cor_letter=b"x" * 5_000_000)).letter_id == first
    assert letter(waiting(), "x" * 5_000_000).letter_id == first


def test_a_letter_that_is_too_large_names_no_half_change_order() -> None:
    record = replace(RECORD, key=b"x" * 6_000_000)
    made = new_letter(
        SourceRecord.of(record),
        FAILURE,
        stage="mapper",
        at=AT,
        change_order_key="x" * 6_000_000,
        origin_id=COMMAND.origin_id,
        command_id="y" * 6_000_000,
    )
    outgoing = RECORDS.written(made)
    assert outgoing.size <= LETTERS.max_message_bytes
    read = CODEC.decode(outgoing.value or b"", DeadLetter)
    assert (read.change_order_key, read.origin_id, read.command_id) == (None, COMMAND.origin_id, None)


@given(st.binary(), st.binary(), st.binary())
def test_whatever_stands_in_our_headers_the_letter_can_be_written(first: bytes, second: bytes, third: bytes) -> None:
    names = (LETTER_HEADER, ATTEMPTS_HEADER, FIRST_AT_HEADER)
    headers = tuple(
        LetterHeader(name=name, value=value) for name, value in zip(names, (first, second, third), strict=True)
    )
    made = letter(replace(waiting(), headers=headers))
    assert CODEC.decode(CODEC.encode(made, "letters"), DeadLetter) == made


def test_a_letter_and_its_tombstone_lie_with_their_change_order() -> None:
    made = letter(waiting())
    written, settled = RECORDS.written(made), RECORDS.settled(made.letter_id, made.change_order_key)
    assert written.partition == settled.partition == partition_of(COMMAND.change_order_key.encode(), 12)
    assert (written.topic, written.key) == (settled.topic, settled.key) == (RECORDS.topic, made.letter_id.encode())
    assert settled.value is None


def test_a_letter_of_no_change_order_lies_by_its_id() -> None:
    made = new_letter(SourceRecord.of(RECORD), FAILURE, stage="mapper", at=AT)
    assert RECORDS.written(made).partition == partition_of(made.letter_id.encode(), 12)


def test_a_tombstone_says_why() -> None:
    assert tombstone("t", 3, "id", "a later change").headers == ((SETTLED_HEADER, b"a later change"),)
    assert tombstone("t", 3, "id").headers == ()


@pytest.mark.parametrize("limit", [10 * 1024 * 1024, 1024 * 1024, 100_000, 5_000])
def test_a_letter_takes_what_the_topic_takes(limit: int) -> None:
    failure = replace(FAILURE, sentence="S" * 70_000, remote_answer="R" * 70_000, sides=("a" * 70_000, "b" * 70_000))
    source = replace(SourceRecord.of(RECORD), value=b"v" * 9_000_000)
    records = LetterRecords(CODEC, "t.", LetterTopic(partitions=12, max_message_bytes=limit))
    written = records.written(new_letter(source, failure, stage="mapper", at=AT))
    assert len(written.value or b"") < limit
    kept = CODEC.decode(written.value or b"", DeadLetter)
    if limit > 9_000_000:
        assert kept.record_value == source.value
    else:
        assert "9000000 bytes, SHA-256" in kept.sentence
        assert "offset 42 of t.topic[3]" in kept.sentence


class SaysOfTopics:
    """A cluster that has twelve partitions and says ``settings``, or refuses to."""

    def __init__(self, settings: dict[str, dict[str, str]] | KafkaRefused) -> None:
        self._settings = settings

    def partitions(self, topic: str) -> int:
        return 12

    def settings(self, topics: list[str]) -> dict[str, dict[str, str]]:
        if isinstance(self._settings, KafkaRefused):
            raise self._settings
        return self._settings


@pytest.mark.parametrize(
    ("said", "largest"),
    [
        ({"t.change-orders.dead-letters.v1": {"max.message.bytes": "8388608"}}, 8388608),
        ({}, 10 * 1024 * 1024),
        (KafkaRefused("you may not"), 10 * 1024 * 1024),
    ],
)
def test_the_size_is_what_the_topic_says_or_what_is_declared(said: Any, largest: int) -> None:
    topic = letter_topic(cast("Cluster", SaysOfTopics(said)), "t.")
    assert (topic.partitions, topic.max_message_bytes) == (12, largest)
