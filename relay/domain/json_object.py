"""Objects in texts that anybody may have written: what is none says nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def object_in(text: str | None, parse_float: Callable[[str], Any] = float) -> dict[str, Any] | None:
    """The JSON object that ``text`` is; ``None`` where it is none, or nested deeper than anybody could read.

    ``parse_float``: what numbers with a fraction become.
    """
    try:
        value = json.loads(text or "", parse_float=parse_float)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
