"""The next step of a command, out of the command, the ledger and what is cached; CINX is not asked here.

What chooses between plans is a chain of ``Plan | None``, the first plan counts; a value that cannot be had ends it with
:class:`PlanStopped`, which is caught here.
"""

from __future__ import annotations

from dataclasses import replace

from relay.domain.commands import CinxCommand, Operation
from relay.domain.ledger_facts import CinxFact
from relay.domain.outcomes import OutcomeKind
from relay.domain.quantities import without_quantity
from relay.engine.writer.adapter import Done, NeedsReview, Plan, Reject, Task
from workers.cinx_submitter.cache.cache import CachedFacts
from workers.cinx_submitter.document.content import held_lines, mark_of, poco_name, sides, state_words
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.plan.later_revision import plan_later
from workers.cinx_submitter.plan.mark import plan_mark
from workers.cinx_submitter.plan.named_poco import asked_again, is_named
from workers.cinx_submitter.plan.new_poco import plan_new
from workers.cinx_submitter.plan.rebuilt import not_found, plan_rebuilt
from workers.cinx_submitter.refusals import PlanStopped, needs_decision, reject
from workers.cinx_submitter.required_reads import fresh_pocos, view_of
from workers.cinx_submitter.situation import LINES, PART, PlanContext, payload_part
from workers.cinx_submitter.steps import AdoptPoco, Step, adopt_call, single_call

_MOST_NAMED = 5
"""Lines that a sentence names."""


def plan(task: Task[CinxCommand], facts: CachedFacts) -> Plan:
    """The next step for a change order; while an import is open, the one that reads what became of it."""
    context = PlanContext(task.command, task.entry, task.intent, facts, task.holders)
    if context.intent is not None:
        return replace(single_call(context, Step.JOB if context.intent.job_id else Step.FIND), resolves=True)
    try:
        return _moved(context) or _by_operation(context)
    except PlanStopped as stopped:
        return stopped.plan


def _by_operation(context: PlanContext) -> Plan:
    operation = context.command.operation
    if operation is Operation.WITHDRAW:
        return _withdraw(context)
    if operation is Operation.VERIFY:
        return _verify(context)
    if operation is Operation.ADOPT:
        return _adopt(context)
    return _apply(context)


def _apply(context: PlanContext) -> Plan:
    """``apply``, and ``resubmit``, with which a person allows one more submission."""
    if context.command.payload is None:
        return _without_payload(context)
    if context.guid and not context.payload.lines:
        return _withdraw(context)
    if context.is_rebuilt and context.command.operation is Operation.APPLY:
        return plan_rebuilt(context)
    if context.is_accepted:
        return plan_mark(context) or Done(sentence=_quantities_sentence(context))
    return _payload_changed(context) or (plan_later(context) if context.guid else plan_new(context))


def _quantities_sentence(context: PlanContext) -> str | None:
    lines = [line.description for line in context.payload.lines if without_quantity(line.description) is not None]
    if not lines:
        return None
    more = f" and {len(lines) - _MOST_NAMED} more" if len(lines) > _MOST_NAMED else ""
    return (
        "Ordered as one at the whole amount, with the quantity in its text, since quantity times unit cost is not the "
        f"amount: {', '.join(map(repr, lines[:_MOST_NAMED]))}{more}."
    )


def _without_payload(context: PlanContext) -> Plan:
    if context.command.operation is Operation.RESUBMIT:
        return _permit_resubmission(context)
    return reject(
        "payload_missing",
        "The command says to order a change order but holds none; send its event again with `cor replay`.",
    )


def _permit_resubmission(context: PlanContext) -> Plan:
    """A person allows one more submission and the content comes later: what was deleted in CINX is no longer ordered.

    So the step that strikes the POCOs from the ledger, where all of them are gone; otherwise there is nothing to do
    now. Raises ``PlanStopped`` to read them.
    """
    if context.guid and not fresh_pocos(context):
        return single_call(context, Step.FORGET)
    words = (
        f"The change order may be submitted once more; nothing was sent yet. {_replay(context)} sends it as it is now."
    )
    return Done(kind=OutcomeKind.UNCHANGED, sentence=words)


def _replay(context: PlanContext) -> str:
    """The command that sends the newest content, which a command about a POCO does not hold."""
    return f"`cor replay --change-order {context.command.change_order_key}`"


def _moved(context: PlanContext) -> Reject | None:
    """The rejection of a change order whose purchase order is now another one."""
    entry = context.entry
    if entry is None or entry.destination == context.order or not entry.was_sent:
        return None
    return reject(
        "destination_changed",
        f"This change order was ordered on purchase order {entry.destination}, and the route now names "
        f"{context.order}. It is not ordered twice: cancel the POCO with the vendor and give the route's target "
        "another name, or set the route back, then send this letter again.",
    )


