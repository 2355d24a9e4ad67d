"""Compressed bytes, unfolded up to a limit and never beyond it."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import lz4.frame
import zstandard
from kafka import codec

NAMES: Mapping[int, str] = {1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"}
"""Kafka's numbers for ways to compress. Source: Apache Kafka documentation, 'Record Batch'."""

_XERIAL = b"\x82SNAPPY\0"  # How what Java's snappy writes begins: 16 bytes, then blocks with their lengths.


class CannotUnfold(Exception):
    """The bytes unfold to more than the limit, or not at all. The message goes on from "the batch"."""


def unfolded(data: memoryview, compression: int, limit: int) -> bytes:
    """What ``data`` unfolds to, if that is at most ``limit`` bytes; ``compression`` by Kafka's number.

    Takes memory and time in line with ``limit`` and the length of ``data``, whatever ``data``
    says of itself. Raises :class:`CannotUnfold`.
    """
    name = NAMES.get(compression, str(compression))
    unfold = _UNFOLD.get(compression)
    if unfold is None or (unfold is _snappy and not codec.has_snappy()):
        raise CannotUnfold(f"is compressed with {name}, which cannot be read here")
    try:
        found = unfold(data, limit)
    except CannotUnfold:
        raise
    # Each library has errors of its own, and snappy's is not even there to be named.
    except Exception as error:
        raise CannotUnfold(f"is no {name}, as which it is marked ({error})") from error
    if len(found) > limit:
        raise CannotUnfold(f"unfolds to more than {limit} bytes, which is more than any batch of ours may hold")
    return found


def _gzip(data: memoryview, limit: int) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        return file.read(limit + 1)


def _lz4(data: memoryview, limit: int) -> bytes:
    frame = lz4.frame.LZ4FrameDecompressor()
    found: bytes = frame.decompress(data, max_length=limit + 1)
    if len(found) <= limit and not frame.eof:
        raise zlib.error("it ends early")
    return found


def _zstd(data: memoryview, limit: int) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
        return reader.read(limit + 1)


def _snappy(data: memoryview, limit: int) -> bytes:
    """Snappy says first how much there will be, and gives up where there is more."""
    whole = bytes(data)
    blocks = _xerial_blocks(whole) if whole.startswith(_XERIAL) else [whole]
    if sum(map(_snappy_length, blocks)) > limit:
        return bytes(limit + 1)
    found: bytes = codec.snappy_decode(whole)
    return found


def _xerial_blocks(data: bytes) -> list[bytes]:
    blocks, at = [], 16
    while at < len(data):
        (size,) = struct.unpack_from(">i", data, at)
        if size <= 0:
            raise zlib.error(f"a block of {size} bytes")
        blocks.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return blocks


def _snappy_length(block: bytes) -> int:
    length = 0
    for place, byte in enumerate(block[:5]):
        length |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return length
    raise zlib.error("no length")


_UNFOLD: Mapping[int, Callable[[Any, int], bytes]] = {1: _gzip, 2: _snappy, 3: _lz4, 4: _zstd}
