"""What was in the contract before us, and what becomes of it.

A record that somebody typed in has no origin id. One with the same number or title as the change
order may be the same change order: the route's rule ``existing`` decides. A record is adopted by
putting our origin id on it; from then on it is written like any other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

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
from workers.procore_writer.plan.steps import Step, contract_call, read_call, single_call
from workers.procore_writer.situation import PlanContext


def before_first_write(context: PlanContext) -> Plan | None:
    """What must be known and decided before anything of a change order is created."""
    if context.pco_id is not None or (context.tiers == 1 and context.package_id is not None):
        return None
    view = context.facts.view
    if view is None:
        return read_call(context, Step.SURVEY, contract_call(context))
    look = identified(context, view)
    if look is not None:
        return look
    found = packages_alike(context, view) if context.tiers == 1 else orders_alike(context, view)
    if isinstance(found, PlannedCall):
        return found
    return _currency(context, view) or _decide(context, found)


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


def _decide(context: PlanContext, found: Sequence[Candidate]) -> Plan | None:
    ours = next((one for one in found if one.origin_id == _origin_id(context)), None)
    if ours is not None:
        foreign = is_foreign_mark(context, ours.origin_data)
        return owned_by_other(context, str(ours), ours.origin_data) if foreign else None
    if context.command.rules.existing == "create":
        return None
    stranger = next((one for one in found if one.origin_id and not is_ours_elsewhere(context, one.origin_id)), None)
    if stranger is not None:
        return owned_by_stranger(context, str(stranger), stranger.origin_id or "")
    nobodys = [one for one in found if not one.origin_id]
    best = [one for one in nobodys if one.agreement == max(each.agreement for each in nobodys)]
    if not best:
        return None
    if context.command.rules.existing == "adopt" and len(best) == 1:
        return _adopt(context, best[0])
    return _ask(context, best)


def _origin_id(context: PlanContext) -> str:
    return identity.package_origin_id(context.command.origin_id) if context.tiers == 1 else context.command.origin_id


def _ask(context: PlanContext, found: Sequence[Candidate]) -> NeedsReview:
    fits, were = ("Several records fit", "were") if len(found) > 1 else ("A record fits", "was")
    listed = "; ".join(map(str, found[:5]))
    return NeedsReview(
        reason="procore.existing_record",
        sentence=f"{fits} this change order in contract {context.command.destination.contract_id} and {were} not "
        f"written by the relay: {listed}. If one of them is this change order, say `cor letters adopt` with its id; "
        "otherwise set existing: create on the route and send the letter again.",
        sides=(_our_side(context), *(one.side for one in found[:5])),
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
        sides=(_our_side(context), candidate.side),
    )


def _our_side(context: PlanContext) -> str:
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
    name = "package_id" if one_tier else "pco_id"
    element: Json = {name: candidate.id, "fields": fields, "has_lines": candidate.has_lines}
    return single_call(context, Step.CLAIM_PACKAGE if one_tier else Step.CLAIM, element, sent)


# -- a person's decision


def plan_adopt(context: PlanContext) -> Plan | None:
    """Puts our origin id on the record that a person named; ``None`` when it is there."""
    text = context.command.adopt_remote_id or ""
    if not text.isdecimal():
        return _no_such_record(context, text)
    wanted = int(text)
    if wanted in {context.pco_id, context.package_id}:
        return None
    view = context.facts.view
    if view is None or not (context.facts.contract_listed or wanted in view.rows or wanted in view.packages):
        return read_call(context, Step.SURVEY, contract_call(context))
    review = context.entry.review if context.entry else None
    if context.tiers != 1 and review is not None and review.step == Step.PACKAGE.value:
        return _adopt_package(context, view, wanted)
    known = view.packages if context.tiers == 1 else view.rows
    if wanted not in known:
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
    return single_call(context, Step.CLAIM_PACKAGE, {"package_id": wanted, "fields": fields, "has_lines": False}, {})


def _no_such_record(context: PlanContext, text: str) -> Reject:
    return Reject(
        reason="procore.adopt_not_found",
        sentence=f"Contract {context.command.destination.contract_id} has no record with the id {text!r} to adopt: "
        "take the id from the letter, or from the address of the record's page in Procore.",
    )
