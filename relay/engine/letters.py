"""Dead letters of every stage: built, placed and settled.

A letter lies in the partition of its change order, beside the outcomes that the keeper settles it by. A record that is
sent again carries its letter in headers, so that another failure is the same letter with one more attempt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from relay.domain.commands import Command
from relay.domain.ledger import Waiting
from relay.domain.letters import DeadLetter, LetterHeader, LetterKind
from relay.domain.mapping import in_milliseconds
from relay.engine.kafka import Cluster, Connection, Outgoing, Partition, partition_of, read_to_end
from relay.engine.kafka.foreign_records import tell_withheld
from relay.engine.record_codec import encoded
from relay.engine.sizes import limits, value_size
from relay.engine.source_record import EarlierFailure, SourceRecord
from relay.engine.telemetry.tracing import TRACE_HEADERS, Headers
from relay.engine.topics import LETTERS
from schemas.codec import Codec

LETTER_HEADER = "cor-letter"
ATTEMPTS_HEADER = "cor-letter-attempts"
FIRST_AT_HEADER = "cor-letter-first-at"
LETTER_HEADERS = (LETTER_HEADER, ATTEMPTS_HEADER, FIRST_AT_HEADER)

AS_IS_HEADER = "cor-as-is"
"""A header of a command that a person has sent again as it was: it goes where it says."""

SETTLED_HEADER = "cor-settled"
"""A header of a tombstone: why the letter is done with."""

_ATTEMPT_DIGITS = 9
"""Digits of a number of attempts that is believed: with one more it might not fit the schema's 32 bits."""

LONGEST_ID = 255
"""Characters of a letter's id that is believed: it is the key of the letter, too."""

_LONGEST_NAME = 1024
"""Characters of what a letter that is too large still names its change order by: half a key would be another's."""

_TEXT_LENGTHS = (64 * 1024, 8 * 1024, 1024, 100)
"""Characters of each text in a letter whose record is left out, tried in this order until it fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterTopic:
    """The topic of letters as it is on the cluster. ``max_message_bytes``: its actual setting."""

    partitions: int
    max_message_bytes: int = LETTERS.max_message_bytes

    @property
    def largest(self) -> int:
        """Bytes of a letter's value."""
        return value_size(self.max_message_bytes)


