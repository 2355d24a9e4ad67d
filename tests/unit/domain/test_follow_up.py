"""What people note about letters, read from the audit, where anybody may write."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from relay.domain.follow_up import ASSIGN, NOTE, SNOOZE, FollowUp, follow_ups, told_by
from relay.domain.records import OperatorAction

AT = datetime(2026, 3, 2, 14, 5, 6, tzinfo=UTC)
LATER = datetime(2026, 3, 9, 14, 5, 6, tzinfo=UTC)


def action(kind: str, details: str) -> OperatorAction:
    return OperatorAction(
        action_id="a", subject="constructiononline:acme:1", action=kind, who="anna", why="", at=AT, details=details
    )


def test_the_last_word_of_each_stands() -> None:
    said: list[tuple[str, dict[str, Any]]] = [
        (ASSIGN, {"to": "anna"}),
        (ASSIGN, {"to": "bert"}),
        (NOTE, {"note": "asked"}),
        (NOTE, {"note": None}),
        (SNOOZE, {"until": LATER.isoformat(), "after": AT.isoformat()}),
    ]
    actions = [action(kind, json.dumps({"letter_id": "l-1", **details})) for kind, details in said]
    assert follow_ups(actions) == {"l-1": FollowUp(assigned="bert", snoozed_until=LATER, snoozed_after=AT)}


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        (ASSIGN, "[]"),
        (ASSIGN, "no JSON"),
        (ASSIGN, "[" * 100_000),
        (ASSIGN, '{"letter_id": ["l-1"], "to": "anna"}'),
        (ASSIGN, '{"letter_id": 1, "to": "anna"}'),
        (ASSIGN, '{"letter_id": null, "to": "anna"}'),
        (ASSIGN, '{"letter_id": "l-1", "to": {"name": "anna"}}'),
        (NOTE, '{"letter_id": "l-1", "note": 7}'),
        (SNOOZE, '{"letter_id": "l-1", "until": "2026-03-09T14:05:06", "after": "2026-03-02T14:05:06+00:00"}'),
        (SNOOZE, '{"letter_id": "l-1", "until": 1773065106, "after": null}'),
        (SNOOZE, '{"letter_id": "l-1", "until": "9999-12-31T23:59:00-05:00", "after": "2026-03-02T14:05:06+00:00"}'),
        ("letter.closed", '{"letter_id": "l-1"}'),
    ],
)
def test_what_is_of_another_kind_sets_nothing(kind: str, details: str) -> None:
    assert told_by(action(kind, details)) is None
    assert follow_ups([action(kind, details)]) == {}
