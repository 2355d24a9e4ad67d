"""The next step of a command, decided from its task and the cached facts alone: nothing is sent or read here."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from relay.domain.canonical_text import decimal_text
from relay.domain.commands import Operation, ProcoreCommand, ProcorePayload
from relay.domain.ledger_facts import ProcorePart
from relay.engine.writer.adapter import Done, NeedsReview, Plan, PlannedCall, Reject, Task, Wait
from workers.procore_writer.cache.cache import CachedFacts
from workers.procore_writer.content import parts
from workers.procore_writer.letters import refusals
from workers.procore_writer.plan import existing_records, limits, one_tier, several_tiers, withdraw
from workers.procore_writer.plan.destination import elsewhere_by_its_route
from workers.procore_writer.plan.lines import unresolved
from workers.procore_writer.plan.packages import find_package
from workers.procore_writer.plan.steps import Step, contract_call, may_be_repeated, read_call
from workers.procore_writer.plan.typed_lines import claim_typed_lines
from workers.procore_writer.plan.verify import Verification, kept_theirs, plan_verify
from workers.procore_writer.situation import PlanContext, is_package_rule

_MOST_NAMED = 5
"""Lines that a sentence names."""
_NOTHING = ProcorePayload(title="", status="")
_GROUPING = frozenset(
    (ProcorePart.PACKAGE, ProcorePart.PACKAGE_STATUS, ProcorePart.REQUEST, ProcorePart.REQUEST_STATUS,
     ProcorePart.LINK, ProcorePart.REQUEST_LINK)
)  # fmt: skip
"""What is written otherwise under other tiers."""


def plan(task: Task[ProcoreCommand], facts: CachedFacts, *, now: datetime, quarantine: float) -> Plan:
    """What is to be done next.

    ``quarantine``: seconds after which a request whose answer was lost is certainly no longer on
    its way; a package that may have been created is looked for only then.
    """
    command = task.command
    context = PlanContext(command, command.payload or _NOTHING, task.entry, task.intent, facts)
    moved = elsewhere_by_its_route(context) or _moved(context)
    if moved is not None:
        return moved
    return _deleted(context) or _package_in_doubt(context, now, quarantine) or _by_operation(context)


def _by_operation(context: PlanContext) -> Plan:
    operation = context.command.operation
    if operation is Operation.WITHDRAW:
        return _held_against_record(context, _by_tiers_of_now(context, withdraw.plan_withdraw(context)))
    if operation is Operation.VERIFY:
        verified = plan_verify(context)
        return _write_again(context.rewriting()) if verified is Verification.WRITE_AGAIN else verified
    if operation is Operation.ADOPT:
        adopted = existing_records.plan_adopt(context)
        return _go_on(context) if adopted is existing_records.Adoption.COMPLETE else adopted
    if (
        operation is Operation.RESUBMIT
        and not context.facts.presence_checked
        and (context.pco_id or context.package_id)
    ):
        return read_call(context, Step.STILL_THERE, context.command.origin_id)
    return _go_on(context)


def _write_again(context: PlanContext) -> Plan:
    return _moved(context) or plan_apply(context)


def _go_on(context: PlanContext) -> Plan:
    """A decision without a payload ends here; the next command writes what is wanted."""
    if context.command.payload is not None:
        return plan_apply(context)
    if context.command.operation is Operation.APPLY:
        return Reject(
            reason="procore.payload_missing",
            sentence="The command says to apply a change order but holds none; send its event again with `cor replay`.",
        )
    return Done(
        sentence="The decision is recorded; the next version of the change order is written as usual, and "
        f"`{refusals.replay_of(context)}` writes it as it is now."
    )


def plan_apply(context: PlanContext) -> Plan:
    """Makes the remote say what the payload says."""
    refusal = limits.first_violation(context.payload, context.tiers) or _unusable_rule(context)
    if refusal is not None:
        return refusal
    if context.is_unsure_of_tiers and context.pco_id is not None:
        # The contract was empty when this was written to it; now a row of it tells.
        return read_call(context, Step.TIERS, contract_call(context), context.pco_id)
    step = _guarded(context)
    return _held_against_record(context, _all_said(context) if step is None else _by_tiers_of_now(context, step))


def _by_tiers_of_now(context: PlanContext, step: Plan) -> Plan:
    """The step, or the look that comes before it: what groups a record that is there goes by the tiers of now, which
    somebody may have raised since the contract was listed.
    """
    facts = context.facts
    if context.pco_id is None or context.intent is not None or facts.tiers_just_shown or facts.tiers_not_shown:
        return step
    if not isinstance(step, PlannedCall) or not step.writes or _GROUPING.isdisjoint(step.parts):
        return step
    return read_call(context, Step.TIERS, contract_call(context), context.pco_id)


def _held_against_record(context: PlanContext, step: Plan) -> Plan:
    """The step, or the look that comes before it: a ledger that was rebuilt does not tell what people have edited, and
    one that has left a call in doubt behind, not what is there.

    What is under way is sent again first, as after any takeover: a look would not tell what becomes of it.
    """
    writes = isinstance(step, PlannedCall) and step.writes
    is_unproven = (context.is_rebuilt and writes) or (context.doubted and (writes or isinstance(step, Done)))
    if not is_unproven or context.pco_id is None or context.intent is not None:
        return step
    comparison = context.facts.comparison
    if comparison is None or not comparison.deleted:
        # What a look has found is in the ledger since; one whose commit was lost is made again.
        return read_call(context, Step.LOOK, context.command.origin_id, context.pco_id)
    return _end_of_deleted(context)


def _guarded(context: PlanContext) -> Plan | None:
    shape = one_tier if context.tiers == 1 else several_tiers
    return (
        _edited(context)
        or _approved(context, differs=shape.content_differs(context))
        or existing_records.before_first_write(context)
        or unresolved(context)
        or claim_typed_lines(context)
        or shape.next_step(context)
    )


# -- before anything is sent


def _deleted(context: PlanContext) -> Plan | None:
    """A record of ours that a person deleted is not made again, unless a person says so."""
    return _end_of_deleted(context) if context.facts.record_deleted else None


def _end_of_deleted(context: PlanContext) -> Done | NeedsReview | Reject:
    if context.command.operation is Operation.WITHDRAW:
        return withdraw.deleted_at_source()
    return refusals.deletion_question(context)


def _moved(context: PlanContext) -> Plan | None:
    """A known change order whose contract is now another one."""
    entry, destination = context.entry, context.command.destination.name
    if entry is None or entry.destination == destination or not (entry.parts or context.pco_id or context.package_id):
        return None
    return Reject(
        reason="procore.destination_changed",
        sentence=f"This change order was written to contract {entry.destination} (project/contract) and the route now "
        f"names {destination}. It is not written twice: void it in the old contract and give the route's target "
        "another name, or set the route back.",
    )


def _unusable_rule(context: PlanContext) -> Reject | None:
    rule = context.command.rules.package
    if is_package_rule(rule) and not (context.tiers == 1 and context.existing_package is not None):
        return _unknown_package(context)
    return Reject(
        reason="procore.package_rule_unusable",
        sentence=f"The rule package: {rule} cannot be followed in a project of {context.tiers} tiers: correct it on "
        "the route (none, per_change_order, or existing with the id of a package).",
    )


def _unknown_package(context: PlanContext) -> Reject | None:
    view, wanted = context.facts.view, context.existing_package
    if wanted is None or view is None or wanted in view.packages or context.accepted(ProcorePart.LINK):
        return None
    return Reject(
        reason="procore.package_unknown",
        sentence=f"Contract {context.command.destination.contract_id} has no package {wanted}: correct package: "
        "existing on the route.",
    )


def _edited(context: PlanContext) -> Plan | None:
    """A part that a person edited is about to change, and the rule is to ask."""
    if context.command.rules.person_edit != "letter" or context.entry is None:
        return None
    if not any(part.person for part in context.entry.parts.values()):
        return None
    touched = [
        part for part, wanted in _wanted(context).items() if context.edited(part) and context.differs(part, wanted)
    ]
    touched += [part for part in context.removals if context.edited(part)]
    if not touched:
        return None
    return NeedsReview(
        reason="procore.person_edit",
        sentence=f"Somebody changed {parts.in_words(touched)} in Procore, and the source now wants something else "
        "there. Decide which is right: set person_edit on the route (keep_theirs or overwrite) and send the letter "
        "again, or make both sides equal.",
        sides=_sides(context),
    )


def _wanted(context: PlanContext) -> dict[str, str]:
    wanted = dict(context.line_hashes)
    wanted |= {
        ProcorePart.HEADER: parts.header_content(context.payload).hash,
        ProcorePart.STATUS: parts.status_hash(context.status),
    }
    wanted |= {
        ProcorePart.PACKAGE: parts.package_hash(context.payload),
        ProcorePart.PACKAGE_STATUS: parts.status_hash(context.status),
    }
    return wanted


def _approved(context: PlanContext, *, differs: bool) -> Plan | None:
    """An approved change order must change, and the rule is to ask."""
    locked = context.is_locked(ProcorePart.PACKAGE_STATUS if context.tiers == 1 else ProcorePart.STATUS)
    if not locked or context.command.rules.approved_change == "reopen":
        return None
    if not differs and context.status == parts.APPROVED:
        return None
    since = "the source has changed since" if _changed_by_source(context) else "somebody has changed it there since"
    return Reject(
        reason="procore.approved_change",
        sentence=f"The change order is approved in Procore, and {since}. Approved change orders "
        "are left alone: set approved_change: reopen on the route to have it opened, changed and approved again, or "
        "settle the difference by hand.",
        sides=_sides(context),
    )


def _sides(context: PlanContext) -> tuple[str, ...]:
    """What the source says and what the record showed, where it was read for this command."""
    comparison = context.facts.comparison
    return (existing_records.our_side(context), *comparison.sides) if comparison and comparison.sides else ()


def _changed_by_source(context: PlanContext) -> bool:
    """Whether anything differs that no person has changed there."""
    accepted = {part: wanted for part, wanted in _wanted(context).items() if context.accepted(part) is not None}
    differing = [part for part, wanted in accepted.items() if context.differs(part, wanted)]
    return not all(map(context.edited, (*differing, *context.line_changes, *context.removals)))


# -- a package that may have been created


def _package_in_doubt(context: PlanContext, now: datetime, quarantine: float) -> Plan | None:
    intent = context.intent
    if intent is None or may_be_repeated(intent.step) or context.package_id is not None:
        return None
    wait = intent.seconds_under_way(now, quarantine)
    if wait > 0:
        return Wait(
            seconds=wait,
            reason="doubt",
            sentence="Whether Procore has created the package is unknown; the contract is listed once the request can "
            "no longer be on its way.",
        )
    return find_package(context)


# -- at the end


def _all_said(context: PlanContext) -> Done:
    """Everything is there, but for what a person has changed and the route keeps."""
    edited = [part for part, held in context.entry.parts.items() if held.person] if context.entry else []
    words = " ".join(filter(None, (_quantities_sentence(context), _tiers_sentence(context)))) or None
    if not edited or context.command.rules.person_edit != "keep_theirs":
        return Done(sentence=words)
    kept = kept_theirs(edited)
    return kept if words is None else replace(kept, sentence=f"{kept.sentence} {words}")


def _quantities_sentence(context: PlanContext) -> str | None:
    lines = parts.without_quantity(context.payload)
    if not lines:
        return None
    named = ", ".join(
        f"{parts.line_name(line)}: {decimal_text(line.quantity or Decimal(0))}" for line in lines[:_MOST_NAMED]
    )
    more = f" and {len(lines) - _MOST_NAMED} more" if len(lines) > _MOST_NAMED else ""
    return (
        "Written with the amount alone, since quantity times unit cost is not the amount, or the unit cost is finer "
        f"than a cent; the quantities are not in Procore: {named}{more}."
    )


def _tiers_sentence(context: PlanContext) -> str | None:
    stated, shown = context.command.destination.tiers, context.tiers
    if stated == shown:
        return None
    return (
        f"The route states {stated} tiers for this contract, Procore works with {shown}, which was followed: "
        "correct tiers on the route."
    )
