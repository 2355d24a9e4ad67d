"""Records by the million: encoded once, varied by their bytes, and handed to the broker as whole batches.

A producer takes each record apart from the next, which takes longer here than all that is measured afterwards. What is
written is what a producer of ours would have written, but for transactions. Source for both layouts: Apache Kafka
documentation, 'Record Batch' and 'Protocol: Produce API (Version 7)'.
"""

from __future__ import annotations

import gzip
import os
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import lz4.frame
from crc32c import crc32c

from relay.engine.kafka import Partition

NUMBER = "5000000"
"""Stands in a pattern for a change order's number; those that are written have as many digits."""

TOKEN = "f" * 32
"""Stands in a pattern for 32 hexadecimal digits that are other ones in each record."""

TOGETHER = 400
"""Records of one batch."""

_PRODUCE, _VERSION = 0, 7
_LZ4, _GZIP = 3, 1
_POOL = os.urandom(1 << 16).hex().encode()
_CLIENT = b"bench"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A record as it is encoded once; ``value`` ``None``: a tombstone."""

    key: bytes
    value: bytes | None

    def rest(self) -> bytes:
        """All of the record behind its offset."""
        value = _varint(-1) if self.value is None else _varint(len(self.value)) + self.value
        return _varint(len(self.key)) + self.key + value + _varint(0)


class Bulk:
    """One connection to the only broker of a cluster; ``squeezed``: gzip instead of lz4. Belongs to one thread."""

    def __init__(self, bootstrap_servers: str) -> None:
        host, _, port = bootstrap_servers.split(",", maxsplit=1)[0].rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=120)
        self._answers = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answers.close()
        self._socket.close()

    def write(self, place: Partition, pattern: Pattern, numbers: Sequence[int], *, squeezed: bool = False) -> None:
        """One record of ``pattern`` for each number, in order."""
        for at in range(0, len(numbers), TOGETHER):
            self._produce(place, _batch(pattern.rest(), numbers[at : at + TOGETHER], squeezed=squeezed))

    def _produce(self, place: Partition, batch: bytes) -> None:
        topic = place.topic.encode()
        body = struct.pack(">hhih", _PRODUCE, _VERSION, 0, len(_CLIENT)) + _CLIENT
        body += struct.pack(">hhiih", -1, -1, 60_000, 1, len(topic)) + topic
        body += struct.pack(">iii", 1, place.number, len(batch)) + batch
        self._socket.sendall(struct.pack(">i", len(body)) + body)
        (size,) = struct.unpack(">i", self._answers.read(4))
        answer = self._answers.read(size)
        # Correlation id, one topic and its name, one partition and its number: then comes the error.
        (error,) = struct.unpack_from(">h", answer, 4 + 4 + 2 + len(topic) + 4 + 4)
        if error:
            raise RuntimeError(f"the broker refused a batch for {place}: error {error} of Kafka's protocol")


def _batch(rest: bytes, numbers: Sequence[int], *, squeezed: bool) -> bytes:
    records = b"".join(_records(rest, numbers))
    packed = gzip.compress(records, 1) if squeezed else lz4.frame.compress(records, block_linked=False)
    now = int(time.time() * 1000)
    checked = struct.pack(
        ">hiqqqhii", _GZIP if squeezed else _LZ4, len(numbers) - 1, now, now, -1, -1, -1, len(numbers)
    )
    checked += packed
    head = struct.pack(">ibI", -1, 2, crc32c(checked))
    return struct.pack(">qi", 0, len(head) + len(checked)) + head + checked


def _records(rest: bytes, numbers: Iterable[int]) -> Iterator[bytes]:
    number_, token = NUMBER.encode(), TOKEN.encode()
    for delta, number in enumerate(numbers):
        at = (number * 7919) % (len(_POOL) - len(TOKEN))
        body = b"\0\0" + _varint(delta)
        body += rest.replace(number_, b"%07d" % number).replace(token, _POOL[at : at + len(TOKEN)])
        yield _varint(len(body)) + body


def _varint(number: int) -> bytes:
    """Zigzag, seven bits a byte."""
    left, found = (number << 1) ^ (number >> 63), bytearray()
    while left > 0x7F:
        found.append(left & 0x7F | 0x80)
        left >>= 7
    found.append(left)
    return bytes(found)
