"""The next step of a command. Pure: nothing is sent, nothing is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from relay.domain.commands import Operation, ProcoreCommand, ProcorePayload
from relay.domain.ledger import Intent
from relay.engine.writer.adapter import Done, NeedsReview, Plan, Reject, Task, Wait
from workers.procore_writer.cache.cache import CachedFacts
from workers.procore_writer.content import parts
from workers.procore_writer.letters import refusals
from workers.procore_writer.plan import existing_records, limits, one_tier, several_tiers, withdraw
from workers.procore_writer.plan.destination import elsewhere_by_its_route
from workers.procore_writer.plan.packages import find_package
from workers.procore_writer.plan.steps import Step, contract_call, read_call
from workers.procore_writer.plan.typed_lines import claim_typed_lines
from workers.procore_writer.plan.verify import kept_theirs, plan_verify
from workers.procore_writer.situation import PlanContext, is_package_rule

_NOTHING = ProcorePayload(title="", status="")


def plan(task: Task[ProcoreCommand], known: CachedFacts, *, now: datetime, quarantine: float) -> Plan:
    """What is to be done next.

    ``quarantine``: seconds after which a request whose answer was lost is certainly no longer on
    its way; a package that may have been created is looked for only then.
    """
    command = task.command
    s = PlanContext(command, command.payload or _NOTHING, task.entry, task.intent, known)
    moved = elsewhere_by_its_route(s) or _moved(s)
    if moved is not None:
        return moved
    return _deleted(s) or _package_in_doubt(s, now, quarantine) or _by_operation(s)


def _by_operation(s: PlanContext) -> Plan:
    operation = s.command.operation
    if operation is Operation.WITHDRAW:
        return withdraw.plan_withdraw(s)
    if operation is Operation.VERIFY:
        return plan_verify(s) or _write_again(s.rewriting())
    if operation is Operation.ADOPT:
        return existing_records.plan_adopt(s) or _go_on(s)
    if operation is Operation.RESUBMIT and not s.known.presence_checked and (s.pco_id or s.package_id):
        return read_call(s, Step.STILL_THERE, s.command.origin_id)
    return _go_on(s)


def _write_again(s: PlanContext) -> Plan:
    return _moved(s) or plan_apply(s)


def _go_on(s: PlanContext) -> Plan:
    """A decision without a payload ends here; the next command writes what is wanted."""
    if s.command.payload is not None:
        return plan_apply(s)
    if s.command.operation is Operation.APPLY:
        return Reject(
            reason="procore.payload_missing",
            sentence="The command says to apply a change order but holds none; send its event again with `cor replay`.",
        )
    return Done(
        sentence="The decision is recorded; the next version of the change order is written as usual, and "
        f"`{refusals.replay_of(s)}` writes it as it is now."
    )


def plan_apply(s: PlanContext) -> Plan:
    """Makes the remote say what the payload says."""
    refusal = limits.first_violation(s.payload, s.tiers) or _unusable_rule(s)
    if refusal is not None:
        return refusal
    if s.is_unsure_of_tiers and s.pco_id is not None:
        # The contract was empty when this was written to it; now a row of it tells.
        return read_call(s, Step.TIERS, contract_call(s), s.pco_id)
    step = _guarded(s)
    return step if step is not None else _all_said(s)


def _guarded(s: PlanContext) -> Plan | None:
    shape = one_tier if s.tiers == 1 else several_tiers
    return (
        _edited(s)
        or _approved(s, differs=shape.content_differs(s))
        or existing_records.before_first_write(s)
        or claim_typed_lines(s)
        or shape.next_step(s)
    )


# -- before anything is sent


def _deleted(s: PlanContext) -> Plan | None:
    """A record of ours that a person deleted is not made again, unless a person says so."""
    if not s.known.record_deleted:
        return None
    return withdraw.deleted_at_source() if s.command.operation is Operation.WITHDRAW else refusals.deleted(s)


def _moved(s: PlanContext) -> Plan | None:
    """A known change order whose contract is now another one."""
    entry, destination = s.entry, s.command.destination.name
    if entry is None or entry.destination == destination or not (entry.parts or s.pco_id or s.package_id):
        return None
    return Reject(
        reason="procore.destination_changed",
        sentence=f"This change order was written to contract {entry.destination} (project/contract) and the route now "
        f"names {destination}. It is not written twice: void it in the old contract and give the route's target "
        "another name, or set the route back.",
    )


def _unusable_rule(s: PlanContext) -> Reject | None:
    rule = s.command.rules.package
    if is_package_rule(rule) and not (s.tiers == 1 and s.existing_package is not None):
        return _unknown_package(s)
    return Reject(
        reason="procore.package_rule_unusable",
        sentence=f"The rule package: {rule} cannot be followed in a project of {s.tiers} tiers: correct it on the "
        "route (none, per_change_order, or existing with the id of a package).",
    )


def _unknown_package(s: PlanContext) -> Reject | None:
    view, wanted = s.known.view, s.existing_package
    if wanted is None or view is None or wanted in view.packages or s.accepted(parts.LINK):
        return None
    return Reject(
        reason="procore.package_unknown",
        sentence=f"Contract {s.command.destination.contract_id} has no package {wanted}: correct package: existing "
        "on the route.",
    )


def _edited(s: PlanContext) -> Plan | None:
    """A part that a person edited is about to change, and the rule is to ask."""
    if s.command.rules.person_edit != "letter" or s.entry is None:
        return None
    if not any(part.person for part in s.entry.parts.values()):
        return None
    touched = [part for part, wanted in _wanted(s).items() if s.edited(part) and s.differs(part, wanted)]
    touched += [part for part in s.removals if s.edited(part)]
    if not touched:
        return None
    return NeedsReview(
        reason="procore.person_edit",
        sentence=f"Somebody changed {parts.in_words(touched)} in Procore, and the source now wants something else "
        "there. Decide which is right: set person_edit on the route (keep_theirs or overwrite) and send the letter "
        "again, or make both sides equal.",
    )


def _wanted(s: PlanContext) -> dict[str, str]:
    wanted = dict(s.line_hashes)
    wanted |= {parts.HEADER: parts.header_content(s.payload).hash, parts.STATUS: parts.status_hash(s.status)}
    wanted |= {parts.PACKAGE: parts.package_hash(s.payload), parts.PACKAGE_STATUS: parts.status_hash(s.status)}
    return wanted


def _approved(s: PlanContext, *, differs: bool) -> Plan | None:
    """An approved change order must change, and the rule is to ask."""
    locked = s.is_locked(parts.PACKAGE_STATUS if s.tiers == 1 else parts.STATUS)
    if not locked or s.command.rules.approved_change == "reopen":
        return None
    if not differs and s.status == parts.APPROVED:
        return None
    return Reject(
        reason="procore.approved_change",
        sentence="The change order is approved in Procore, and the source has changed since. Approved change orders "
        "are left alone: set approved_change: reopen on the route to have it opened, changed and approved again, or "
        "settle the difference by hand.",
    )


# -- a package that may have been created


def _package_in_doubt(s: PlanContext, now: datetime, quarantine: float) -> Plan | None:
    intent = s.intent
    if intent is None or intent.step != Step.PACKAGE.value or s.package_id is not None:
        return None
    wait = _still_under_way(intent, now, quarantine)
    if wait > 0:
        return Wait(
            seconds=wait,
            reason="doubt",
            sentence="Whether Procore has created the package is unknown; the contract is listed once the request can "
            "no longer be on its way.",
        )
    return find_package(s)


def _still_under_way(intent: Intent, now: datetime, quarantine: float) -> float:
    since = intent.ambiguous_at or intent.intended_at
    return quarantine - (now - since).total_seconds()


# -- at the end


def _all_said(s: PlanContext) -> Done:
    """Everything is there, but for what a person has changed and the route keeps."""
    edited = [part for part, held in s.entry.parts.items() if held.person] if s.entry else []
    words = _tiers_sentence(s)
    if not edited or s.command.rules.person_edit != "keep_theirs":
        return Done(sentence=words)
    kept = kept_theirs(edited)
    return kept if words is None else replace(kept, sentence=f"{kept.sentence} {words}")


def _tiers_sentence(s: PlanContext) -> str | None:
    stated, shown = s.command.destination.tiers, s.tiers
    if stated == shown:
        return None
    return (
        f"The route states {stated} tiers for this contract, Procore works with {shown}, which was followed: "
        "correct tiers on the route."
    )
