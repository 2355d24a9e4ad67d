"""One short text for all routes: two processes that state the same one follow the same routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from typing import Any

from relay.domain.expression import Expression
from relay.domain.identity import content_hash
from relay.domain.routes import Unrouted
from relay.engine.configuration.loading import Configuration


def routes_digest(configuration: Configuration) -> str:
    """SHA-256 (hex) over the routes, and over what becomes of what they do not take.

    It is of what the file means: comments, layout, the order of keys and a default that is written out change nothing,
    and a key that a later release adds changes nothing where it is not used. Accounts are not part of it.
    """
    routing = configuration.routing
    unrouted = {account: word for account, word in routing.unrouted.items() if word is not Unrouted.LETTER}
    return content_hash({"routes": _plain(routing.routes), "unrouted": unrouted})


def _plain(value: Any) -> Any:
    """What a content hash can be made of."""
    if isinstance(value, Expression):
        return f"/{value.source}/"
    if is_dataclass(value):
        stated = [field for field in fields(value) if getattr(value, field.name) != _default(field)]
        return {field.name: _plain(getattr(value, field.name)) for field in stated}
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    return value.isoformat() if isinstance(value, date) else value


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
