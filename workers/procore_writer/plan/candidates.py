"""Records of a contract that may be a change order already, and whose they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from relay.domain.text_folding import folded, shows_something
from relay.engine.writer.adapter import PlannedCall
from workers.procore_writer.cache.contracts import MOST_SHOWN, ContractView, PackageRow, Row
from workers.procore_writer.content import parts
from workers.procore_writer.plan.steps import Step, contract_call, read_call
from workers.procore_writer.situation import PlanContext

_BOTH = 2
"""The agreement of a record that a person named: as if number and title were the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A record of the contract that may be this change order."""

    id: int
    number: str | None
    title: str | None
    status: str | None
    total: Decimal | None
    origin_id: str | None
    origin_data: str | None
    has_lines: bool
    agreement: int
    """1: number or title are the same, 2: both."""

    def __str__(self) -> str:
        return f"change order {self.number or '(no number)'} {self.title!r} (id {self.id}, {self.status}, {self.total})"

    @property
    def side(self) -> str:
        """What it holds, as JSON text."""
        held = {"id": self.id, "number": self.number, "title": self.title, "status": self.status}
        return json.dumps(held | {"total": None if self.total is None else str(self.total)}, ensure_ascii=False)


def identified(context: PlanContext, view: ContractView) -> PlannedCall | None:
    """A sync by ``origin_id`` writes over whatever carries it: another installation's record must be met before.

    The rows of a contract do not tell their origin ids. Packages do, so that one tier needs no look.
    """
    unidentified = view.unidentified()
    if context.tiers == 1 or not unidentified:
        return None
    if len(unidentified) <= MOST_SHOWN and not view.unreadable.issuperset(unidentified):
        return read_call(context, Step.OWNERS, contract_call(context))
    return None if context.facts.origin_id_searched else read_call(context, Step.SEARCH, context.command.origin_id)


def orders_alike(context: PlanContext, view: ContractView) -> Sequence[Candidate] | PlannedCall:
    """Change orders with the same number or title, or with our origin id; or the look that is needed to say whose."""
    candidates = []
    ours = view.row_of(context.command.origin_id)
    alike = view.alike(parts.wanted_number(context.payload), context.payload.title)
    for row in alike if ours is None or ours in alike else [ours, *alike]:
        candidate = _order(context, view, row, _agreement(context, row.number, row.title))
        if isinstance(candidate, PlannedCall):
            return candidate
        candidates.append(candidate)
    return candidates


def packages_alike(context: PlanContext, view: ContractView) -> Sequence[Candidate]:
    """Packages with the same number or title."""
    alike = view.packages_alike(parts.wanted_number(context.payload), context.payload.title)
    return [_package(row, _agreement(context, row.number, row.title)) for row in alike]


def named_order(context: PlanContext, view: ContractView, wanted: int) -> Candidate | PlannedCall:
    """The change order that a person named; or the look that is needed to say whose it is."""
    return _order(context, view, view.rows[wanted], _BOTH)


def named_package(view: ContractView, wanted: int) -> Candidate:
    """The package that a person named."""
    return _package(view.packages[wanted], _BOTH)


def _order(context: PlanContext, view: ContractView, row: Row, agreement: int) -> Candidate | PlannedCall:
    owner = view.owners.get(row.id)
    if owner is None:
        return read_call(context, Step.OWNER, f"{contract_call(context)}/{row.id}", row.id)
    return Candidate(
        id=row.id,
        number=row.number,
        title=row.title,
        status=owner.status or row.status,
        total=row.total if owner.total is None else owner.total,
        origin_id=owner.origin_id,
        origin_data=owner.origin_data,
        has_lines=owner.has_lines,
        agreement=agreement,
    )


def _package(row: PackageRow, agreement: int) -> Candidate:
    return Candidate(
        id=row.id,
        number=row.number,
        title=row.title,
        status=row.status,
        total=row.total,
        origin_id=row.origin_id,
        origin_data=row.origin_data,
        has_lines=True,  # Its row does not say; the lines are listed before anything is written.
        agreement=agreement,
    )


def _agreement(context: PlanContext, number: str | None, title: str | None) -> int:
    pairs = ((number, parts.wanted_number(context.payload)), (title, context.payload.title))
    return sum(shows_something(wanted) and folded(listed or "") == folded(wanted or "") for listed, wanted in pairs)
