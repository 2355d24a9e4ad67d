"""One change order: how it stands at each place, its history, its writes and open items."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text

from operations.reports.change_order_log import LogFilter, LogRow, read_log
from operations.reports.open_items import OpenItem, read_open_items
from operations.reports.statements import ANYTHING, ShownHold, read_holds
from operations.reports.tables import ReadTables
from operations.trace.history import History
from operations.trace.timeline import TimelineEntry, timeline
from relay.domain.events import ChangeOrderObserved
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.domain.records import OperatorAction
from workers.views.amounts import decimal_of, time_of
from workers.views.folds.observed import read_content
from workers.views.tables import AUDIT, OBSERVATIONS, OUTCOMES


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWrite:
    """A write as people read it."""

    write_id: str
    at: datetime
    change_order_key: str
    project_number: str | None
    contract_number: str | None
    number: str | None
    title: str | None
    records: str
    operations: str
    amount_before: Decimal | None
    amount_after: Decimal | None
    approved_effect: Decimal | None
    pending_effect: Decimal | None
    currency: str | None
    fields: str
    person: str | None
    plan: str | None
    remote_number: str | None
    link: str | None
    side: str
    found_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OneChangeOrder:
    """``newest``: as it was last observed. ``holds``: by people."""

    newest: ChangeOrderObserved
    places: list[LogRow]
    history: list[TimelineEntry]
    writes: list[ShownWrite]
    items: list[OpenItem]
    holds: list[ShownHold]


def read_change_order(
    tables: ReadTables, key: str, now: datetime, shown: Callable[[str], str]
) -> OneChangeOrder | None:
    """All of it; ``None`` where nothing was seen under this key. ``shown``: what a target of this name is called."""
    events = [
        read_content(content)
        for content in tables.connection.scalars(
            select(OBSERVATIONS.c.content)
            .where(OBSERVATIONS.c.change_order_key == key)
            .order_by(OBSERVATIONS.c.sequence)
        )
    ]
    if not events:
        return None
    items, subjects = read_open_items(tables, key), _subjects(tables, events[-1])
    history = History(key)
    history.events = events
    history.outcomes = [
        _outcome(row) for row in tables.rows(select(OUTCOMES).where(OUTCOMES.c.change_order_key == key))
    ]
    history.actions = [action_of(row) for row in tables.rows(select(AUDIT).where(AUDIT.c.subject == key))]
    history.letters = dict.fromkeys((item.letter_id for item in items), _OPEN)
    return OneChangeOrder(
        newest=events[-1],
        places=sorted(read_log(tables, LogFilter(change_order=key), now), key=lambda row: row.side != "owner"),
        history=timeline(history, for_people=True),
        writes=read_writes(tables, "change_order_key = :key", key=key),
        items=items,
        holds=[hold for hold in read_holds(tables, now, shown) if hold.subject in subjects],
    )


_OPEN: Any = None
"""The timeline asks only whether a letter is open."""


def read_writes(tables: ReadTables, condition: str, *, most: int | None = None, **values: object) -> list[ShownWrite]:
    """Those that fit, the newest first; of more than ``most`` only those. ``condition``: of our own words, over the
    columns of the view ``writes``.
    """
    query = f"SELECT * FROM writes WHERE {condition} ORDER BY at DESC, write_id"  # noqa: S608
    if most is None:
        return [_write(row) for row in tables.rows(text(query), **values)]
    return [_write(row) for row in tables.rows(text(f"{query} LIMIT :most"), most=most, **values)]


_PLACES = text(
    "SELECT target, target_system, target_account, target_project FROM change_order_log WHERE change_order_key = :key"
)


def _subjects(tables: ReadTables, event: ChangeOrderObserved) -> set[str]:
    """By what a hold may name the change order, or a place that it goes to."""
    subjects = {ANYTHING, event.key, f"{event.system}:{event.account}/project:{event.project}"}
    for row in tables.rows(_PLACES, key=event.key):
        tenant = f"{row.target_system}:{row.target_account}"
        subjects |= {row.target, tenant, f"{tenant}/project:{row.target_project}"}
    return subjects


def _write(row: Any) -> ShownWrite:
    return ShownWrite(
        write_id=row.write_id,
        at=_at(row.at),
        change_order_key=row.change_order_key,
        project_number=row.project_number,
        contract_number=row.contract_number,
        number=row.number,
        title=row.title,
        records=row.record_kinds.replace("_", " "),
        operations=row.operations or "found gone",
        amount_before=decimal_of(row.amount_before),
        amount_after=decimal_of(row.amount_after),
        approved_effect=decimal_of(row.approved_effect),
        pending_effect=decimal_of(row.pending_effect),
        currency=row.currency,
        fields=row.fields,
        person=row.person,
        plan=row.plan_id,
        remote_number=row.remote_number,
        link=row.remote_link,
        side=row.side,
        found_again=bool(row.found_again),
    )


def _outcome(row: Any) -> ChangeOrderOutcome:
    return ChangeOrderOutcome(
        outcome_id=row.outcome_id,
        kind=OutcomeKind(row.kind),
        stage=row.stage,
        change_order_key=row.change_order_key,
        at=_at(row.at),
        sequence=row.sequence,
        system=row.system,
        account=row.account,
        target=row.target,
        origin_id=row.origin_id,
        command_id=row.command_id,
        reason=row.reason,
        sentence=row.sentence,
        letter_id=row.letter_id,
        amount=decimal_of(row.amount),
        currency=row.currency,
    )


def action_of(row: Any) -> OperatorAction:
    """An entry of the audit, from its row."""
    return OperatorAction(
        action_id=row.action_id,
        subject=row.subject,
        action=row.action,
        who=row.who,
        why=row.why,
        at=_at(row.at),
        details=row.details,
    )


def _at(milliseconds: int) -> datetime:
    return time_of(milliseconds) or datetime.fromtimestamp(0, UTC)
