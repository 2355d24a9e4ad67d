"""Systems, records and steps as people call them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from relay.domain.failures import Throttled

if TYPE_CHECKING:  # A command says times and amounts before it knows of any record.
    from relay.domain.commands import TargetCommand
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


def lasted(seconds: float) -> str:
    """``4 seconds``, ``12 minutes``, ``3 days``: the same, within a sentence."""
    number, unit = duration(seconds).split(" ")
    return counted(int(number), _UNITS[unit])


def counted(number: int, noun: str) -> str:
    """``1 row``, ``2 rows``: so many of what takes an s."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def why_failed(failure: Exception) -> str:
    """What is said of it; where a remote refuses for its rate, for how long as well."""
    if isinstance(failure, Throttled) and failure.status is not None:
        return f"{failure}; try again in {duration(failure.wait_seconds)}"
    return str(failure)


_UNITS = {"d": "day", "h": "hour", "min": "minute", "s": "second"}
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


def place_of(command: TargetCommand, names: RouteNames) -> str:
    """``CINX PO-123 (target tower/steel)``: where a command goes."""
    return f"{system_name(command.system)} {command.destination.name} (target {names.of_command(command)})"


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
