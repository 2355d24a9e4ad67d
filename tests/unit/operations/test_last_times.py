"""What people ask for until a time that no record can say is refused before anything is read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from operations.errors import WrongUsage
from operations.holds.hold import make_hold
from operations.letters.follow_up import snooze
from relay.domain.control import Subject

NOWHERE: Any = None
"""An environment that nobody reaches."""
LAST = datetime(9999, 12, 31, 23, 59, tzinfo=ZoneInfo("America/Chicago"))
"""In UTC it would be in the year 10000."""


def test_a_hold_until_then_is_refused() -> None:
    with pytest.raises(WrongUsage, match="not between 1970 and 9999"):
        make_hold(NOWHERE, Subject.ACCOUNT, "procore:acme", until=LAST, who="anna", why="x")


def test_nothing_rests_until_then() -> None:
    with pytest.raises(WrongUsage, match="not between 1970 and 9999"):
        snooze(NOWHERE, ["l-1"], LAST, who="anna")
