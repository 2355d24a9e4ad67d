"""Money as the tables hold it: whole ten-thousandths, since SQLite has no exact decimals."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

_PLACES: Final = 4
MOST_SUMMED: Final = 10**15
"""A hundred billion of a currency: of amounts within that, thousands add up to what databases still hold exactly."""
_FIRST: Final = -62_135_424_000_000
_LAST: Final = 253_402_128_000_000
"""A day or two within the years 1 and 9999, so that every zone has the moment, too."""


def ten_thousandths(amount: Decimal | None) -> int | None:
    """``123456`` for 12.3456. What has more than four places is rounded to even; records of ours have none such."""
    return None if amount is None else int(amount.scaleb(_PLACES).to_integral_value())


def summable(amount: int | None) -> int | None:
    """The same, as it may be added to others; ``None``: it is not known, or larger than a change order can be."""
    return amount if amount is not None and -MOST_SUMMED <= amount <= MOST_SUMMED else None


def decimal_of(amount: int | None) -> Decimal | None:
    """The amount again, exactly."""
    return None if amount is None else Decimal(amount).scaleb(-_PLACES)


def milliseconds(at: datetime | None) -> int | None:
    """Epoch milliseconds, as times stand in the tables."""
    return None if at is None else round(at.timestamp() * 1000)


def time_of(at: int | None) -> datetime | None:
    """The time again, in UTC; what is no time of these years, since a stranger wrote it, is the nearest."""
    return None if at is None else datetime.fromtimestamp(min(max(_FIRST, at), _LAST) / 1000, UTC)
