from __future__ import annotations

from datetime import UTC, date, datetime

from producers.constructiononline.rows import Row
from producers.constructiononline.watermark import first_day, watermark

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def row(modified: str | None) -> Row:
    return Row(row_id="1", change_order_id="1", project="7", modified=modified, raw=b"", data={})


def test_two_days_before_the_latest_modification_are_asked_for_again() -> None:
    assert first_day("2026-03-09T23:59:59.997", NOW) == date(2026, 3, 7)
    assert first_day(None, NOW) is None
    assert first_day("2099-01-01T00:00:00", NOW) == date(2026, 3, 9)


def test_the_watermark_never_falls_and_a_date_of_the_future_does_not_move_it() -> None:
    assert watermark(None, [row("2026-03-09T08:00:00"), row("2026-03-09T08:00:00.5"), row(None)], NOW) == (
        "2026-03-09T08:00:00.5"
    )
    assert watermark("2026-03-09T09:00:00", [row("2026-03-09T08:00:00")], NOW) == "2026-03-09T09:00:00"
    assert watermark("2026-03-09T09:00:00", [row("2099-01-01T00:00:00")], NOW) == "2026-03-09T09:00:00"
    assert watermark(None, [], NOW) is None
