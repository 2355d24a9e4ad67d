"""The next step of a command. Pure: nothing is sent, nothing is read."""

from __future__ import annotations

from relay.domain.commands import CinxCommand, Operation
from relay.domain.outcomes import OutcomeKind
from relay.domain.receiving import was_sent
from relay.engine.writer.adapter import Done, NeedsReview, Plan, Reject, Task
from workers.cinx_submitter.cache.cache import CachedFacts
from workers.cinx_submitter.document.content import held_lines, mark_of, poco_name, sides, state_words
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.plan.later_revision import plan_later
from workers.cinx_submitter.plan.mark import plan_mark
from workers.cinx_submitter.plan.named_poco import asked_again, is_named
from workers.cinx_submitter.plan.new_poco import plan_new
from workers.cinx_submitter.refusals import PlanStopped, needs_decision, reject
from workers.cinx_submitter.required_reads import fresh_pocos, view_of
from workers.cinx_submitter.situation import LINES, PART, CinxFact, PlanContext, payload_part
from workers.cinx_submitter.steps import AdoptPoco, Step, single_call


def plan(task: Task[CinxCommand], known: CachedFacts) -> Plan:
    """What is to be done next. While a submission is open, only what became of it is looked at."""
    s = PlanContext(task.command, task.entry, task.intent, known, task.holders)
    if s.intent is not None:
        return single_call(s, Step.JOB if s.intent.job_id else Step.FIND)
    try:
        return _moved(s) or _by_operation(s)
    except PlanStopped as halt:
        return halt.plan


def _by_operation(s: PlanContext) -> Plan:
    operation = s.command.operation
    if operation is Operation.WITHDRAW:
        return _withdraw(s)
    if operation is Operation.VERIFY:
        return _verify(s)
    if operation is Operation.ADOPT:
        return _adopt(s)
    return _apply(s)


def _apply(s: PlanContext) -> Plan:
    """``apply``, and ``resubmit``, with which a person allows one more submission."""
    if s.command.payload is None:
        return _without_payload(s)
    if s.guid and not s.payload.lines:
        return _withdraw(s)
    if s.is_accepted:
        return plan_mark(s) or Done()
    return _payload_changed(s) or (plan_later(s) if s.guid else plan_new(s))


def _without_payload(s: PlanContext) -> Plan:
    if s.command.operation is Operation.RESUBMIT:
        return _forget_deleted(s)
    return reject(
        "payload_missing",
        "The command says to order a change order but holds none; send its event again with `cor replay`.",
    )


def _forget_deleted(s: PlanContext) -> Plan:
    """What somebody deleted in CINX no longer counts as ordered."""
    if s.guid and not fresh_pocos(s):
        return single_call(s, Step.FORGET)
    words = f"The change order may be submitted once more; nothing was sent yet. {_replay(s)} sends it as it is now."
    return Done(kind=OutcomeKind.UNCHANGED, sentence=words)


def _replay(s: PlanContext) -> str:
    """What sends the newest content, of which a look at the POCO knows nothing."""
    return f"`cor replay --change-order {s.command.change_order_key}`"


def _moved(s: PlanContext) -> Reject | None:
    """A known change order whose purchase order is now another one."""
    entry = s.entry
    if entry is None or entry.destination == s.order or not was_sent(entry):
        return None
    return reject(
        "destination_changed",
        f"This change order was ordered on purchase order {entry.destination}, and the route now names {s.order}. It "
        "is not ordered twice: cancel the POCO with the vendor and give the route's target another name, or set the "
        "route back, then send this letter again.",
    )


def _payload_changed(s: PlanContext) -> NeedsReview | None:
    """The same revision says something else than what was (or may have been) sent for it."""
    entry, command = s.entry, s.command
    if entry is None or command.operation is not Operation.APPLY or entry.sent_sequence != command.sequence:
        return None
    if entry.sent_payload_hash in (None, command.payload_hash):
        return None
    return needs_decision(
        "payload_changed",
        "The same revision of this change order was ordered with another content; the mapping has changed since. It is "
        "not ordered a second time by itself. Say `cor letters adopt` with the number of its POCO to leave it at that, "
        "or `cor letters resubmit` to have the new content ordered (a POCO that is still open is changed).",
        *sides(our_side(s), fresh_pocos(s)),
    )


