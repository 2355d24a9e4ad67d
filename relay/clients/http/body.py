"""Reads the body of an answer within a bounded memory, whatever comes.

Asked for is gzip, and nothing else is unfolded: a few kilobytes that were compressed twice unfold to gigabytes before
anybody can look at their size.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

import httpx

LARGEST_ERROR_BODY = 65_536
"""Bytes of the body of an answer other than 2xx; what follows is not read. A letter quotes 4,000 characters."""

_UNFOLDED_AT_ONCE = 262_144
_MOST_MEMBERS = 1000  # Of one gzip body. Servers write one, or one for each part that they flush.

# What JSON takes in memory once it is read, in bytes, measured: rows of documented members take eight times their text,
# a list of empty lists fifty times.
_MEMBER_MEMORY = 100
_CONTAINER_MEMORY = 160
_MOST_MEMORY = 6  # Times the largest answer; with 32 MiB that leaves half of a pod's 384 MiB to the process.

_UNCOMPRESSED = frozenset({"", "identity", "utf-8"})  # Some servers name the charset in the wrong header.
_GZIP = frozenset({"gzip", "x-gzip"})
_GZIP_HEADER = zlib.MAX_WBITS | 16


class AnswerTooLarge(Exception):
    """The answer takes more memory than it is given."""


class UnaskedCompression(httpx.DecodingError):
    """The answer is compressed in another way than was asked for."""


def read_body(
    wire: Iterable[bytes], content_encoding: str, *, largest: int, cut: bool, check_time: Callable[[], None]
) -> bytes:
    """The body, decompressed: at most ``largest`` bytes of it.

    ``cut``: the rest of a longer one is left unread; otherwise ``AnswerTooLarge`` is raised, also for JSON whose values
    would take more than six times as much memory. Raises ``httpx.DecodingError`` for damaged or unasked
    compression, and whatever ``check_time`` raises, which is called at each piece.
    """
    body, memory = bytearray(), 0
    for piece in _unfolded(wire, content_encoding):
        check_time()
        body += piece
        memory += _MEMBER_MEMORY * piece.count(b",") + _CONTAINER_MEMORY * (piece.count(b"[") + piece.count(b"{"))
        if cut and len(body) >= largest:
            return bytes(body[:largest])
        if len(body) > largest or memory > _MOST_MEMORY * largest:
            raise AnswerTooLarge
    return bytes(body)


def _unfolded(wire: Iterable[bytes], content_encoding: str) -> Iterable[bytes]:
    coding = content_encoding.strip().lower()
    if coding in _UNCOMPRESSED:
        return wire
    if coding in _GZIP:
        return _gunzipped(wire)
    raise UnaskedCompression("the answer is compressed in a way that was not asked for")


def _gunzipped(wire: Iterable[bytes]) -> Iterator[bytes]:
    """The text of one gzip member after the other, no piece longer than 256 KiB."""
    decompressor, members = None, 0
    for piece in wire:
        rest = piece
        while rest:
            if decompressor is None:
                rest = rest.lstrip(b"\0") if members else rest  # Padding may follow a member.
                members += bool(rest)
                decompressor = zlib.decompressobj(_GZIP_HEADER) if rest else None
            if members > _MOST_MEMBERS:
                raise UnaskedCompression(f"the answer is more than {_MOST_MEMBERS} compressed files")
            if decompressor is not None:
                yield from _member(decompressor, rest)
                rest = decompressor.unused_data
                decompressor = None if decompressor.eof else decompressor
    if decompressor is not None:
        raise httpx.DecodingError("the answer's compression breaks off")


def _member(decompressor: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    """Whatever ``piece`` adds to a member."""
    try:
        unfolded = decompressor.decompress(piece, _UNFOLDED_AT_ONCE)
        yield unfolded
        while not decompressor.eof and (decompressor.unconsumed_tail or len(unfolded) == _UNFOLDED_AT_ONCE):
            unfolded = decompressor.decompress(decompressor.unconsumed_tail, _UNFOLDED_AT_ONCE)
            yield unfolded
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from None
