"""Reads from a refusal how long the remote asks to wait.

Procore's documentation contradicts itself about which of ``Retry-After`` and
``X-Rate-Limit-Reset`` a 429 carries (Procore docs, "Rate Limiting" against "Error Reference"), so the
longest of what is there counts. ConstructionOnline says in its answer "which limit was hit and how long
to wait" and does not say in which form (ConstructionOnline developers, "Rate Limits").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 3_700.0
"""Seconds. No hourly limit can ask for more; a larger number is a mistake or another unit."""

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
# Every repetition is bounded, so that an answer that is made for it takes no more time than its length.
_AMOUNT = r"(?<!\d)\d{1,12}(?:\.\d{1,12})?\s{0,20}(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|[smhd])\b"
# "500 requests per 1 hour exceeded, try again in 12 minutes": only what follows such a word counts.
_WAITING = re.compile(
    rf"(?:wait|again|retry|reset|after|\bin|available)\D{{0,40}}?((?:{_AMOUNT}[\s,]{{0,20}}(?:and\s{{1,20}})?){{1,5}})",
    re.IGNORECASE,
)
_LEFT = re.compile(rf"((?:{_AMOUNT}[\s,]{{0,20}}(?:and\s{{1,20}})?){{1,5}})(?:remain|left)", re.IGNORECASE)
_CLOCK = re.compile(r"(?:wait|again|retry|reset|after|\bin)\D{0,40}?(\d{1,3}):(\d\d):(\d\d)", re.IGNORECASE)
# {"RetryAfter": 1500}: without a unit it is seconds, as in the header of that name.
_BARE = re.compile(r"(?:retry[\s_-]?after|wait)\w{0,40}[\"'\s:=]{1,5}(\d{1,8}(?:\.\d+)?)(?![\d:-])", re.IGNORECASE)
_SEPARATOR = re.compile(r"(?<=\d),(?=\d{3}\b)")
_PIECE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.IGNORECASE)


def stated_wait(headers: Mapping[str, str], body: bytes, longest: float = LONGEST_WAIT) -> float | None:
    """Seconds from now, at most ``longest``; ``None`` where nothing is said.

    Moments are taken relative to the answer's own ``Date``, so that a wrong clock on either
    side does no harm.
    """
    stated = [wait for wait in (retry_after(headers), reset_in(headers), _wait_in_text(body)) if wait is not None]
    return min(max(stated), longest) if stated else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` in seconds, or as a date relative to ``Date``."""
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is not None:
        return max(0.0, seconds)
    until, now = _moment(value), answered_at(headers)
    return None if until is None else max(0.0, until - now)


def reset_in(headers: Mapping[str, str]) -> float | None:
    """``X-Rate-Limit-Reset`` (unix seconds), relative to ``Date``."""
    reset = _number(headers.get("x-rate-limit-reset", ""))
    return None if reset is None else max(0.0, reset - answered_at(headers))


def answered_at(headers: Mapping[str, str]) -> float:
    """The remote's clock when it answered, in unix seconds; our own where it does not say."""
    stated = _moment(headers.get("date", ""))
    return datetime.now(UTC).timestamp() if stated is None else stated


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None  # also refuses nan and infinity


def _moment(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):  # A year of twenty digits, or one that has no moment in UTC.
        return None


def _wait_in_text(body: bytes) -> float | None:
    text = _SEPARATOR.sub("", body[:4000].decode("utf-8", errors="replace"))
    clock = _CLOCK.search(text)
    if clock:
        hours, minutes, seconds = map(int, clock.groups())
        return float(hours * 3600 + minutes * 60 + seconds)
    waiting = _WAITING.search(text) or _LEFT.search(text)
    if waiting is not None:
        return sum(float(amount) * _UNIT_SECONDS[unit.lower()] for amount, unit in _PIECE.findall(waiting.group(1)))
    bare = _BARE.search(text)
    return float(bare.group(1)) if bare else None
