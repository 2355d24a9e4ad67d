"""Plans the call that writes our references into a POCO."""

from __future__ import annotations

from functools import partial

from relay.domain.identity import part_hash
from relay.domain.ledger_facts import CinxFact
from relay.engine.writer.adapter import PlannedCall
from workers.cinx_submitter.document.content import our_references, references_field
from workers.cinx_submitter.order_snapshot import OrderSnapshot
from workers.cinx_submitter.required_reads import template_of
from workers.cinx_submitter.situation import MARK_DUE, PlanContext
from workers.cinx_submitter.steps import Step
from workers.cinx_submitter.written import marked


def plan_mark(context: PlanContext) -> PlannedCall | None:
    """The step that writes our references; ``None`` where that is not due, or the template has no field for them.

    Raises ``PlanStopped`` to read the template.
    """
    if context.guid is None or context.ledger_fact(CinxFact.MARK) != MARK_DUE:
        return None
    field = references_field(template_of(context))
    if field is None:
        return None
    element = {"cinx_guid": context.guid, field: our_references(context, context.ledger_fact(CinxFact.LINES) or "")}
    return PlannedCall(
        step=Step.MARK.value,
        batch=f"{context.command.account}/{context.command.origin_id}",
        element=element,
        bytes_hash=part_hash(element),
        before=OrderSnapshot(order="", target=context.guid).packed(),
        records=partial(marked, element),
    )
