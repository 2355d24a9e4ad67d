"""The time zone of the company's people, in which times are shown to them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from relay.engine.configuration import load_configuration
from relay.engine.configuration.pins import placeholders
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.settings import Settings

UTC_NAME = "UTC"


@dataclass(frozen=True, slots=True)
class CompanyZone:
    """A zone by its name of the time zone database."""

    name: str = UTC_NAME

    @property
    def zone(self) -> ZoneInfo:
        """The zone itself."""
        return ZoneInfo(self.name)

    def moment(self, at: datetime) -> str:
        """``2026-10-31 14:05:09``, where the zone stands in the header."""
        return f"{shown_in(self.zone, at):%Y-%m-%d %H:%M:%S}"

    def named_moment(self, at: datetime) -> str:
        """``2026-10-31 14:05:09 CDT``."""
        return f"{shown_in(self.zone, at):%Y-%m-%d %H:%M:%S %Z}"

    def today(self, now: datetime) -> date:
        """The date there at ``now``."""
        return shown_in(self.zone, now).date()

    def start_of(self, day: date) -> datetime:
        """When a day begins there."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)


UTC_ZONE = CompanyZone()


def shown_in(zone: ZoneInfo, at: datetime) -> datetime:
    """The moment as the zone's clocks show it; the calendar's first and last hours, which it may not have, as they are.

    Records of strangers may name any time.
    """
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def zone_of(settings: Settings, accounts: Collection[str] | None = None) -> CompanyZone:
    """The zone that the configuration's accounts name, where those that name any name the same; else UTC.

    ``accounts``: only these, as ``system:account``; ``None``: all.
    """
    if settings.config is None:
        return UTC_ZONE
    try:
        # Which accounts there are does not depend on what is pinned, so that no Kafka is asked.
        configuration = load_configuration(settings.config, secrets_of=(), pins=placeholders({}, {}))
    except (ConfigurationError, OSError):
        return UTC_ZONE  # What is shown does not depend on the file; who works by it says what is wrong.
    configured = configuration.accounts().items()
    zones = {account.time_zone for key, account in configured if accounts is None or key in accounts} - {UTC_NAME}
    return CompanyZone(zones.pop() if len(zones) == 1 else UTC_NAME)
