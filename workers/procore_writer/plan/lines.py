"""The lines of a potential change order: written by sync, removed one by one."""

from __future__ import annotations

from itertools import islice

from relay.domain import identity
from relay.engine.writer.adapter import Plan, PlannedCall, Reject
from workers.procore_writer.content import parts
from workers.procore_writer.letters.partial import with_partial_state
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.plan.references import resolve
from workers.procore_writer.plan.steps import MOST_ELEMENTS, Step, single_call
from workers.procore_writer.situation import PlanContext, ProcoreFact


def lines_step(s: PlanContext) -> Plan | None:
    """The lines that differ, up to 1000 in a call; one at a time where refusals came without names."""
    most = 1 if s.alone else MOST_ELEMENTS
    return lines_send(s, dict(islice(s.line_changes.items(), most)), {})


def lines_send(s: PlanContext, changes: dict[str, str], ids: dict[str, int]) -> Plan | None:
    """These lines with their hashes. ``ids``: existing lines that they become, by part."""
    if not changes:
        return None
    codes = resolve(s, [s.lines[part] for part in changes])
    if isinstance(codes, Reject):
        return with_partial_state(s, codes)
    if isinstance(codes, PlannedCall):
        return codes
    updates: list[Json] = []
    for part in changes:
        line = s.lines[part]
        known: Json = {"id": ids[part]} if part in ids else {}
        updates.append(known | elements.line_element(s, part, line, codes[line.item_id]))
    return single_call(s, Step.LINES, {"pco_id": s.pco_id, "updates": updates}, changes)


def removal_step(s: PlanContext) -> Plan | None:
    """The first line that has to go."""
    for part in s.removals:
        element: Json = {
            "pco_id": s.pco_id,
            "part": part,
            "line_id": s.fact(ProcoreFact.line(part)),
            "origin_id": identity.item_origin_id(s.command.origin_id, parts.item_of(part)),
        }
        return single_call(s, Step.REMOVE_LINE, element, {})
    return None