def _payload_changed(context: PlanContext) -> NeedsReview | None:
    """The question about a revision that says something else than what was, or may have been, sent for it."""
    entry, command = context.entry, context.command
    if entry is None or command.operation is not Operation.APPLY or entry.sent_sequence != command.sequence:
        return None
    if entry.sent_payload_hash in (None, command.payload_hash):
        return None
    return needs_decision(
        "payload_changed",
        "The same revision of this change order was ordered with another content; the mapping has changed since. It is "
        "not ordered a second time by itself. Say `cor letters adopt` with the number of its POCO to leave it at that, "
        "or `cor letters resubmit` to have the new content ordered (a POCO that is still open is changed).",
        *sides(our_side(context), fresh_pocos(context)),
    )


# -- withdrawal


def _withdraw(context: PlanContext) -> Plan:
    if not context.guid:
        return _withdraw_unknown(context)
    pocos = fresh_pocos(context)
    if not pocos:
        return single_call(context, Step.FORGET)
    listed = "; ".join(f"{poco_name(poco)} ({state_words(poco)})" for poco in pocos)
    why = f" ({context.command.reason})" if context.command.reason else ""
    return reject(
        "withdrawn_after_submission",
        f"The change order is no longer to be ordered{why}, but was ordered on purchase order {context.order} as "
        f"{listed}. CINX offers no way to take it back by itself: cancel it with the vendor (or delete it in CINX "
        "while it is open), then settle this letter.",
    )


def _withdraw_unknown(context: PlanContext) -> Plan:
    """The step for a change order without a POCO: where something may have been sent, its mark is looked for."""
    if context.entry is not None and context.entry.was_sent:
        for row in view_of(context).pocos:
            mark = mark_of(row.references)
            if mark is not None and mark.origin_id == context.command.origin_id:
                return adopt_call(context, AdoptPoco(name=row.guid))
    was_withdrawn = context.entry is not None and context.entry.withdrawn
    return not_found(context) if context.is_rebuilt and not was_withdrawn else Done(kind=OutcomeKind.WITHDRAWN)


# -- verification


def _verify(context: PlanContext) -> Plan:
    """Compares the latest POCO with what the ledger says of it; what a person did in CINX stays."""
    if not context.guid or _is_as_in_ledger(context):
        return Done(kind=OutcomeKind.UNCHANGED)
    latest = next((poco for poco in fresh_pocos(context) if poco.guid == context.guid), None)
    if latest is None:
        return needs_decision(
            "poco_deleted",
            f"The POCO {context.ledger_fact(CinxFact.NUMBER)} of this change order was deleted in CINX. If it is still "
            f"to be ordered, say `cor letters resubmit` and then {_replay(context)}; if another POCO has taken its "
            "place, say `cor letters adopt` with its number.",
        )
    if context.ledger_fact(CinxFact.LINES) in (None, held_lines(latest)):
        return Done(kind=OutcomeKind.UNCHANGED)
    sentence = f"Somebody has changed the lines of POCO {poco_name(latest)} in CINX; it stays as it is."
    return Done(kind=OutcomeKind.UNCHANGED, sentence=sentence)


def _is_as_in_ledger(context: PlanContext) -> bool:
    """Whether what was observed is what the ledger says, so that CINX need not be asked."""
    observed = context.command.observed or {}
    kept = {name: context.ledger_fact(name) for name in (CinxFact.GUID, CinxFact.LINES)}
    return all(fact is not None and observed.get(name) == fact for name, fact in kept.items())


# -- a person's decision


def _adopt(context: PlanContext) -> Plan:
    name = (context.command.adopt_remote_id or "").strip()
    if not name:
        return reject("adopt_unnamed", "Which POCO is to be adopted is not said: name it by its number or CINX guid.")
    part = _adopted_part(context)
    held = context.entry.parts.get(PART) if context.entry else None
    is_latest = name.lower() == context.guid or is_named(name, context.ledger_fact(CinxFact.NUMBER))
    if is_latest and (part is None or (held is not None and held.hash == part)):
        return plan_mark(context) or Done(sentence=_adopted(context))
    return asked_again(context, name) or adopt_call(
        context, AdoptPoco(name=name, counts_as=part, named_by_person=True, made_by_others=True)
    )


def _adopted(context: PlanContext) -> str:
    words = (
        f"POCO {context.ledger_fact(CinxFact.NUMBER) or context.guid} stands for this change order, as a person decided"
    )
    review = context.entry.review if context.entry else None
    sent = review.parts.get(LINES) if review else None
    differs = sent is not None and sent != context.ledger_fact(CinxFact.LINES)
    return f"{words}, although its lines are not what was sent." if differs else f"{words}."


def _adopted_part(context: PlanContext) -> str | None:
    """The hash of the payload that the adopted POCO counts as saying: of what was in question, if anything was."""
    if context.command.payload is not None:
        return payload_part(context.command.payload)
    review = context.entry.review if context.entry else None
    return review.parts.get(PART) if review else None
