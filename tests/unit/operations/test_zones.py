"""Times are shown in the zone of the company's people, where the configuration names one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from operations.zones import CompanyZone, zone_of
from relay.engine.settings import Settings, read_settings
from web.formats import Zone

CONFIGURATION = """
accounts:
  constructiononline:
    acme: {{email: a@acme.example, password_file: secret, api_key_file: secret{source}}}
  procore:
    acme: {{company_id: 4200, client_id_file: secret, client_secret_file: secret{target}}}
"""
AT = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def settings(folder: Path, text: str | None) -> Settings:
    file = folder / "cor.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    return read_settings({"COR_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "COR_CONFIG": str(file)})


@pytest.mark.parametrize(
    ("source", "target", "accounts", "zone"),
    [
        ("", "", None, "UTC"),
        (", time_zone: America/Chicago", "", None, "America/Chicago"),
        (", time_zone: America/Chicago", ", time_zone: America/Chicago", None, "America/Chicago"),
        (", time_zone: America/Chicago", ", time_zone: America/Denver", None, "UTC"),
        (", time_zone: America/Chicago", ", time_zone: America/Denver", {"procore:acme"}, "America/Denver"),
        (", time_zone: America/Chicago", "", {"procore:acme"}, "UTC"),
    ],
)
def test_it_is_the_one_that_the_accounts_agree_on(
    tmp_path: Path, source: str, target: str, accounts: set[str] | None, zone: str
) -> None:
    text = CONFIGURATION.format(source=source, target=target)
    assert zone_of(settings(tmp_path, text), accounts).name == zone


@pytest.mark.parametrize("text", [None, "accounts: [", "accounts: {procore: {acme: {}}}"])
def test_what_is_shown_does_not_depend_on_a_file_that_is_well(tmp_path: Path, text: str | None) -> None:
    assert zone_of(settings(tmp_path, text)).name == "UTC"


def test_a_time_says_its_zone_where_no_header_does() -> None:
    zone = CompanyZone("America/Chicago")
    assert (zone.moment(AT), zone.named_moment(AT)) == ("2026-11-01 01:30:00", "2026-11-01 01:30:00 CDT")
    assert zone.named_moment(AT.replace(hour=7)) == "2026-11-01 01:30:00 CST"


def test_a_day_begins_where_its_people_are_and_may_last_25_hours() -> None:
    zone = CompanyZone("America/Chicago")
    assert zone.today(datetime(2026, 11, 1, 4, tzinfo=UTC)) == date(2026, 10, 31)
    begins, ends = zone.start_of(date(2026, 11, 1)), zone.start_of(date(2026, 11, 2))
    assert (ends.astimezone(UTC) - begins.astimezone(UTC)).total_seconds() == 25 * 3600


def test_the_ends_of_the_calendar_are_shown_although_the_zone_has_them_not() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert CompanyZone("Asia/Tokyo").moment(last) == "9999-12-31 23:59:59"
    assert CompanyZone("Asia/Tokyo").named_moment(last) == "9999-12-31 23:59:59 UTC"
    assert CompanyZone("America/Chicago").today(datetime.min.replace(tzinfo=UTC)) == date.min
    assert Zone("Asia/Tokyo").moment(last) == "Dec 31, 9999 23:59 UTC"
