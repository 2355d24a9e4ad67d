"""The lines of a potential change order: written by sync, removed one by one."""

from __future__ import annotations

from itertools import islice

from relay.clients.procore import MOST_ELEMENTS
from relay.domain import identity
from relay.domain.ledger_facts import item_of
from relay.engine.writer.adapter import Plan, PlannedCall, Reject
from workers.procore_writer.letters.partial import with_partial_state
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.change_reason import unresolved_reason
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.record_updates import LineRemoval, LineUpdates
from workers.procore_writer.plan.references import resolve
from workers.procore_writer.plan.steps import Step, update_call
from workers.procore_writer.situation import PlanContext


def lines_step(context: PlanContext) -> Plan | None:
    """The lines that differ, up to 1000 in a call; one at a time where refusals came without names."""
    most = 1 if context.alone else MOST_ELEMENTS
    return lines_call(context, dict(islice(context.line_changes.items(), most)), {})


def unresolved(context: PlanContext) -> Plan | None:
    """Why a line or the change reason could not be written, or what has to be read to know: before anything is written.

    What may have been sent already is brought to its end first.
    """
    if context.intent is not None:
        return None
    codes = resolve(context, [context.lines[part] for part in context.line_changes])
    if isinstance(codes, Reject):
        return with_partial_state(context, codes)
    return codes if isinstance(codes, PlannedCall) else unresolved_reason(context)


def lines_call(context: PlanContext, changes: dict[str, str], ids: dict[str, int]) -> Plan | None:
    """These lines with their hashes. ``ids``: existing lines that they become, by part."""
    if not changes:
        return None
    codes = resolve(context, [context.lines[part] for part in changes])
    if isinstance(codes, Reject):
        return with_partial_state(context, codes)
    if isinstance(codes, PlannedCall):
        return codes
    updates: list[Json] = []
    for part in changes:
        line = context.lines[part]
        existing: Json = {"id": ids[part]} if part in ids else {}
        updates.append(existing | elements.line_element(context, part, line, codes[line.item_id]))
    return update_call(context, Step.LINES, LineUpdates(context.written_pco_id, updates), changes)


def removal_step(context: PlanContext) -> Plan | None:
    """The first line that has to go."""
    for part in context.removals:
        origin_id = identity.item_origin_id(context.command.origin_id, item_of(part))
        removal = LineRemoval(context.written_pco_id, part, context.ledger_fact(part), origin_id)
        return update_call(context, Step.REMOVE_LINE, removal, {part: ""})
    return None
