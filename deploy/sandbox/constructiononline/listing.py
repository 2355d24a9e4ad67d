"""Which records a listing shows, in which order and shape.

Source: ConstructionOnline developers, "Get change orders modified after a specific date" and its
siblings: ``fromDate=YYYY-MM-DD`` is inclusive and compares DATE_MODIFIED by day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from random import Random
from typing import Any, Final

from .dates import day_of
from .properties import Record
from .settings import Settings

DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class BadParameter(ValueError):
    """A query parameter that is unknown or malformed: answered with 400."""


def known(query: Mapping[str, str], *names: str) -> None:
    """Raises BadParameter for any other name, so that a misspelt filter cannot pass as none."""
    for name in query:
        if name not in names:
            raise BadParameter(f"The parameter '{name}' is not known here.")


def number(query: Mapping[str, str], name: str) -> int | None:
    """A whole number, or None if the parameter is absent."""
    if name not in query:
        return None
    if not re.fullmatch(r"-?\d{1,10}", query[name]):
        raise BadParameter(f"The value '{query[name]}' is not valid for {name}.")
    return int(query[name])


def flag(query: Mapping[str, str], name: str) -> bool | None:
    """A boolean in words, or None if the parameter is absent."""
    if name not in query:
        return None
    if query[name].lower() not in ("true", "false"):
        raise BadParameter(f"The value '{query[name]}' is not valid for {name}.")
    return query[name].lower() == "true"


def from_day(query: Mapping[str, str]) -> str | None:
    """The day of ``fromDate``, or None if it is absent."""
    if "fromDate" not in query:
        return None
    text = query["fromDate"]
    try:
        if not DAY.fullmatch(text):
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        raise BadParameter(f"The value '{text}' is not valid for fromDate.") from None
    return text


def narrowed(
    records: Iterable[Record], equal: Mapping[str, int | None], day_property: str, day: str | None
) -> list[Record]:
    """The records that have each given value and are of ``day`` or later."""
    wanted = {name: value for name, value in equal.items() if value is not None}
    return [
        record
        for record in records
        if all(record.get(name) == value for name, value in wanted.items())
        and (day is None or day_of(record.get(day_property)) >= day)
    ]


def ordered(records: list[Record], settings: Settings, random: Random) -> list[Record]:
    """In the order that the setting names."""
    if settings.order == "shuffle":
        return random.sample(records, len(records))
    if settings.order == "modified":
        return sorted(records, key=lambda record: str(record.get("DATE_MODIFIED", "")))
    return sorted(records, key=lambda record: str(record.get("ID", "")).rjust(30))


def shaped(records: list[Record], settings: Settings) -> Any:
    """The JSON value of a listing (an empty body is the business of whoever sends it)."""
    if not records and settings.empty_list == "null":
        return None
    if len(records) == 1 and settings.single_row == "object":
        return records[0]
    if settings.list_shape == "wrapped":
        return {settings.wrapper_key: records}
    return records
