"""Systems, records and steps as people call them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from relay.domain.commands import CinxCommand, ProcoreCommand
from relay.domain.ledger import Hold, HoldKind
from relay.domain.outcomes import RemoteRecord
from relay.domain.route_names import RouteNames


def lasting(seconds: float, at: datetime) -> str:
    """``40 s``, or ``3 h, until Mon 02:40 UTC``: how long what begins at ``at`` takes."""
    if seconds < 3_600:
        return duration(seconds)
    end = (at + timedelta(seconds=seconds)).astimezone(UTC)
    return f"{duration(seconds)}, until {end:%a %H:%M} UTC"


def moment(at: datetime) -> str:
    """A time for people: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """``4 s``, ``12 min``, ``3 h``, ``5 d``: how old something is."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


_SYSTEMS = {"constructiononline": "ConstructionOnline", "procore": "Procore", "cinx": "CINX"}
_RECORDS = {
    "potential_change_order": "potential change order",
    "change_order_request": "change order request",
    "change_order_package": "change order package",
    "poco": "purchase order change order",
}


def system_name(system: str | None) -> str:
    """``Procore`` for ``procore``."""
    return _SYSTEMS.get(system or "", system or "")


def place_of(command: ProcoreCommand | CinxCommand, names: RouteNames) -> str:
    """``CINX PO-123 (target tower/steel)``: where a command goes."""
    return f"{system_name(command.system)} {command.destination.name} (target {names.of_command(command)})"


def hold_end(hold: Hold) -> str:
    """When it ends."""
    if hold.kind is HoldKind.DOUBT:
        return "until a person decides"
    return "until a probe succeeds" if hold.probe else f"until {moment(hold.until)} UTC"


def remote_line(record: RemoteRecord) -> str:
    """``potential change order 77 (id 598): https://...``."""
    kind = _RECORDS.get(record.kind, record.kind.replace("_", " "))
    number = f" {record.number}" if record.number else ""
    link = f": {record.url}" if record.url else ""
    return f"{kind}{number} (id {record.remote_id}){link}"


def amount(value: Decimal | None, currency: str | None = None) -> str:
    """``2,380.00``, or ``2,380.00 USD``; at least two places, more only where they are there; ``none``."""
    if value is None:
        return "none"
    exact = value.normalize()
    exponent = exact.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    text = f"{exact:,.{places}f}"
    return f"{text} {currency}" if currency else text
