"""One short text by which two processes tell whether they follow the same routes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date

from relay.domain.identity import content_hash
from relay.domain.routes import Routing


def routes_digest(routing: Routing) -> str:
    """The digest of all that the routes say: 64 bits, hex. Another release may say another."""
    return content_hash(_plain(routing))[:16]


def _plain(value: object) -> object:
    """``value`` with every pattern and day as it is written."""
    if isinstance(value, re.Pattern):
        return f"/{value.pattern}/"
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(member) for member in value]
    return value.isoformat() if isinstance(value, date) else value
