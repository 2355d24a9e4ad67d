"""What was in the contract before us, and what becomes of it.

A record that a person typed in has no origin id. One with the same number or title as the change
order may be the same change order: the route's rule ``existing`` decides. A record is adopted by
putting our origin id on it; from then on it is written like any other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum, auto
from typing import Literal

from relay.domain import identity
from relay.domain.ledger_facts import ProcorePart
from relay.domain.procore_content import STATUSES
from relay.engine.writer.adapter import NeedsReview, Plan, PlannedCall, Reject
from workers.procore_writer.cache.contracts import ContractView
from workers.procore_writer.content import parts
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.candidates import (
    Candidate,
    identified,
    named_order,
    named_package,
    orders_alike,
    packages_alike,
)
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.ownership import (
    is_foreign_mark,
    is_ours_elsewhere,
    owned_by_other,
    owned_by_stranger,
)
from workers.procore_writer.plan.record_updates import OrderUpdate, PackageUpdate
from workers.procore_writer.plan.steps import Step, contract_call, may_be_repeated, read_call, update_call
from workers.procore_writer.situation import PlanContext

_MOST_NAMED = 5
"""Records that a letter names; with more a person opens the contract anyway."""


class Adoption(Enum):
    """What :func:`plan_adopt` says where nothing is left to be done for it: the record carries our origin id."""

    COMPLETE = auto()


def before_first_write(context: PlanContext) -> Plan | None:
    """What must be known and decided before anything of a change order is created."""
    if context.pco_id is not None or (context.tiers == 1 and context.package_id is not None):
        return None
    view = context.facts.view
    if view is None:
        return read_call(context, Step.SURVEY, contract_call(context))
    read = identified(context, view)
    if read is not None:
        return read
    candidates = packages_alike(context, view) if context.tiers == 1 else orders_alike(context, view)
    if isinstance(candidates, PlannedCall):
        return candidates
    return _currency(context, view) or _decide(context, candidates)


def find_ours(context: PlanContext) -> PlannedCall | None:
    """The next look for a record of ours that the ledger does not know; ``None`` where the contract has none.

    A listing from before a call in doubt tells nothing of what that call has made.
    """
    view = context.facts.view
    if view is None or (context.doubted and not context.facts.contract_listed):
        return read_call(context, Step.SURVEY, contract_call(context))
    if context.tiers == 1:
        package = view.package_of(_origin_id(context))
        mark, ours = (package.origin_data, package.id) if package else (None, None)
    else:
        alike = identified(context, view) or orders_alike(context, view)
        if isinstance(alike, PlannedCall):
            return alike
        order = next((record for record in alike if record.origin_id == _origin_id(context)), None)
        mark, ours = (order.origin_data, order.id) if order else (None, None)
    if ours is None or is_foreign_mark(context, mark):
        return None
    return read_call(context, Step.RECOGNISE, context.command.origin_id, ours)


def _currency(context: PlanContext, view: ContractView) -> Plan | None:
    shown = next((row.currency for row in view.rows.values() if row.currency), None)
    if shown is None or context.payload.currency in {None, shown}:
        return None
    return Reject(
        reason="procore.currency_mismatch",
        sentence=f"The change order is in {context.payload.currency} and contract "
        f"{context.command.destination.contract_id} in {shown}: route it to a contract in its own currency.",
    )


# -- what becomes of them


def _decide(context: PlanContext, candidates: Sequence[Candidate]) -> Plan | None:
    ours = next((record for record in candidates if record.origin_id == _origin_id(context)), None)
    if ours is not None:
        if is_foreign_mark(context, ours.origin_data):
            return owned_by_other(context, str(ours), ours.origin_data)
        return _recognise(context, ours)
    if context.command.rules.existing == "create":
        return None
    others = (record for record in candidates if record.origin_id and not is_ours_elsewhere(context, record.origin_id))
    foreign_record = next(others, None)
    if foreign_record is not None:
        return owned_by_stranger(context, str(foreign_record), foreign_record.origin_id or "")
    unowned = [record for record in candidates if not record.origin_id]
    closest = max((record.agreement for record in unowned), default=0)
    best = [record for record in unowned if record.agreement == closest]
    if not best:
        return None
    if context.command.rules.existing == "adopt" and len(best) == 1:
        return _adopt(context, best[0])
    return _ask(context, best)


def _recognise(context: PlanContext, ours: Candidate) -> PlannedCall | None:
    """Reads a record of ours that the ledger does not know; one that a call of ours may have made is sent again."""
    if context.tiers == 1 or context.intent is not None:
        return None
    return read_call(context, Step.RECOGNISE, context.command.origin_id, ours.id)


def _origin_id(context: PlanContext) -> str:
    return identity.package_origin_id(context.command.origin_id) if context.tiers == 1 else context.command.origin_id


def _ask(context: PlanContext, candidates: Sequence[Candidate]) -> NeedsReview:
    fits, were = ("Several records fit", "were") if len(candidates) > 1 else ("A record fits", "was")
    listed = "; ".join(map(str, candidates[:_MOST_NAMED]))
    return NeedsReview(
        reason="procore.existing_record",
        sentence=f"{fits} this change order in contract {context.command.destination.contract_id} and {were} not "
        f"written by the relay: {listed}. If one of them is this change order, say `cor letters adopt` with its id; "
        "otherwise set existing: create on the route and send the letter again.",
        sides=(our_side(context), *(record.side for record in candidates[:_MOST_NAMED])),
    )


def _adopt(context: PlanContext, candidate: Candidate) -> Plan:
    if candidate.status != parts.APPROVED:
        return _claim(context, candidate, {})
    if candidate.total == parts.total(context.payload) and context.status == parts.APPROVED:
        return _claim(context, candidate, _as_it_is(context))
    if context.command.rules.approved_change == "reopen":
        return _claim(context, candidate, {})
    return NeedsReview(
        reason="procore.existing_approved",
        sentence=f"The {candidate} is approved in Procore and says something else than the source (total "
        f"{parts.total(context.payload)}, status {context.status}). Settle the difference by hand, or set "
        "approved_change: reopen on the route, and send the letter again.",
        sides=(our_side(context), candidate.side),
    )


def our_side(context: PlanContext) -> str:
    """What the command says, as JSON text for the person who has to decide."""
    held = {"number": parts.wanted_number(context.payload), "title": context.payload.title, "status": context.status}
    return json.dumps(held | {"total": str(parts.total(context.payload))}, ensure_ascii=False)


def _as_it_is(context: PlanContext) -> dict[str, str]:
    """An approved record with the right total is taken over without writing to it."""
    taken = {part: parts.line_hash(line) for part, line in context.lines.items()}
    if context.tiers == 1:
        return taken | {ProcorePart.PACKAGE: parts.package_hash(context.payload)}
    taken[ProcorePart.HEADER] = parts.header_content(context.payload).hash
    number = parts.wanted_number(context.payload)
    return taken | ({} if number is None else {ProcorePart.NUMBER: parts.number_hash(number)})


def _claim(context: PlanContext, candidate: Candidate, taken: dict[str, str]) -> PlannedCall:
    one_tier = context.tiers == 1
    sent = dict(taken)
    if candidate.status in STATUSES:
        sent[ProcorePart.PACKAGE_STATUS if one_tier else ProcorePart.STATUS] = parts.status_hash(candidate.status or "")
    mark = elements.package_mark(context) if one_tier else elements.header_mark(context, candidate.status)
    fields: Json = {"origin_id": _origin_id(context), "origin_data": mark}
    if one_tier:
        package = PackageUpdate(candidate.id, fields, candidate.has_lines)
        return update_call(context, Step.CLAIM_PACKAGE, package, sent)
    return update_call(context, Step.CLAIM, OrderUpdate(candidate.id, fields, candidate.has_lines), sent)


# -- a person's decision


def plan_adopt(context: PlanContext) -> Plan | Literal[Adoption.COMPLETE]:
    """Puts our origin id on the record that a person named."""
    text = context.command.adopt_remote_id or ""
    if not text.isdecimal():
        return _no_such_record(context, text)
    wanted = int(text)
    if wanted in {context.pco_id, context.package_id}:
        return Adoption.COMPLETE
    view = context.facts.view
    if view is None or not (context.facts.contract_listed or wanted in view.rows or wanted in view.packages):
        return read_call(context, Step.SURVEY, contract_call(context))
    review = context.entry.review if context.entry else None
    if context.tiers != 1 and review is not None and not may_be_repeated(review.step):
        return _adopt_package(context, view, wanted)
    listed = view.packages if context.tiers == 1 else view.rows
    if wanted not in listed:
        return _no_such_record(context, text)
    return _adopt_named(context, view, wanted)


def _adopt_named(context: PlanContext, view: ContractView, wanted: int) -> Plan:
    candidate = named_package(view, wanted) if context.tiers == 1 else named_order(context, view, wanted)
    if isinstance(candidate, PlannedCall):
        return candidate
    if candidate.origin_id not in {None, _origin_id(context)}:
        return owned_by_stranger(context, str(candidate), candidate.origin_id or "")
    return _claim(context, candidate, {})


def _adopt_package(context: PlanContext, view: ContractView, wanted: int) -> Plan:
    """The package whose creation was in doubt."""
    origin_id = identity.package_origin_id(context.command.origin_id)
    package = view.packages.get(wanted)
    if package is None:
        return _no_such_record(context, str(wanted))
    if package.origin_id not in {None, origin_id}:
        return owned_by_stranger(context, f"package {package.number}", package.origin_id or "")
    fields: Json = {"origin_id": origin_id, "origin_data": elements.package_mark(context)}
    return update_call(context, Step.CLAIM_PACKAGE, PackageUpdate(wanted, fields, has_lines=False), {})


def _no_such_record(context: PlanContext, text: str) -> Reject:
    return Reject(
        reason="procore.adopt_not_found",
        sentence=f"Contract {context.command.destination.contract_id} has no record with the id {text!r} to adopt: "
        "take the id from the letter, or from the address of the record's page in Procore.",
    )
