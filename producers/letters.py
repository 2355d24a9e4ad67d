"""A poller's letters on their topic."""

from __future__ import annotations

from producers.poll_state import AccountMemory
from relay.domain.letters import DeadLetter
from relay.engine.kafka import Connection, Outgoing, Partition, partition_of, read_to_end
from relay.engine.topics import LETTERS
from schemas.codec import Codec


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

    def settled(self, memory: AccountMemory, letter_id: str) -> Outgoing:
        """Its tombstone."""
        return Outgoing(self._topic, letter_id.encode(), None, self._partition(memory))

    def is_open(self, memory: AccountMemory, letter_id: str) -> bool:
        """Whether nobody has settled it. Reads the partition."""
        value: bytes | None = None
        for record in read_to_end(self._connection, [Partition(self._topic, self._partition(memory))]):
            if record.key == letter_id.encode():
                value = record.value
        return value is not None

    def _partition(self, memory: AccountMemory) -> int:
        return partition_of(memory.key.encode(), self._partitions)
