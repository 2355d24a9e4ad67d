from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from operations.digest.schedule import working_days

CHICAGO = ZoneInfo("America/Chicago")
DAYS = working_days("mon,tue,wed,thu,fri", "07:00", "America/Chicago")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 10, 30, 6, 59, tzinfo=CHICAGO), None),
        (datetime(2026, 10, 30, 7, 0, tzinfo=CHICAGO), date(2026, 10, 30)),
        (datetime(2026, 10, 30, 23, 59, tzinfo=CHICAGO), date(2026, 10, 30)),
        (datetime(2026, 10, 31, 12, 0, tzinfo=CHICAGO), None),
        (datetime(2026, 11, 1, 12, 0, tzinfo=CHICAGO), None),
        # Monday in Chicago, and long since at Greenwich.
        (datetime(2026, 11, 2, 12, 30, tzinfo=UTC), None),
        (datetime(2026, 11, 2, 13, 0, tzinfo=UTC), date(2026, 11, 2)),
        (datetime(2026, 11, 3, 2, 0, tzinfo=UTC), date(2026, 11, 2)),
    ],
)
def test_an_e_mail_is_due_on_working_days_from_its_time_on_in_the_company_s_zone(
    now: datetime, due: date | None
) -> None:
    assert DAYS.due(now) == due


def test_monday_tells_of_friday_and_the_days_between() -> None:
    since, until = DAYS.period(date(2026, 11, 2), None)
    assert (since, until) == (datetime(2026, 10, 30, tzinfo=CHICAGO), datetime(2026, 11, 2, tzinfo=CHICAGO))
    # Summer time has ended in between.
    assert (until.astimezone(UTC) - since.astimezone(UTC)).total_seconds() == 73 * 3600


def test_after_a_silence_it_tells_of_all_of_it_and_of_two_weeks_at_most() -> None:
    assert DAYS.period(date(2026, 11, 2), date(2026, 10, 26))[0].date() == date(2026, 10, 26)
    assert DAYS.period(date(2026, 11, 2), date(2026, 1, 2))[0].date() == date(2026, 10, 19)
