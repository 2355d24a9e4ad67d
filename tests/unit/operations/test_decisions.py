"""What came of decisions, as the tables tell it."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from typing import Any, cast

import pytest

from operations.decisions import Came, RecordedDecision, follow
from operations.reports.tables import ReadTables
from relay.domain.records import OperatorAction
from tests.unit.workers.views.tables import AT, acted, every, key_of

ABOUT = json.dumps({"letter_id": "l-1", "proposal_id": "p-1"})
SUBJECT = key_of("17")
PROPOSED = OperatorAction(
    action_id="a-1", subject=SUBJECT, action="letter.propose", who="anna", why="x", at=AT, details=ABOUT
)


@pytest.mark.parametrize(
    ("action", "came"),
    [(None, Came.WAITS), ("letter.propose-by-name", Came.WAITS), ("letter.decline", Came.DONE)],
)
def test_a_proposal_of_which_the_control_topic_tells_nothing_any_more_has_ended_where_the_audit_says_so(
    action: str | None, came: Came
) -> None:
    entries = [acted(0, SUBJECT, "anna", action="letter.propose", details=ABOUT)]
    if action is not None:
        entries.append(acted(1, SUBJECT, "bert", action=action, details=ABOUT, at=AT + timedelta(hours=1)))
    engine = every(entries)
    with closing(engine.connect()) as connection:
        tables = ReadTables(connection=connection, place="memory", read_at=AT)
        decision = RecordedDecision(number=0, action=PROPOSED)
        (followed,) = follow(cast(Any, None), tables, [decision])
    engine.dispose()
    assert followed.came is came
