"""The open items: letters that are not settled, with what they are about and the amount that waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import or_, select, text

from operations.letters.filter import project_filter
from operations.letters.open_letters import LetterPlaces, OpenLetter
from operations.reports.tables import ReadTables
from operations.spreadsheets.columns import Column, ColumnKind, SpreadsheetTable
from relay.domain.follow_up import FollowUp
from relay.domain.letters import LetterKind
from relay.engine.kafka import Partition
from workers.views.amounts import decimal_of, time_of
from workers.views.tables import LETTERS, OFFSETS

COLUMNS: Final = (
    Column("Project no.", "project_number"),
    Column("Project", "project", width=24),
    Column("CO no.", "change_order_number", width=10),
    Column("Title", "title", width=36),
    Column("Reason", "reason", width=28),
    Column("Sentence", "sentence", width=60),
    Column("Next step", "next_step", width=40),
    Column("Amount", "amount", ColumnKind.MONEY, 16),
    Column("Currency", "currency", width=9),
    Column("Side", "side", width=8),
    Column("First", "first", ColumnKind.TIME, 20),
    Column("Last", "last", ColumnKind.TIME, 20),
    Column("Attempts", "attempts", ColumnKind.COUNT, 9),
    Column("Assigned", "assigned"),
    Column("Note", "note", width=30),
    Column("Item id", "item_id", width=38),
)

_NOTHING: Final = Decimal(0)
_DECIDE: Final = "Decide: link to the existing record, or send once more"
_NEXT_STEPS: Final = {
    LetterKind.NEEDS_REVIEW: _DECIDE,
    LetterKind.REJECTED: "Mend the cause, then send again; or close without sending",
    LetterKind.UNREADABLE: "Ask whoever runs the relay: a record could not be read",
}


class ItemOrder(StrEnum):
    """What comes first."""

    OLDEST = "oldest"
    NEWEST = "newest"
    AMOUNT = "amount"
    REASON = "reason"
    PROJECT = "project"


class ItemGroup(StrEnum):
    """What items are counted by."""

    REASON = "reason"
    PROJECT = "project"
    CHANGE_ORDER = "change-order"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """One of them. ``amount``: what waits, the destination's share; ``None``: not known. ``source``: its system and
    account. ``snoozed_until``: when it has rested, where nothing has woken it before.
    """

    letter_id: str
    kind: str
    stage: str
    reason: str
    sentence: str
    change_order_key: str | None
    source_project: str | None
    project_number: str | None
    project: str | None
    number: str | None
    title: str | None
    amount: Decimal | None
    currency: str | None
    first_at: datetime
    last_at: datetime
    attempts: int
    decides: bool
    remote_answer: str
    side: str | None
    source: str | None
    assigned: str | None = None
    note: str | None = None
    snoozed_until: datetime | None = None

    def rests(self, at: datetime) -> bool:
        """Whether it is snoozed at a time."""
        return self.snoozed_until is not None and at < self.snoozed_until

    @property
    def next_step(self) -> str:
        """What a person can do about it."""
        return _DECIDE if self.decides else _NEXT_STEPS[LetterKind(self.kind)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsTotal:
    """A group of open items of one side in one currency. ``unknown`` of them have no known amount. ``filter``: what
    asks for them.
    """

    name: str
    filter: str
    side: str | None
    currency: str | None
    items: int
    amount: Decimal
    unknown: int
    oldest: datetime


def read_open_items(tables: ReadTables, change_order_key: str | None = None) -> list[OpenItem]:
    """All of them, or those of one change order; the oldest first."""
    if change_order_key is None:
        return [item_of_row(row) for row in tables.rows(text("SELECT * FROM open_items ORDER BY first_at, letter_id"))]
    query = text("SELECT * FROM open_items WHERE change_order_key = :key ORDER BY first_at, letter_id")
    return [item_of_row(row) for row in tables.rows(query, key=change_order_key)]


def read_open_item(tables: ReadTables, letter_id: str) -> OpenItem | None:
    """One of them; ``None``: it is not open, as the tables have it."""
    query = text("SELECT * FROM open_items WHERE letter_id = :letter_id ORDER BY last_at DESC")
    return next(map(item_of_row, tables.rows(query, letter_id=letter_id)), None)


def places_beside(tables: ReadTables, letter_id: str, topic: str) -> LetterPlaces | None:
    """Where an open letter stands, and all others about the same record; ``None`` where the tables have no such one."""
    columns = LETTERS.c
    about = select(columns.origin_id).where(columns.letter_id == letter_id, columns.open)
    same = or_(columns.letter_id == letter_id, columns.origin_id.in_(about))
    rows = tables.rows(select(columns.letter_id, columns.partition, columns.offset).where(columns.open, same))
    if letter_id not in {row.letter_id for row in rows}:
        return None
    places: dict[Partition, list[int]] = {}
    for row in rows:
        places.setdefault(Partition(topic, row.partition), []).append(row.offset)
    read = tables.rows(OFFSETS.select().where(OFFSETS.c.topic == topic))
    return LetterPlaces(places=places, read_to={Partition(topic, row.partition): row.next_offset for row in read})


def item_of(open_letter: OpenLetter, follow_up: FollowUp | None = None) -> OpenItem:
    """The open item that a letter is, as the letter itself tells it, with what people did about it."""
    letter, waits = open_letter.letter, open_letter.waits
    follow_up = follow_up or FollowUp()
    return OpenItem(
        letter_id=letter.letter_id,
        kind=letter.kind.value,
        stage=letter.stage,
        reason=letter.reason,
        sentence=letter.sentence,
        change_order_key=letter.change_order_key,
        source_project=open_letter.project,
        project_number=None,
        project=None,
        number=waits.number,
        title=waits.title,
        amount=waits.amount,
        currency=waits.currency,
        first_at=letter.first_at,
        last_at=letter.last_at,
        attempts=letter.attempts,
        decides=open_letter.decides,
        remote_answer=letter.remote_answer,
        side=waits.side,
        source=letter.source,
        assigned=follow_up.assigned,
        note=follow_up.note,
        snoozed_until=follow_up.until(letter.last_at),
    )


def item_of_row(row: Any) -> OpenItem:
    """One of the rows of ``open_items``."""
    first, last = time_of(row.first_at), time_of(row.last_at)
    if first is None or last is None:
        raise ValueError(f"open item {row.letter_id} without its times")
    return OpenItem(
        letter_id=row.letter_id,
        kind=row.kind,
        stage=row.stage,
        reason=row.reason,
        sentence=row.sentence,
        change_order_key=row.change_order_key,
        source_project=row.source_project,
        project_number=row.project_number,
        project=row.project_name,
        number=row.number,
        title=row.title,
        amount=decimal_of(row.amount),
        currency=row.currency,
        first_at=first,
        last_at=last,
        attempts=row.attempts,
        decides=bool(row.decides),
        remote_answer=row.remote_answer,
        side=row.side,
        source=row.source,
        assigned=row.assigned,
        note=row.note,
        snoozed_until=time_of(row.snoozed_until),
    )


def in_order(items: Iterable[OpenItem], order: ItemOrder) -> list[OpenItem]:
    """Sorted; what is equal stays as it is."""
    match order:
        case ItemOrder.OLDEST:
            return sorted(items, key=lambda item: item.first_at)
        case ItemOrder.NEWEST:
            return sorted(items, key=lambda item: item.first_at, reverse=True)
        case ItemOrder.AMOUNT:  # What is not known comes first: it may be anything.
            return sorted(items, key=lambda item: (item.amount is not None, -abs(item.amount or _NOTHING)))
        case ItemOrder.REASON:
            return sorted(items, key=lambda item: item.reason)
        case ItemOrder.PROJECT:
            return sorted(items, key=lambda item: item.project_number or item.source_project or "")


def grouped(items: Iterable[OpenItem], by: ItemGroup) -> list[ItemsTotal]:
    """Counted and summed, the largest group first; each side and currency by itself."""
    groups: dict[tuple[str, str, str | None, str | None], list[OpenItem]] = {}
    for item in items:
        name = _group(item, by)
        asks = project_filter(item.source, item.source_project) if by is ItemGroup.PROJECT else name
        groups.setdefault((name, asks, item.side, item.currency), []).append(item)
    found = [
        ItemsTotal(
            name=name,
            filter=asks,
            side=side,
            currency=currency,
            items=len(members),
            amount=sum((item.amount for item in members if item.amount is not None), _NOTHING),
            unknown=sum(item.amount is None for item in members),
            oldest=min(item.first_at for item in members),
        )
        for (name, asks, side, currency), members in groups.items()
    ]
    return sorted(found, key=lambda total: (-total.items, total.name))


def _group(item: OpenItem, by: ItemGroup) -> str:
    match by:
        case ItemGroup.REASON:
            return item.reason
        case ItemGroup.PROJECT:
            return project_of(item.project_number, item.source_project, item.project)
        case ItemGroup.CHANGE_ORDER:
            return item.change_order_key or "(none)"


def project_of(number: str | None, source_project: str | None, name: str | None) -> str:
    """What the project of an item is called."""
    return f"{number or source_project or ''} {name or ''}".strip() or "(no project)"


def table_of(items: Iterable[OpenItem]) -> SpreadsheetTable:
    """Open items as a table for files."""
    return SpreadsheetTable(
        title="Open items",
        columns=COLUMNS,
        rows=[
            (
                item.project_number or item.source_project,
                item.project,
                item.number,
                item.title,
                item.reason,
                item.sentence,
                item.next_step,
                item.amount,
                item.currency,
                item.side,
                item.first_at,
                item.last_at,
                item.attempts,
                item.assigned,
                item.note,
                item.letter_id,
            )
            for item in items
        ],
        summed=("amount",),
        currency="currency",
        side="side",
    )
