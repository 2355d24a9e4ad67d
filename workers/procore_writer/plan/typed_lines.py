"""The lines of an adopted record, which a person typed in: ours are put in their place.

Lines that agree get our origin ids and go on living. What is left over is removed only where the
total stays the same; otherwise a person decides.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice

from relay.clients.procore import MOST_ELEMENTS, LineItem
from relay.domain.commands import Operation, ProcoreLine
from relay.domain.ledger_facts import ProcoreFact, ProcorePart
from relay.domain.text_folding import folded
from relay.engine.writer.adapter import NeedsReview, Plan
from workers.procore_writer.content import parts
from workers.procore_writer.plan.lines import lines_call
from workers.procore_writer.plan.ownership import owned_by_stranger
from workers.procore_writer.plan.record_updates import LineRemoval
from workers.procore_writer.plan.steps import Step, read_call, update_call
from workers.procore_writer.situation import PlanContext

UNDECIDED = "undecided"
REPLACE = "replace"
"""What the ledger says once it is decided that the typed lines that are left over may go."""


def claim_typed_lines(context: PlanContext) -> Plan | None:
    """The next step until every line of an adopted record is ours."""
    status = ProcorePart.PACKAGE_STATUS if context.tiers == 1 else ProcorePart.STATUS
    if context.ledger_fact(ProcoreFact.UNCLAIMED) is None or context.pco_id is None or context.is_locked(status):
        return None
    if context.facts.lines is None:
        return read_call(context, Step.LIST_LINES, context.command.origin_id, context.pco_id)
    return _claim(context, context.facts.lines)


def is_ours(origin_id: str, line: LineItem) -> bool:
    """Whether a line carries an origin id of this change order."""
    return line.origin_id is not None and line.origin_id.startswith(f"{origin_id}:item:")


def may_replace(context: PlanContext, listed: Sequence[LineItem]) -> bool:
    """Whether lines that are left over may be removed: decided before anything is written.

    A person who named the record has seen it; otherwise nothing may change in money.
    """
    if context.command.operation is Operation.ADOPT:
        return True
    amounts = [line.amount for line in listed]
    return None not in amounts and sum((amount or Decimal(0) for amount in amounts), Decimal(0)) == parts.total(
        context.payload
    )


def _claim(context: PlanContext, listed: Sequence[LineItem]) -> Plan | None:
    typed = [line for line in listed if not is_ours(context.command.origin_id, line)]
    stranger = next((line for line in typed if line.origin_id), None)
    if stranger is not None:
        return owned_by_stranger(context, f"line {stranger.description!r}", stranger.origin_id or "")
    waiting = {part: line for part, line in context.lines.items() if context.ledger_fact(part) is None}
    pairs = pair(waiting, typed)
    strays = [line for line in typed if line.id not in pairs.values()]
    if strays and context.ledger_fact(ProcoreFact.UNCLAIMED) != REPLACE:
        return _ask(context, strays)
    changes = {part: parts.line_hash(line) for part, line in islice(waiting.items(), MOST_ELEMENTS)}
    return lines_call(context, changes, pairs) or _remove(context, strays)


def _remove(context: PlanContext, strays: Sequence[LineItem]) -> Plan | None:
    for line in strays:
        removal = LineRemoval(context.written_pco_id, part="", line_id=str(line.id), origin_id="")
        return update_call(context, Step.REMOVE_LINE, removal, {})
    return None


def _ask(context: PlanContext, strays: Sequence[LineItem]) -> NeedsReview:
    listed = "; ".join(f"{line.description or '(no description)'} {line.amount}" for line in strays[:5])
    return NeedsReview(
        reason="procore.existing_lines",
        sentence=f"The adopted record has {len(strays)} lines that the source does not have ({listed}) and another "
        "total. Correct them in Procore or in the source system, or say `cor letters adopt` to have them replaced.",
        sides=tuple(json.dumps({"description": line.description, "amount": str(line.amount)}) for line in strays[:50]),
    )


def pair(wanted: dict[str, ProcoreLine], typed: Sequence[LineItem]) -> dict[str, int]:
    """Pairs wanted lines with typed ones, the closest agreement first, each line once: ids by part."""
    pairs: dict[str, int] = {}
    for agrees in (_in_both, _in_amount, _in_words):
        for part, line in wanted.items():
            free = (candidate for candidate in typed if candidate.id not in pairs.values())
            if part not in pairs and (
                match := next((candidate for candidate in free if agrees(line, candidate)), None)
            ):
                pairs[part] = match.id
    return pairs


def _in_both(line: ProcoreLine, typed: LineItem) -> bool:
    return _in_amount(line, typed) and _in_words(line, typed)


def _in_amount(line: ProcoreLine, typed: LineItem) -> bool:
    return typed.amount is not None and line.amount == typed.amount


def _in_words(line: ProcoreLine, typed: LineItem) -> bool:
    return folded(line.description or "") == folded(typed.description or "")
