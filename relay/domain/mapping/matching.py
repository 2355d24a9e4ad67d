"""Which items a target takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from relay.domain.change_order import Item
from relay.domain.routes import Match, Pattern

FIELDS = ("name", "description", "unit", "cost_code", "classification_raw", "item_id")
"""Text fields of an item that a match may name."""


def takes(match: Match, item: Item, cost_codes: Mapping[str, str]) -> bool:
    """Whether all given conditions hold for the item.

    A cost code fits as the source writes it or as the route translates it.
    """
    if match.classifications is not None and item.classification not in match.classifications:
        return False
    if match.cost_codes is not None and not _code_fits(match.cost_codes, item.cost_code, cost_codes):
        return False
    return all(_fits(patterns, _text(item, name)) for name, patterns in match.fields.items())


def _code_fits(patterns: Sequence[Pattern], code: str | None, cost_codes: Mapping[str, str]) -> bool:
    if code is None:
        return False
    return _fits(patterns, code) or (code in cost_codes and _fits(patterns, cost_codes[code]))


def _text(item: Item, name: str) -> str | None:
    value = getattr(item, name) if name in FIELDS else None
    return value if isinstance(value, str) else None


def _fits(patterns: Sequence[Pattern], text: str | None) -> bool:
    return text is not None and any(_one_fits(pattern, text) for pattern in patterns)


def _one_fits(pattern: Pattern, text: str) -> bool:
    if isinstance(pattern, re.Pattern):
        return pattern.search(text) is not None
    return pattern == text
