"""Filters and paging of the lists.

Source: CINX API docs, "PO Change Orders" (list parameters), "Introduction" (offset, limit). A
parameter that is not documented is refused, so that a misspelt filter cannot pass as none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final, TypeVar

from .rows import suffix
from .settings import Settings

Row = dict[str, Any]
T = TypeVar("T")

DEFAULT_LIMIT: Final = 50
PAGING: Final = frozenset({"offset", "limit"})

FILTERS: Final[Mapping[str, Callable[[Row], Any]]] = {
    "delivery": lambda doc: doc["delivery"]["location_type"],
    "procurement": lambda doc: doc["procurement_status"],
    "workflow": lambda doc: doc["workflow_status"],
    "erp": lambda doc: doc["erp_status"],
    "project": lambda doc: doc["project"]["cinx_guid"],
    "vendor": lambda doc: doc["vendor"]["number"],
    "ship-via": lambda doc: doc["delivery"]["ship_via"],
    "need-by": lambda doc: doc["dates"]["need_by"],
    "submitter": lambda doc: doc["submitter"]["cinx_guid"],
}
"""What each parameter compares with; ``number`` differs between lists."""


class BadParameter(ValueError):
    """A query parameter that the list does not have, or that is malformed."""


def known(query: Mapping[str, str], names: frozenset[str]) -> None:
    """Raises BadParameter for a parameter that is not among ``names``."""
    for name in query.keys() - names - {"format"}:
        raise BadParameter(f"Unknown parameter [{name}]")
    if query.get("format", "json") != "json":
        raise BadParameter("This simulation answers in JSON only")


def matches(document: Row, query: Mapping[str, str]) -> bool:
    """Whether a document passes all filters but ``number``."""
    return all(compare(document) == query[name] for name, compare in FILTERS.items() if name in query)


def poco_number_matches(number: str, wanted: str, settings: Settings) -> bool:
    """Whether ``number=`` finds a POCO; which number it means is not documented."""
    spellings = {
        "full": (number,),
        "suffix": (suffix(number),),
        "both": (number, suffix(number)),
    }
    return wanted in spellings[settings.poco_number_filter]


def page(rows: list[T], query: Mapping[str, str], settings: Settings) -> list[T]:
    """The rows from ``offset`` on, at most ``limit``."""
    limit = number(query, "limit", DEFAULT_LIMIT)
    offset = number(query, "offset", 0)
    if settings.offset_counts != "rows":
        offset = (offset if settings.offset_counts == "pages" else max(0, offset - 1)) * limit
    return rows[offset : offset + limit]


def number(query: Mapping[str, str], name: str, default: int) -> int:
    """A whole number of the query."""
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise BadParameter(f"[{text}] is no valid {name}")
    return int(text)


def ordered(rows: list[T], settings: Settings, random: Random) -> list[T]:
    """Oldest first, or another order at each call."""
    return random.sample(rows, len(rows)) if settings.order == "shuffle" else rows
