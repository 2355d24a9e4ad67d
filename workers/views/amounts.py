"""Money as the tables hold it: whole ten-thousandths, since SQLite has no exact decimals."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

_PLACES: Final = 4


def ten_thousandths(amount: Decimal | None) -> int | None:
    """``123456`` for 12.3456. What has more than four places is rounded to even; records of ours have none such."""
    return None if amount is None else int(amount.scaleb(_PLACES).to_integral_value())


def decimal_of(amount: int | None) -> Decimal | None:
    """The amount again, exactly."""
    return None if amount is None else Decimal(amount).scaleb(-_PLACES)


def milliseconds(at: datetime | None) -> int | None:
    """Epoch milliseconds, as times stand in the tables."""
    return None if at is None else round(at.timestamp() * 1000)


def time_of(at: int | None) -> datetime | None:
    """The time again, in UTC."""
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)
