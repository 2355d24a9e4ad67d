"""A plan in the audit topic: what was wished for, and of each row a hash of what was shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from operations.audit import AuditedTransaction
from operations.environment import Environment
from operations.errors import Refused
from operations.operator import operator
from operations.plan.plan import Plan, Wish
from operations.plan.rows import PlanRow
from operations.reading import with_key
from relay.domain.json_object import object_in
from relay.domain.records import OperatorAction
from relay.engine.topics import AUDIT
from schemas import Unreadable

PLANNED, ROWS = "plan", "plan.rows"
_AT_ONCE = 2_000
"""Rows of one entry; each takes a few hundred bytes."""
_LEAST_PREFIX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRow:
    """What a person was shown of one change order at one target; ``shown`` and ``wanted`` are those of its row."""

    key: str
    change_order_key: str
    action: str
    shown: str
    wanted: str

    @classmethod
    def of(cls, row: PlanRow) -> RecordedRow:
        """What is kept of a row."""
        return cls(
            key=row.key,
            change_order_key=row.change_order_key,
            action=row.action.value,
            shown=row.shown,
            wanted=row.wanted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPlan:
    """A plan as it was shown; ``rows`` by what they are about."""

    plan_id: str
    wish: Wish
    routes: tuple[str, ...]
    rows: Mapping[str, RecordedRow]


def record_plan(environment: Environment, plan: Plan, wish: Wish, who: str | None = None) -> None:
    """Writes it in one transaction. Raises ``CommitFailed``."""
    kept = [asdict(RecordedRow.of(row)) for row in plan.rows]
    about: dict[str, Any] = {
        "configuration": plan.file.name,
        "routes_digest": plan.digest,
        "routes": plan.routes,
        "wish": asdict(wish),
        "rows": len(kept),
        "calls": plan.calls,
        "read_up_to": plan.read_up_to,
    }
    with AuditedTransaction(environment, operator(who), "") as transaction:
        actions = [transaction.action(plan.plan_id, PLANNED, about)]
        actions += [
            transaction.action(plan.plan_id, ROWS, {"rows": kept[at : at + _AT_ONCE]})
            for at in range(0, len(kept), _AT_ONCE)
        ]
        transaction.commit([], actions)


def read_plan(environment: Environment, named: str) -> RecordedPlan:
    """The plan whose id it is, or begins so. Raises ``Refused`` where there is none, or several."""
    if len(named) < _LEAST_PREFIX:
        raise Refused(f"{named!r} is too short for the beginning of a plan's id: write {_LEAST_PREFIX} characters")
    found: dict[str, list[OperatorAction]] = {}
    for action in _actions(environment, named):
        found.setdefault(action.subject, []).append(action)
    if not found:
        raise Refused(f"there is no plan {named}; `cor plan` prints the id of each")
    if len(found) > 1:
        raise Refused(f"several plans begin with {named}: {', '.join(found)}")
    ((plan_id, actions),) = found.items()
    return _plan(plan_id, actions)


def _actions(environment: Environment, named: str) -> Iterator[OperatorAction]:
    partitions = environment.every(AUDIT, environment.counts([AUDIT])[AUDIT])
    for record in with_key(environment.connection, partitions, lambda key: key.startswith(named.encode())):
        with suppress(Unreadable):  # A stranger's: nobody of ours writes such a record.
            action = environment.codec.decode(record.value or b"", OperatorAction)
            if action.action in (PLANNED, ROWS):
                yield action


def _plan(plan_id: str, actions: list[OperatorAction]) -> RecordedPlan:
    details = [(action.action, told) for action in actions if (told := object_in(action.details)) is not None]
    try:
        about = next(told for action, told in details if action == PLANNED)
        rows = [RecordedRow(**row) for action, told in details if action == ROWS for row in told["rows"]]
        wish = about["wish"]
        return RecordedPlan(
            plan_id=plan_id,
            wish=Wish(**{**wish, "routes": tuple(wish["routes"]), "change_orders": tuple(wish["change_orders"])}),
            routes=tuple(about["routes"]),
            rows={row.key: row for row in rows},
        )
    except (StopIteration, KeyError, TypeError) as error:
        raise Refused(
            f"what stands in the audit under the plan {plan_id} is no plan ({type(error).__name__}: {error}): find out "
            "who wrote it, and make a new one with `cor plan`"
        ) from None
