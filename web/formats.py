"""Amounts, times and states as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from operations.wording import amount as plain_amount
from operations.wording import duration, system_name
from operations.zones import shown_in
from web.words import OPERATIONS, RECORDS, SHAPES, STATES, STATUSES, VERBS, WORDS

_MINUS = "\N{MINUS SIGN}"


def name_of(number: str | None, key: str) -> str:
    """What a change order is called: its number, else its id at the source."""
    return number or key.split(":", 2)[-1]


def money(amount: Decimal | None, currency: str | None = None) -> str:
    """``−1,250.00 USD``; what is not known is said to be so, never zero."""
    if amount is None:
        return WORDS["unknown"]
    return plain_amount(amount, currency).replace("-", _MINUS)


def sums(by_currency: Mapping[str | None, Decimal]) -> str:
    """Each currency by itself: ``4,800.00 USD; 12.00 CAD``; nothing at all is ``0.00``."""
    told = {currency: amount for currency, amount in by_currency.items() if amount}
    parts = [
        money(amount, currency or (WORDS["no_currency"] if len(told) > 1 else None))
        for currency, amount in _in_order(told)
    ]
    # A line may end between two currencies, and nowhere else.
    return "; ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts) or "0.00"


def _in_order(by_currency: Mapping[str | None, Decimal]) -> list[tuple[str | None, Decimal]]:
    return sorted(by_currency.items(), key=lambda pair: (pair[0] is None, pair[0] or ""))


class Zone:
    """Times in one zone, as people in the United States write them. Raises ``ZoneInfoNotFoundError``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._zone = ZoneInfo(name)

    def moment(self, at: datetime | None) -> str:
        """``Oct 31, 2026 14:05 CDT``."""
        if at is None:
            return WORDS["unknown"]
        here = shown_in(self._zone, at)
        return f"{here:%b} {here.day}, {here:%Y %H:%M} {here.tzname()}"

    def clock(self, at: datetime, now: datetime) -> str:
        """``14:05``, where the day is that of ``now``; else the whole moment."""
        return f"{shown_in(self._zone, at):%H:%M}" if self.day(at) == self.day(now) else self.moment(at)

    def here(self, at: datetime) -> datetime:
        """The same moment as the zone's clocks show it."""
        return shown_in(self._zone, at)

    def day(self, at: datetime) -> date:
        """The date in the zone."""
        return shown_in(self._zone, at).date()

    def start_of(self, day: date) -> datetime:
        """When a day begins in the zone."""
        return datetime(day.year, day.month, day.day, tzinfo=self._zone)


def age(at: datetime, now: datetime) -> str:
    """``5 d``."""
    return duration((now - at).total_seconds())


def status(word: str | None) -> str:
    """A status' shape and word; another system's own word stays as it is."""
    if not word:
        return ""
    return f"{SHAPES.get(word, '')} {STATUSES.get(word, word.replace('_', ' '))}".strip()


def state(word: str | None) -> str:
    """What became of it at a destination."""
    return STATES.get(word or "", word or "")


def verb(action: str) -> str:
    """``Send again``: what a decision is called, also by the name that the audit has for it."""
    return VERBS.get(action.rpartition(".")[2], action)


def operations(words: str) -> str:
    """``created, changed``."""
    return ", ".join(OPERATIONS.get(word, word) for word in words.split(", "))


def records(words: str) -> str:
    """``PCO, line``."""
    return ", ".join(RECORDS.get(word.replace(" ", "_"), word) for word in words.split(", "))


def reason(word: str) -> str:
    """``Procore: cost code unknown`` for ``procore.cost_code_unknown``."""
    system, dot, what = word.partition(".")
    if not dot:
        return word
    name = system_name(system)
    return f"{name[:1].upper()}{name[1:]}: {what.replace('_', ' ')}"
