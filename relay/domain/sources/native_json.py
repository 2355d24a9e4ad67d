"""The ``raw`` of an event: the source's own objects, byte for byte, in one JSON object."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from relay.domain.sources.exact_json import decode


def compose(change_order: bytes, items: Sequence[bytes]) -> bytes:
    """``{"change_order": …, "items": […]}`` around the native bytes, none of which is touched."""
    return b'{"change_order": ' + change_order + b', "items": [' + b", ".join(items) + b"]}"


def parse(raw: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The change order and the items of a ``raw``. Raises ``ValueError`` where it is none."""
    value = decode(raw.decode())
    if not isinstance(value, dict) or not isinstance(value.get("change_order"), dict):
        raise ValueError("not an object with a change order")
    items = value.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("the items are not a list of objects")
    return value["change_order"], items


def omitted(raw: bytes) -> str:
    """What an event says in place of a ``raw`` that is too large to carry."""
    return f"{len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()}"
