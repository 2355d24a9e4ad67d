"""Letters of a poller: rows that nobody can tell apart, and deletions that a person has to confirm."""

from __future__ import annotations

import hashlib
from datetime import datetime

from producers.poll_state import AccountState
from producers.source import DeletionQuestion, UnreadableRow
from relay.domain import identity
from relay.domain.letters import DeadLetter, LetterKind
from relay.engine.kafka import Connection, Outgoing, Partition, partition_of, read_to_end
from relay.engine.topics import EVENT_BYTES, LETTERS
from schemas.codec import Codec

UNREADABLE_ROW = "row_unreadable"
DELETIONS_UNCONFIRMED = "deletions_unconfirmed"


def question_id(stage: str, memory: AccountState, question: DeletionQuestion) -> str:
    """The letter of exactly these missing change orders: a permission for others would not be one."""
    return identity.letter_id(stage, memory.key, 0, _number("\n".join(question.missing).encode()))


def question_letter(stage: str, memory: AccountState, question: DeletionQuestion, at: datetime) -> DeadLetter:
    """Asks a person. Settling the letter is the answer that they were deleted."""
    names = ", ".join(question.missing[:20]) + (" …" if len(question.missing) > 20 else "")
    sentence = (
        f'In {memory.system}, account "{memory.account}", {question.sentence} ({len(question.missing)} in all: '
        f"{names}). Nothing of this sweep was published, since lost rights or a fault look the same. If they were "
        "deleted on purpose, settle this letter, and the next sweep publishes the deletions; if not, restore the "
        "rights of the login, and the letter goes away by itself."
    )
    return _letter(
        stage,
        memory,
        letter_id=question_id(stage, memory, question),
        kind=LetterKind.NEEDS_REVIEW,
        reason=f"{memory.system}.{DELETIONS_UNCONFIRMED}",
        sentence=sentence,
        content="\n".join(question.missing).encode(),
        at=at,
    )


def row_letter(stage: str, memory: AccountState, row: UnreadableRow, at: datetime) -> DeadLetter:
    """Keeps a row that cannot be told from others."""
    sentence = (
        f'A listing of {memory.system}, account "{memory.account}", holds {row.why}, so it cannot be followed. '
        "Correct the record in the source, then settle this letter."
    )
    return _letter(
        stage,
        memory,
        letter_id=identity.letter_id(stage, memory.key, 0, _number(row.raw)),
        kind=LetterKind.UNREADABLE,
        reason=f"{memory.system}.{UNREADABLE_ROW}",
        sentence=sentence,
        content=row.raw,
        at=at,
    )


def _letter(
    stage: str,
    memory: AccountState,
    *,
    letter_id: str,
    kind: LetterKind,
    reason: str,
    sentence: str,
    content: bytes,
    at: datetime,
) -> DeadLetter:
    """No Kafka record failed: in place of a topic the letter names the account."""
    return DeadLetter(
        letter_id=letter_id,
        kind=kind,
        stage=stage,
        topic=memory.key,
        partition=0,
        offset=_number(content),
        record_key=memory.key.encode(),
        record_value=content if len(content) <= EVENT_BYTES else None,
        headers=(),
        change_order_key=memory.key,
        origin_id=None,
        command_id=None,
        reason=reason,
        sentence=sentence,
        remote_answer="",
        attempts=1,
        first_at=at,
        last_at=at,
    )


def _number(content: bytes) -> int:
    """A number that stands for ``content`` where a record's offset would be."""
    return int.from_bytes(hashlib.sha256(content).digest()[:7], "big")


class PollerLetters:
    """Makes records of letters. They all lie in the partition of their account's key."""

    def __init__(self, connection: Connection, codec: Codec, prefix: str, partitions: int) -> None:
        self._connection = connection
        self._codec = codec
        self._topic = LETTERS.name(prefix)
        self._partitions = partitions

    def written(self, letter: DeadLetter) -> Outgoing:
        """The letter itself."""
        by = letter.change_order_key or letter.letter_id
        value = self._codec.encode(letter, self._topic)
        return Outgoing(self._topic, letter.letter_id.encode(), value, partition_of(by.encode(), self._partitions))

    def settled(self, memory: AccountState, letter_id: str) -> Outgoing:
        """Its tombstone."""
        return Outgoing(self._topic, letter_id.encode(), None, self._partition(memory))

    def is_open(self, memory: AccountState, letter_id: str) -> bool:
        """Whether nobody has settled it. Reads the partition."""
        value: bytes | None = None
        for record in read_to_end(self._connection, [Partition(self._topic, self._partition(memory))]):
            if record.key == letter_id.encode():
                value = record.value
        return value is not None

    def _partition(self, memory: AccountState) -> int:
        return partition_of(memory.key.encode(), self._partitions)