def letter_topic(cluster: Cluster, prefix: str) -> LetterTopic:
    """What the cluster says of the topic of letters. Raises ``TopicsMissing``.

    A user without the right to read its settings is taken to have the size that is declared.
    """
    partitions = cluster.partitions(LETTERS.name(prefix))
    return LetterTopic(partitions=partitions, max_message_bytes=limits(cluster, prefix, [LETTERS])[LETTERS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a record ends in a letter."""

    kind: LetterKind
    reason: str
    sentence: str
    remote_answer: str = ""
    sides: tuple[str, ...] = ()


def new_letter(
    source: SourceRecord,
    failure: Failure,
    *,
    stage: str,
    at: datetime,
    change_order_key: str | None = None,
    origin_id: str | None = None,
    command_id: str | None = None,
) -> DeadLetter:
    """The letter of a record: a new one, or the one of its earlier failure with one more attempt."""
    earlier = source.earlier
    return DeadLetter(
        letter_id=source.letter_id(stage),
        kind=failure.kind,
        stage=stage,
        topic=source.topic,
        partition=source.partition,
        offset=source.offset,
        record_key=source.key,
        record_value=source.value,
        headers=tuple(LetterHeader(name=name, value=value) for name, value in source.headers),
        change_order_key=change_order_key,
        origin_id=origin_id,
        command_id=command_id,
        reason=failure.reason,
        sentence=failure.sentence,
        remote_answer=failure.remote_answer,
        attempts=1 if earlier is None else earlier.attempts + 1,
        first_at=at if earlier is None else earlier.first_at,
        last_at=at,
        sides=failure.sides,
    )


def letter_of(waiting: Waiting, command: Command, failure: Failure, stage: str, at: datetime) -> DeadLetter:
    """The letter of a command: the one that it was redriven from, if it was."""
    earlier = _earlier_failure(waiting.headers, command.letter_id, at)
    return new_letter(
        SourceRecord.of_waiting(waiting, earlier),
        failure,
        stage=stage,
        at=at,
        change_order_key=command.change_order_key,
        origin_id=command.origin_id,
        command_id=command.command_id,
    )


def letter_headers(letter: DeadLetter) -> Headers:
    """The headers of a record that is sent again: its letter, and the trace of the original."""
    trace = ((header.name, header.value) for header in letter.headers if header.name in TRACE_HEADERS)
    return (*failure_headers(letter), *trace)


def failure_headers(letter: DeadLetter) -> Headers:
    """The headers that name the letter of an earlier failure, how often it failed, and since when."""
    return (
        (LETTER_HEADER, letter.letter_id.encode()),
        (ATTEMPTS_HEADER, str(letter.attempts).encode()),
        (FIRST_AT_HEADER, letter.first_at.isoformat().encode()),
    )


def _earlier_failure(headers: Iterable[LetterHeader], letter_id: str | None, at: datetime) -> EarlierFailure | None:
    """What the headers say of an earlier failure, as far as it can be believed: anybody may have written them."""
    ours = (header for header in headers if header.name in LETTER_HEADERS)
    texts = {header.name: (header.value or b"").decode("utf-8", "replace") for header in ours}
    letter_id = letter_id or texts.get(LETTER_HEADER)
    if not letter_id or len(letter_id) > LONGEST_ID:
        return None
    return EarlierFailure(letter_id=letter_id, attempts=_attempts(texts), first_at=_first_at(texts, at))


def _attempts(texts: Mapping[str, str]) -> int:
    text = texts.get(ATTEMPTS_HEADER, "")
    return int(text) if text.isdecimal() and len(text) <= _ATTEMPT_DIGITS else 1


def _first_at(texts: Mapping[str, str], otherwise: datetime) -> datetime:
    try:
        first_at = datetime.fromisoformat(texts[FIRST_AT_HEADER])
        return otherwise if first_at.tzinfo is None else in_milliseconds(first_at.astimezone(UTC))
    except (KeyError, ValueError, OverflowError):
        return otherwise


def without_record(letter: DeadLetter, longest: int = _TEXT_LENGTHS[0]) -> DeadLetter:
    """The letter without what makes it too large: its record is named by size, hash and position instead.

    ``longest``: characters that are left of each text.
    """
    value = letter.record_value or b""
    kept_headers = sum(len(header.name) + len(header.value or b"") for header in letter.headers) <= longest
    omitted = (
        f" The record ({len(value)} bytes, SHA-256 {hashlib.sha256(value).hexdigest()}) is too large for this letter: "
        f"it stands at offset {letter.offset} of {letter.topic}[{letter.partition}] as long as the topic keeps it."
    )
    return replace(
        letter,
        record_key=(letter.record_key or b"")[:longest] or None,
        record_value=None,
        headers=letter.headers if kept_headers else (),
        change_order_key=_name(letter.change_order_key),
        origin_id=_name(letter.origin_id),
        command_id=_name(letter.command_id),
        sentence=letter.sentence[:longest] + omitted,
        remote_answer=letter.remote_answer[:longest],
        sides=tuple(side[:longest] for side in letter.sides),
    )


def _name(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST_NAME else None


class LetterRecords:
    """Makes Kafka records of letters for a topic that is as ``topic`` says. Thread-safe."""

    def __init__(self, codec: Codec, prefix: str, topic: LetterTopic) -> None:
        self.topic = LETTERS.name(prefix)
        self._codec = codec
        self._on_cluster = topic

    def written(self, letter: DeadLetter) -> Outgoing:
        """The letter, open from now on; what it cannot hold is named in it. Raises ``Unwritable`` for any other value.

        A record that is too large for the topic is named by its size and hash; a text that is no Unicode is escaped.
        """
        value = encoded(self._codec, letter, self.topic)
        for longest in _TEXT_LENGTHS:
            if len(value) <= self._on_cluster.largest:
                break
            value = encoded(self._codec, without_record(letter, longest), self.topic)
        number = self.partition(letter.letter_id, letter.change_order_key)
        return Outgoing(self.topic, letter.letter_id.encode(), value, number)

    def settled(self, letter_id: str, change_order_key: str | None) -> Outgoing:
        """The tombstone of a letter that lies with its change order."""
        return tombstone(self.topic, self.partition(letter_id, change_order_key), letter_id)

    def partition(self, letter_id: str, change_order_key: str | None) -> int:
        """Where a letter lies: with its change order, or by its own id where no change order is known."""
        return partition_of((change_order_key or letter_id).encode(), self._on_cluster.partitions)


def open_among(connection: Connection, records: LetterRecords, letters: Iterable[DeadLetter]) -> set[str]:
    """The ids of those of ``letters`` that stand on their topic, and are not settled. Reads where they lie."""
    sought = {letter.letter_id: records.partition(letter.letter_id, letter.change_order_key) for letter in letters}
    found: dict[str, bool] = {}
    for number in sorted(set(sought.values())):
        for record in read_to_end(connection, [Partition(records.topic, number)], pass_over=tell_withheld):
            found[(record.key or b"").decode("utf-8", "replace")] = record.value is not None
    return {letter_id for letter_id in sought if found.get(letter_id)}


def tombstone(topic: str, partition: int, letter_id: str, why: str | None = None) -> Outgoing:
    """Ends a letter in the partition where it really lies; ``why`` goes into a header."""
    headers = () if why is None else ((SETTLED_HEADER, why.encode()),)
    return Outgoing(topic, letter_id.encode(), None, partition, headers)
