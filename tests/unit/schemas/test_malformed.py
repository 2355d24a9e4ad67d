"""Bytes that other writers may spell differently, and bytes that nobody may write."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from relay.domain.letters import DeadLetter
from relay.domain.records import NameRecord
from relay.engine.record_codec import record_codec
from schemas import Unreadable
from tests.unit.schemas.samples import LETTER
from tests.unit.schemas.spelling import varint

CODEC = record_codec()
FRAME = CODEC.encode(NameRecord(name="", stands_for="", recorded_at=datetime.now(UTC)), "t")[:10]
ONE_SECOND = varint(1000)


def text(value: bytes) -> bytes:
    return varint(len(value)) + value


def read(*pieces: bytes) -> NameRecord:
    return CODEC.decode(FRAME + b"".join(pieces), NameRecord)


def test_the_plain_spelling_is_read() -> None:
    assert read(text(b"a"), text(b"b"), ONE_SECOND).recorded_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_a_number_in_more_bytes_than_it_needs_is_the_same_number() -> None:
    assert read(b"\x82\x00a", text(b"b"), ONE_SECOND).name == "a"


def test_a_negative_length_is_unreadable() -> None:
    # Taken as it stands it would read "b" twice and come out even.
    with pytest.raises(Unreadable, match="length is negative"):
        read(text(b"b"), varint(-2), text(b"b"), ONE_SECOND)


@pytest.mark.parametrize(
    "number", [b"\x80" * 9 + b"\x02", b"\x80" * 10 + b"\x00", b"\x80" * 10 + b"\x01", b"\xff" * 12 + b"\x01"]
)
def test_a_number_of_more_than_64_bits_is_unreadable(number: bytes) -> None:
    with pytest.raises(Unreadable, match="more than 64 bits"):
        read(text(b"a"), text(b"b"), number)


def test_a_year_that_python_cannot_hold_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read(text(b"a"), text(b"b"), varint(2**62))


def test_text_that_is_no_utf8_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read(text(b"\xff\xfe"), text(b"b"), ONE_SECOND)


def test_a_list_may_come_in_several_blocks_with_or_without_their_size() -> None:
    letter = dataclasses.replace(LETTER, sides=("one", "two", "three"))
    data = CODEC.encode(letter, "t")
    entries = [text(side.encode()) for side in letter.sides]
    plain = varint(3) + b"".join(entries) + b"\x00"
    assert data.endswith(plain)
    first = b"".join(entries[:2])
    sized = varint(-2) + varint(len(first)) + first + varint(1) + entries[2] + b"\x00"
    assert CODEC.decode(data.removesuffix(plain) + sized, DeadLetter) == letter


def test_a_list_that_claims_more_entries_than_there_are_bytes_is_unreadable() -> None:
    data = CODEC.encode(dataclasses.replace(LETTER, sides=()), "t")
    with pytest.raises(Unreadable):
        CODEC.decode(data[:-1] + varint(2**62), DeadLetter)


def test_a_branch_that_does_not_exist_is_unreadable() -> None:
    data = CODEC.encode(dataclasses.replace(LETTER, headers=(), record_value=None, sides=()), "t")
    assert data.endswith(b"\x00\x00\x00")
    with pytest.raises(Unreadable, match="marked 4"):
        CODEC.decode(data[:-3] + b"\x04\x00\x00", DeadLetter)
