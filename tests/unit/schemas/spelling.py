"""Avro's spelling of numbers and texts, worked out here once more (Avro specification, 'Binary Encoding')."""

from __future__ import annotations


def varint(number: int) -> bytes:
    """A long: zigzag, seven bits a byte, low ones first."""
    rest = (number << 1) ^ (number >> 63)
    spelt = bytearray()
    while rest > 0x7F:
        spelt.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*spelt, rest])


def sized(value: bytes) -> bytes:
    """A text or bytes after their length."""
    return varint(len(value)) + value
