"""The plan of a change order whose ledger was lost: what may have been ordered is found, never ordered again.

A POCO that says all that the change order says is its own again. Everything else is a person's to decide: ``resubmit``
has it ordered, ``adopt`` names what stands for it.
"""

from __future__ import annotations

from relay.engine.writer.adapter import NeedsReview, Plan, PlannedCall
from workers.cinx_submitter.document.content import held_content, poco_name, sides
from workers.cinx_submitter.document.document import compose
from workers.cinx_submitter.document.lines import wanted_lines
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.plan.checks import check_order, refused_payload
from workers.cinx_submitter.plan.new_poco import parts_of, plan_new
from workers.cinx_submitter.refusals import needs_decision
from workers.cinx_submitter.required_reads import fresh_pocos, template_of, view_of
from workers.cinx_submitter.situation import PlanContext
from workers.cinx_submitter.steps import AdoptPoco, adopt_call


def plan_rebuilt(context: PlanContext) -> Plan:
    """The next look at what CINX holds of the change order. Raises ``PlanStopped`` where something is read first."""
    if context.guid is not None:
        return _compared(context)
    plan = plan_new(context)
    return not_found(context) if isinstance(plan, PlannedCall) and plan.writes else plan


def _compared(context: PlanContext) -> Plan:
    """The POCO that the ledger knows of, beside what is to be ordered."""
    refusal = refused_payload(context.payload)
    if refusal is not None:
        return refusal
    template = template_of(context)
    pocos = fresh_pocos(context)
    view = view_of(context)
    order = view.order or check_order(context, view)  # What was ordered may have closed it since.
    document = compose(context, template, order, wanted_lines(context, order))
    latest = pocos[-1] if pocos else None
    if latest is not None and len(pocos) == 1 and held_content(latest) == document.content:
        return adopt_call(context, AdoptPoco(name=latest.guid, parts=parts_of(context, document), was_there=True))
    if latest is None:
        return not_found(context)
    return needs_decision(
        "ledger_rebuilt",
        f"What was ordered for this change order is not known any more, since the ledger was lost, and POCO "
        f"{poco_name(latest)} on purchase order {context.order} says something else than the change order. Say `cor "
        "letters adopt` with its number to leave it at that, or `cor letters resubmit` to have the difference ordered.",
        *sides(our_side(context), pocos),
    )


def not_found(context: PlanContext) -> NeedsReview:
    """The question about a change order of which something may have been ordered, and nothing is found."""
    pocos = context.facts.order.pocos if context.facts.order else ()
    return needs_decision(
        "ledger_rebuilt",
        f"Whether this change order was ordered on purchase order {context.order} is not known any more, since the "
        f"ledger was lost, and none of its {len(pocos)} POCOs carries the relay's mark for it. It is not ordered again "
        "by itself. If it is there, say `cor letters adopt` with its number; if it certainly is not, say `cor letters "
        "resubmit`.",
        our_side(context),
    )
