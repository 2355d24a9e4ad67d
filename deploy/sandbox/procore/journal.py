"""Every change of a change order or line, in order, with what was stored by it.

A test reads here whether applied versions ever decreased: an entry names the record's ``origin_id``, who
changed it, which fields, and all that the record held afterwards (``origin_data`` among it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from deploy.sandbox.procore.records import Line, Package, Pco, Request

Row = dict[str, Any]
Entity = Pco | Request | Package | Line

NAMES: Final[dict[type, str]] = {
    Pco: "potential_change_order",
    Request: "change_order_request",
    Package: "change_order_package",
    Line: "line_item",
}


@dataclass(frozen=True)
class Actor:
    """Who changes something: the app through the API, or a person in Procore's pages."""

    kind: str
    user: int


@dataclass
class Journal:
    """The changes so far."""

    now: Callable[[], datetime]
    entries: list[Row] = field(default_factory=list)

    def note(self, actor: Actor, action: str, record: Entity, changed: Iterable[str] = ()) -> None:
        """Adds one change; ``action`` is ``created``, ``changed`` or ``deleted``."""
        names = list(changed)
        self.entries.append(
            {
                "n": len(self.entries) + 1,
                "at": plain(self.now()),
                "by": actor.kind,
                "user": actor.user,
                "kind": NAMES[type(record)],
                "action": action,
                "id": record.id,
                "origin_id": record.origin_id,
                "changed": names,
                "values": as_row(record),
            }
        )

    def of(self, origin_id: str) -> list[Row]:
        """The changes of the records that had that ``origin_id`` at the time."""
        return [entry for entry in self.entries if entry["origin_id"] == origin_id]


def as_row(record: Any) -> Row:
    """All fields of a stored record, as JSON takes them."""
    return {one.name: plain(getattr(record, one.name)) for one in fields(record)}


def plain(value: Any) -> Any:
    """A stored value as JSON takes it: instants with their fraction, decimals as text."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