# -- withdrawal


def _withdraw(s: PlanContext) -> Plan:
    if not s.guid:
        return _withdraw_unknown(s)
    pocos = fresh_pocos(s)
    if not pocos:
        return single_call(s, Step.FORGET)
    listed = "; ".join(f"{poco_name(poco)} ({state_words(poco)})" for poco in pocos)
    why = f" ({s.command.reason})" if s.command.reason else ""
    return reject(
        "withdrawn_after_submission",
        f"The change order is no longer to be ordered{why}, but was ordered on purchase order {s.order} as {listed}. "
        "CINX offers no way to take it back by itself: cancel it with the vendor (or delete it in CINX while it is "
        "open), then settle this letter.",
    )


def _withdraw_unknown(s: PlanContext) -> Plan:
    """No POCO is known. If something may have been sent, the purchase order is looked at once more."""
    if s.entry is not None and was_sent(s.entry):
        for row in view_of(s).pocos:
            mark = mark_of(row.references)
            if mark is not None and mark.origin_id == s.command.origin_id:
                return single_call(s, Step.TAKE, AdoptPoco(name=row.guid))
    return Done(kind=OutcomeKind.WITHDRAWN)


# -- verification


def _verify(s: PlanContext) -> Plan:
    """CINX's records are compared with what we last saw of them; what a person did there stays."""
    if not s.guid or _is_as_we_know(s):
        return Done(kind=OutcomeKind.UNCHANGED)
    latest = next((poco for poco in fresh_pocos(s) if poco.guid == s.guid), None)
    if latest is None:
        return needs_decision(
            "poco_deleted",
            f"The POCO {s.fact(CinxFact.NUMBER)} of this change order was deleted in CINX. If it is still to be ordered, "
            f"say `cor letters resubmit` and then {_replay(s)}; if another POCO has taken its place, say `cor letters "
            "adopt` with its number.",
        )
    if s.fact(CinxFact.LINES) in (None, held_lines(latest)):
        return Done(kind=OutcomeKind.UNCHANGED)
    words = f"Somebody has changed the lines of POCO {poco_name(latest)} in CINX; it stays as it is."
    return Done(kind=OutcomeKind.UNCHANGED, sentence=words)


def _is_as_we_know(s: PlanContext) -> bool:
    """Whether what was observed is what the ledger says, so that CINX need not be asked."""
    seen = s.command.observed or {}
    known = {name: s.fact(name) for name in (CinxFact.GUID, CinxFact.LINES)}
    return all(fact is not None and seen.get(name) == fact for name, fact in known.items())


# -- a person's decision


def _adopt(s: PlanContext) -> Plan:
    name = (s.command.adopt_remote_id or "").strip()
    if not name:
        return reject("adopt_unnamed", "Which POCO is to be adopted is not said: name it by its number or CINX guid.")
    part = _adopted_part(s)
    held = s.entry.parts.get(PART) if s.entry else None
    known = name.lower() == s.guid or is_named(name, s.fact(CinxFact.NUMBER))
    if known and (part is None or (held is not None and held.hash == part)):
        return plan_mark(s) or Done(sentence=_adopted(s))
    return asked_again(s, name) or single_call(s, Step.TAKE, AdoptPoco(name=name, counts_as=part, adopting=True, made_by_others=True))


def _adopted(s: PlanContext) -> str:
    words = f"POCO {s.fact(CinxFact.NUMBER) or s.guid} stands for this change order, as a person decided"
    review = s.entry.review if s.entry else None
    sent = review.parts.get(LINES) if review else None
    differs = sent is not None and sent != s.fact(CinxFact.LINES)
    return f"{words}, although its lines are not what was sent." if differs else f"{words}."


def _adopted_part(s: PlanContext) -> str | None:
    """What the adopted POCO counts as saying: what was in question."""
    if s.command.payload is not None:
        return payload_part(s.command.payload)
    review = s.entry.review if s.entry else None
    return review.parts.get(PART) if review else None
