"""The newest of what people did, and the newest plans, as the tables have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from operations.audit import is_typed
from operations.golive.go_live import BEGUN
from operations.plan.recorded import PLANNED, ROWS
from operations.reconcile.signing import LINES
from operations.replay.progress import ADVANCED
from operations.reports.one_change_order import action_of
from operations.reports.tables import ReadTables
from relay.domain.json_object import object_in
from relay.domain.records import OperatorAction
from workers.views.tables import AUDIT

MOST: Final = 200
_MOST_PLANS: Final = 20
_PARTS: Final = (ROWS, LINES, ADVANCED)
"""What an entry consists of besides, some of it large: rows of plans and sign-offs, and how far a replay is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAction:
    """An entry of the audit. ``is_typed``: its name was typed at a command line, where it proves nothing."""

    at: datetime
    who: str
    is_typed: bool
    action: str
    subject: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlan:
    """A plan, of so many ``rows``: change orders at their targets. ``carried``: when it was last gone live with."""

    plan_id: str
    at: datetime
    who: str
    is_typed: bool
    routes: tuple[str, ...]
    rows: int | None
    calls: int | None
    carried: datetime | None


def newest_actions(tables: ReadTables) -> list[ShownAction]:
    """The last :data:`MOST`, the newest first."""
    query = select(AUDIT).where(AUDIT.c.action.not_in(_PARTS))
    return [
        ShownAction(
            at=action.at,
            who=action.who,
            is_typed=is_typed(action),
            action=action.action,
            subject=action.subject,
            why=action.why,
        )
        for action in _newest(tables, query, MOST)
    ]


def newest_plans(tables: ReadTables) -> list[ShownPlan]:
    """The last ones, the newest first."""
    carried: dict[str, datetime] = {}
    for action in _newest(tables, select(AUDIT).where(AUDIT.c.action == BEGUN), MOST):
        carried.setdefault(str(_details(action).get("plan_id")), action.at)
    plans = _newest(tables, select(AUDIT).where(AUDIT.c.action == PLANNED), _MOST_PLANS)
    return [_plan(action, carried.get(action.subject)) for action in plans]


def _newest(tables: ReadTables, query: Any, most: int) -> Iterator[OperatorAction]:
    for row in tables.rows(query.order_by(AUDIT.c.at.desc(), AUDIT.c.action_id).limit(most)):
        yield action_of(row)


def _plan(action: OperatorAction, carried: datetime | None) -> ShownPlan:
    told = _details(action)
    routes = told.get("routes")
    return ShownPlan(
        plan_id=action.subject,
        at=action.at,
        who=action.who,
        is_typed=is_typed(action),
        routes=tuple(map(str, routes)) if isinstance(routes, list) else (),
        rows=_whole(told.get("rows")),
        calls=_whole(told.get("calls")),
        carried=carried,
    )


def _details(action: OperatorAction) -> Mapping[str, Any]:
    """Anybody may write there."""
    return object_in(action.details) or {}


def _whole(told: object) -> int | None:
    return told if isinstance(told, int) else None
