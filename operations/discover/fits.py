"""Which projects of two systems are probably one: by number or by name, and never more than a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from operations.discover.lists import Row
from relay.domain.text_folding import folded

_LEAST_NUMBER = 3
"""Characters of a number that is looked for in a name: 12 stands in too many."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A project of a target system that may be the source's, and why."""

    account: str
    row: Row
    why: str


def fits(source: Row, candidates: Iterable[tuple[str, Row]]) -> list[Fit]:
    """Those of the candidates (account and project) that have the source project's number or name."""
    return [Fit(account, row, why) for account, row in candidates if (why := _why(source, row)) is not None]


def _why(source: Row, row: Row) -> str | None:
    name, number = _words(source.get("name")), _words(row.get("number"))
    if number and number == _words(source.get("number")):
        return f"number {row.get('number')}"
    if name and name in (_words(row.get("name")), [*number, *_words(row.get("name"))]):
        return f'name "{row.get("name")}"'
    if len("".join(number)) >= _LEAST_NUMBER and _contains(name, number):
        return f"number {row.get('number')} in the name"
    return None


def _words(text: str | None) -> list[str]:
    return re.findall(r"\w+", folded(text or ""))


def _contains(words: list[str], part: list[str]) -> bool:
    return any(words[at : at + len(part)] == part for at in range(len(words) - len(part) + 1))
