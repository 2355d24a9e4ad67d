"""What stands on the control topic, as the tables have it: people's holds, and what members state of themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import text

from operations.reports.open_items import OpenItem, read_open_item
from operations.reports.tables import ReadTables
from relay.domain.control import MEMBER_LASTS, Subject
from relay.domain.guest_use import GUEST
from relay.domain.person_holds import hold_id_of, tenant_of_key
from workers.views.amounts import time_of

ANYTHING: Final = "anything"
"""The subject of a hold that cannot be read, and whose key names no account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHold:
    """A person's hold. ``what``: as people say it; ``subject``: as the control topic does."""

    hold_id: str
    what: str
    subject: str
    person: str
    reason: str
    since: datetime
    until: datetime | None

    @property
    def change_order_key(self) -> str | None:
        """The change order that is held; ``None``: something else is."""
        return self.subject if self.what.startswith("change order ") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProposal:
    """A decision that waits for a second person. ``is_typed``: its name was typed at a command line; ``stated_at``: the
    time of it as the control topic has it; ``item``: the open item that it is about; ``None``: that has gone, or was
    tried again, and the proposal has lapsed.
    """

    proposal_id: str
    at: datetime
    stated_at: str
    person: str
    is_typed: bool
    action: str
    record: str | None
    why: str
    letter_id: str
    item: OpenItem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMember:
    """An instance of a stage, as it last stated itself; ``is_living``: lately, as of when the tables had everything."""

    stage: str
    instance: str
    owns: tuple[str, ...]
    release: str
    at: datetime
    is_living: bool


def read_holds(tables: ReadTables, now: datetime, shown: Callable[[str], str]) -> list[ShownHold]:
    """Holds by people that have not ended, the oldest first; also what cannot be read and may be any.

    ``shown``: what a target of this name is called.
    """
    holds = [_hold(key, told, shown) for key, told in _statements(tables, "hold")]
    return sorted((hold for hold in holds if hold.until is None or hold.until > now), key=lambda hold: hold.since)


def _hold(key: str, told: Mapping[str, Any], shown: Callable[[str], str]) -> ShownHold:
    if "unreadable" in told:
        tenant = tenant_of_key(key) or ANYTHING
        return ShownHold(
            hold_id=hold_id_of(key),
            what=f"a hold that cannot be read, on {tenant}",
            subject=tenant,
            person="not known",
            reason=f"{told['place']}: {told['unreadable']}",
            since=time_of(told["at"]) or datetime.fromtimestamp(0, UTC),
            until=None,
        )
    hold = told["hold"]
    subject = hold["subject"]
    return ShownHold(
        hold_id=hold["hold_id"],
        what=f"{hold['kind'].replace('_', ' ')} {shown(subject) if hold['kind'] == Subject.TARGET else subject}",
        subject=subject,
        person=hold["person"],
        reason=hold["reason"],
        since=datetime.fromisoformat(hold["since"]),
        until=datetime.fromisoformat(hold["until"]) if "until" in hold else None,
    )


def read_proposals(tables: ReadTables) -> list[ShownProposal]:
    """Decisions that were proposed and neither approved nor declined, the oldest first."""
    found = [told["proposal"] for _, told in _statements(tables, "proposal") if told.get("proposal")]
    return sorted((_proposal(tables, told) for told in found), key=lambda one: one.at)


def _proposal(tables: ReadTables, told: Mapping[str, Any]) -> ShownProposal:
    item = read_open_item(tables, told["letter_id"])
    choice = told.get("choice", {})
    return ShownProposal(
        proposal_id=told["proposal_id"],
        at=datetime.fromisoformat(told["at"]),
        stated_at=told["at"],
        person=told["person"],
        is_typed=choice.get("made_at") != "page",
        action=told["action"],
        record=choice.get("remote_id"),
        why=told["why"],
        letter_id=told["letter_id"],
        item=item if item is not None and item.attempts == told["attempts"] else None,
    )


def read_members(tables: ReadTables) -> list[ShownMember]:
    """Every instance of a stage that has not said goodbye, by stage; guests say none."""
    members = [
        ShownMember(
            stage=told["stage"],
            instance=told["instance"],
            owns=tuple(told.get("owns", ())),
            release=told["release"],
            at=(at := datetime.fromisoformat(told["at"])),
            is_living=tables.read_at is None or (tables.read_at - at).total_seconds() < MEMBER_LASTS,
        )
        for _, statement in _statements(tables, "member")
        if (told := statement.get("member")) and told["stage"] != GUEST
    ]
    return sorted(members, key=lambda member: (member.stage, member.instance))


def _statements(tables: ReadTables, word: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Keys, and what stands under them."""
    query = text("SELECT control_key, content FROM control WHERE word = :word AND content IS NOT NULL")
    for row in tables.rows(query, word=word):
        yield row.control_key, json.loads(row.content)
