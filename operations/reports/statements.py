"""What stands on the control topic, as the tables have it: people's holds, and what members state of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from operations.reports.tables import ReadTables


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHold:
    """A person's hold. ``what``: as people say it; ``subject``: as the control topic does."""

    what: str
    subject: str
    person: str
    reason: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMember:
    """An instance of a stage, as it last stated itself."""

    stage: str
    instance: str
    owns: tuple[str, ...]
    release: str
    at: datetime


def read_holds(tables: ReadTables, now: datetime) -> list[ShownHold]:
    """Holds by people that have not ended, the oldest first."""
    holds = [
        ShownHold(
            what=f"{told['kind'].replace('_', ' ')} {told['subject']}",
            subject=told["subject"],
            person=told["person"],
            reason=told["reason"],
            since=datetime.fromisoformat(told["since"]),
            until=datetime.fromisoformat(told["until"]) if "until" in told else None,
        )
        for told in _statements(tables, "hold")
    ]
    return sorted((hold for hold in holds if hold.until is None or hold.until > now), key=lambda hold: hold.since)


def read_members(tables: ReadTables) -> list[ShownMember]:
    """Every instance that has not said goodbye, by stage."""
    members = [
        ShownMember(
            stage=told["stage"],
            instance=told["instance"],
            owns=tuple(told.get("owns", ())),
            release=told["release"],
            at=datetime.fromisoformat(told["at"]),
        )
        for told in _statements(tables, "member")
    ]
    return sorted(members, key=lambda member: (member.stage, member.instance))


def _statements(tables: ReadTables, word: str) -> Iterator[Mapping[str, Any]]:
    query = text("SELECT content FROM control WHERE word = :word AND content IS NOT NULL")
    for row in tables.rows(query, word=word):
        yield json.loads(row.content)[word]
