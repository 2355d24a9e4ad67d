"""Single values and their bytes, as Avro spells them (Avro specification, 'Binary Encoding', 'Logical Types').

Spelling a value is a look-up in a table that fills itself, because the same numbers, amounts and
words come again and again. Tables may be used from any thread: at worst two work out the same entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from typing import Final

PRECISION: Final = 18
SCALE: Final = 4

NONE: Final = b"\x00"
SOME: Final = b"\x02"
"""The branch of a union with null: null is always the first, so the other one is index 1."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_STEP: Final = Decimal(1).scaleb(-SCALE)
# Own contexts, so that neither the caller's precision nor its rounding has a say. A trap is what makes "exactly" true.
_EXACT: Final = Context(prec=PRECISION, traps=[Inexact, InvalidOperation])
_LONGS: Final = range(-(2**63), 2**63)
_KEPT: Final = 4096
_LONGEST: Final = 9
"""Bytes of an unscaled integer of 18 digits, and one to spare."""


def varint(number: int) -> bytes:
    """A long: zigzag, seven bits a byte, low ones first. Raises ``OverflowError`` beyond 64 bits."""
    if number not in _LONGS:
        raise OverflowError(f"{number} needs more than 64 bits")
    rest = (number << 1) ^ (number >> 63)
    spelt = bytearray()
    while rest > 0x7F:
        spelt.append(rest & 0x7F | 0x80)
        rest >>= 7
    spelt.append(rest)
    return bytes(spelt)


def unscaled(amount: Decimal) -> int:
    """``amount`` in ten-thousandths. Raises ``ValueError`` unless it fits decimal(18,4) exactly."""
    try:
        return int(_EXACT.scaleb(_EXACT.quantize(amount, _STEP), SCALE))
    except (ArithmeticError, ValueError):
        raise ValueError(
            f"is {amount}, which does not fit decimal({PRECISION},{SCALE}) exactly: at most {PRECISION - SCALE} digits "
            f"before the point and {SCALE} after it; round it where it is known what rounding means"
        ) from None


def instant(moment: datetime) -> bytes:
    """Milliseconds since 1970, what is finer cut off. Raises ``ValueError`` for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"is {moment.isoformat()}, a time without a zone; only a time with one is an instant")
    return varint((moment - _EPOCH) // _MILLISECOND)


def moment(milliseconds: int) -> datetime:
    """The instant, in UTC. Raises ``OverflowError`` outside the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


class LongBytes(dict[int | None, bytes]):
    """Longs and their bytes. ``optional``: as the value of a union with null, which knows ``None`` too."""

    def __init__(self, *, optional: bool = False) -> None:
        self._branch = SOME if optional else b""
        super().__init__({number: self._branch + varint(number) for number in range(-64, 8192)})
        if optional:
            self[None] = NONE

    def __missing__(self, number: int) -> bytes:
        return self._branch + varint(number)


class AmountBytes(dict[Decimal | None, bytes]):
    """Amounts and their bytes, so many of them as have come lately; ``optional`` as for :class:`LongBytes`.

    The bytes are the unscaled integer in big-endian two's complement, after their number.
    """

    def __init__(self, *, optional: bool = False) -> None:
        super().__init__()
        self._optional = optional
        branch = SOME if optional else b""
        self._sizes = [branch + varint(size) for size in range(_LONGEST + 1)]

    def __getitem__(self, amount: Decimal | None) -> bytes:
        # A float that equals a known amount has its hash too, and would be taken for it.
        return super().__getitem__(amount) if isinstance(amount, Decimal) else self.__missing__(amount)

    def __missing__(self, amount: Decimal | None) -> bytes:
        if amount is None and self._optional:
            return NONE
        if not isinstance(amount, Decimal):
            raise TypeError(f"is {amount!r}, not a Decimal")
        number = unscaled(amount)
        size = (number.bit_length() + 8) // 8
        spelt = self._sizes[size] + number.to_bytes(size, "big", signed=True)
        if len(self) >= _KEPT:
            self.clear()
        self[amount] = spelt
        return spelt


class Amounts(dict[bytes, Decimal]):
    """The bytes of an unscaled integer and the amount that they mean, so many of them as have come lately.

    Raises ``ArithmeticError`` for more digits than decimal(18,4) has.
    """

    def __missing__(self, spelt: bytes) -> Decimal:
        amount = _EXACT.scaleb(Decimal(int.from_bytes(spelt, "big", signed=True)), -SCALE)
        if len(self) >= _KEPT:
            self.clear()
        self[spelt] = amount
        return amount


def word_bytes(vocabulary: type[StrEnum], *, optional: bool = False) -> dict[str | None, bytes]:
    """Every word of a vocabulary and its bytes."""
    branch = SOME if optional else b""
    spelt: dict[str | None, bytes] = {word: branch + _sized(word.value.encode()) for word in vocabulary}
    return {None: NONE, **spelt} if optional else spelt


def words(vocabulary: type[StrEnum]) -> Mapping[bytes, StrEnum]:
    """The bytes of every word of a vocabulary, without their number, and the word."""
    return {word.value.encode(): word for word in vocabulary}


def _sized(spelt: bytes) -> bytes:
    return varint(len(spelt)) + spelt
