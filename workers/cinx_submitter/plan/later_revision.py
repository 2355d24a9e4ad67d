"""A later revision of what was ordered: the open POCO is changed, or the difference is ordered as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from relay.clients.cinx import Poco
from relay.domain.commands import Operation
from relay.domain.identity import part_hash
from relay.domain.ledger_facts import CinxFact
from relay.engine.writer.adapter import NeedsReview, Plan, PlannedCall, Reject
from workers.cinx_submitter.document.content import (
    held_content,
    held_lines,
    is_dead,
    is_open,
    mark_of,
    poco_name,
    side,
    state_words,
)
from workers.cinx_submitter.document.document import compose
from workers.cinx_submitter.document.lines import WantedLine, wanted_lines
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.plan.checks import check_order, refused_payload
from workers.cinx_submitter.plan.difference import OrderedLine, difference, paired
from workers.cinx_submitter.plan.new_poco import exclusive, keys_of, parts_of, plan_new, plan_submission, snapshot_of
from workers.cinx_submitter.refusals import needs_decision, reject
from workers.cinx_submitter.required_reads import fresh_pocos, template_of, view_of
from workers.cinx_submitter.situation import PlanContext
from workers.cinx_submitter.steps import AdoptPoco, Step, adopt_call
from workers.cinx_submitter.written import modified


def plan_later(context: PlanContext) -> Plan:
    """The next step towards the difference between the revision and what was ordered.

    Raises ``PlanStopped`` where something has to be read first, or a value for the document cannot be had.
    """
    refusal = refused_payload(context.payload)
    if refusal is not None:
        return refusal
    template_of(context)
    pocos = fresh_pocos(context)
    allowed = context.command.operation is Operation.RESUBMIT
    latest = next((poco for poco in pocos if poco.guid == context.guid), None)
    if latest is None and not allowed:
        return _deleted(context)
    if not pocos:
        return plan_new(context)
    if latest is not None and is_open(latest):
        return _modify(context, latest, [poco for poco in pocos if poco is not latest])
    if not allowed and context.command.rules.later != "further":
        return _locked(context, pocos[-1])
    return _further(context, pocos)


def _deleted(context: PlanContext) -> NeedsReview:
    return needs_decision(
        "poco_deleted",
        f"The POCO {context.ledger_fact(CinxFact.NUMBER)} of this change order was deleted in CINX, and the change "
        "order has changed since. Say `cor letters resubmit` to have it ordered anew, or `cor letters adopt` with the "
        "number of the POCO that has taken its place.",
        our_side(context),
    )


def _locked(context: PlanContext, poco: Poco) -> Reject:
    return reject(
        "poco_locked",
        f"The change order was ordered as POCO {poco_name(poco)}, which is {state_words(poco)} and can no longer be "
        "changed, and the change order has changed since. Settle the difference with the vendor by hand, or set "
        "cinx_later: further on the route to have the difference ordered as a further POCO, then send this letter "
        "again.",
    )


# -- the POCO is open


def _modify(context: PlanContext, latest: Poco, others: Sequence[Poco]) -> Plan:
    edited = _edited(context, latest)
    if edited is not None:
        return edited
    view = view_of(context)
    order = check_order(context, view)
    wanted = wanted_lines(context, order)
    if others:
        unclear = _unclear(context, wanted, others)
        if unclear is not None:
            return unclear
        wanted = difference(wanted, others, order)
    document = compose(context, template_of(context), order, paired(wanted, latest, order), changes=latest.guid)
    if held_content(latest) == document.content and _was_written(context, latest):
        return adopt_call(context, AdoptPoco(name=latest.guid, parts=parts_of(context, document)))
    before = replace(
        snapshot_of(view, order),
        target=latest.guid,
        held=held_content(latest),
        repeatable=all("cinx_guid" in item for item in document.element["items"]),
    )
    return PlannedCall(
        step=Step.MODIFY.value,
        batch=f"{context.command.account}/{context.command.origin_id}",
        element=document.element,
        parts=parts_of(context, document),
        bytes_hash=part_hash(document.element),
        before=before.packed(),
        exclusive=exclusive(context),
        records=partial(modified, document.element, latest),
    )


def _was_written(context: PlanContext, latest: Poco) -> bool:
    """Whether this very content was written: that the lines are right says nothing of cost codes and the like."""
    mark = mark_of(latest.references)
    return mark is not None and mark.key in keys_of(context.command, context.command.payload_hash)


def _edited(context: PlanContext, latest: Poco) -> NeedsReview | None:
    """The question about lines that a person has changed in CINX; ``None`` where they are as we left them."""
    left = context.ledger_fact(CinxFact.LINES)
    if left in (None, held_lines(latest)) or context.command.operation is Operation.RESUBMIT:
        return None
    return needs_decision(
        "person_edit",
        f"Somebody has changed the lines of POCO {poco_name(latest)} in CINX, and the change order has changed "
        "since. Say `cor letters resubmit` to have it say what the change order says, or `cor letters adopt` "
        "with its number to leave it as it is.",
        our_side(context),
        side(latest),
    )


# -- the POCO is locked


def _further(context: PlanContext, pocos: Sequence[Poco]) -> Plan:
    view = view_of(context)
    order = check_order(context, view)
    wanted = wanted_lines(context, order)
    unclear = _unclear(context, wanted, pocos)
    if unclear is not None:
        return unclear
    missing = difference(wanted, pocos, order)
    if missing:
        return plan_submission(context, view, order, missing)
    return adopt_call(context, AdoptPoco(name=pocos[-1].guid, parts={}, counts_as=context.wanted))


def _unclear(context: PlanContext, wanted: Iterable[WantedLine], pocos: Iterable[Poco]) -> Reject | None:
    """The rejection of a difference to new totals of the purchase order's own lines."""
    held = (OrderedLine.of(line) for poco in pocos if not is_dead(poco) for line in poco.lines)
    changes_order = any(line.po_line for line in wanted) or any(line.po_line for line in held)
    if context.command.rules.quantity != "absolute" or not changes_order:
        return None
    return reject(
        "further_unclear",
        f"The change order has changed lines of purchase order {context.order} to new totals, and CINX does not "
        "say whether these are part of the purchase order by now, so that a further difference cannot be worked "
        "out. Settle it by hand, or set cinx_quantity: delta or lines: new on the route, then send this "
        "letter again.",
    )
