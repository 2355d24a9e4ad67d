"""Why Procore refused an element of a sync, in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping

from relay.clients.procore import Refusal
from relay.clients.procore.sync import says_taken
from relay.domain.commands import Operation, ProcoreLine
from relay.domain.failures import Rejected
from relay.domain.ledger_facts import ProcoreFact
from relay.engine.writer.adapter import NeedsReview, Reject
from workers.procore_writer.content import parts
from workers.procore_writer.content.parts import line_name
from workers.procore_writer.situation import PlanContext

ORIGIN_ID = "origin_id"
NUMBER = "number"

_NO_SUCH_ID = "entity with this id not found"
"""Procore docs, "Using Sync Actions"."""

_LOCK_WORDS = ("cannot be edited", "is approved", "locked", "is managed by", "synced with an erp", "workflow")
"""Parts of messages about records that nothing may be written to. That approval, an ERP and a workflow lock is
documented (Procore support, "Configure Settings: Change Orders"), the words of the API are not: these are the words of
the support pages. Where none of them fits the letter has the general reason and quotes Procore all the same."""

_GROUPS = {
    ProcoreFact.PACKAGE: ("package", ProcoreFact.PACKAGE_NUMBER),
    ProcoreFact.REQUEST: ("change order request", ProcoreFact.REQUEST_NUMBER),
}
"""What groups a change order, by its fact in the ledger, with its number there."""

_SINGLE_TIER_WORDS = ("single tier", "single-tier")
"""Procore support, "Change Order Tier Settings"; the words of the API are not documented."""

_LINE_FIELDS = {
    "cost_code_id": ("procore.cost_code_unknown", "cost code", "cost_codes_file or cost_codes of the route"),
    "line_item_type_id": ("procore.line_item_type_unknown", "line item type", "line_item_type of the target"),
    "uom": ("procore.unit_unknown", "unit of measure", "the company's units of measure in Procore"),
}


def is_taken_origin(refusal: Refusal) -> bool:
    """The trace of a call that ran at the same time: the outcome is unknown, not refused."""
    return ORIGIN_ID in refusal.says_taken


def says_origin_taken(rejected: Rejected) -> bool:
    """Whether a call of one record was refused for an origin id that another record has."""
    said = f"{rejected.message} {rejected.remote_answer}".lower()
    return says_taken(said) and ORIGIN_ID in said.replace(" ", "_")


def is_number_only(refusal: Refusal) -> bool:
    """Whether the number, being another record's, is all that was refused."""
    return refusal.says_taken == {NUMBER} and refusal.errors.keys() <= {NUMBER, "base"}


def names_id(refusal: Refusal, element: Mapping[str, object]) -> bool:
    """Whether the ``id`` of the element is what was refused (Procore docs, "Using Sync Actions")."""
    return "id" in element and ("id" in refusal.errors or _NO_SUCH_ID in refusal.sentence.lower())


def of_order(context: PlanContext, refusal: Refusal, element: dict[str, object]) -> Reject:
    """The refusal of a potential change order or request."""
    reason, remedy = _order_reason(context, refusal)
    what = _values(refusal, element)
    return Reject(
        reason=reason,
        sentence=f"Procore refused the change order in contract {context.command.destination.contract_id}: "
        f"{refusal.sentence}{what}. {remedy}",
        remote_answer=refusal.sentence,
    )


def _order_reason(context: PlanContext, refusal: Refusal) -> tuple[str, str]:
    if is_locked(refusal):
        return "procore.locked", (
            "It is approved, synced with an ERP or in a workflow there: release it in Procore, then send the letter "
            "again."
        )
    if NUMBER in refusal.says_taken:
        return "procore.number_taken", (
            "Another change order of the contract has this number: change one of them, or set number on the route "
            "(leave_to_remote or suffix)."
        )
    if "status" in refusal.errors:
        return "procore.status_invalid", "Correct the word under statuses of the route."
    if _is_single_tier(refusal):
        return "procore.tiers", "The project works with one tier: set tiers: 1 on the route's target."
    return "procore.rejected", "Correct it in the source system or on the route, then send the letter again."


def replay_of(context: PlanContext) -> str:
    """What sends the newest content, of which a look at the record knows nothing."""
    return f"cor replay --change-order {context.command.root}"


def deletion_question(context: PlanContext) -> NeedsReview:
    """The question about a deleted record of ours. Nothing is in doubt, so that a restored one goes on by itself."""
    anew = f" and then `{replay_of(context)}`" if context.command.operation is Operation.VERIFY else ""
    return NeedsReview(
        reason="procore.deleted_by_person",
        sentence=f"{_deleted_record(context)} was deleted in Procore, and is not made anew by itself. If that was "
        "meant, take the change order back in the source system; otherwise restore it in Procore and send the letter "
        f"again, or say `cor letters resubmit`{anew} to have it made anew.",
    )


def _deleted_record(context: PlanContext) -> str:
    name = context.ledger_fact(ProcoreFact.NUMBER) or context.pco_id
    order = f"{name} of contract {context.command.destination.contract_id}"
    gone = context.facts.record_deleted
    if gone not in _GROUPS:
        return f"Change order {order}"
    noun, number = _GROUPS[gone]
    group = context.ledger_fact(number) or context.ledger_fact(gone)
    return f"The {noun} {group} of change order {order}, which is there itself,"


def deletion_letter(context: PlanContext) -> Reject:
    """The letter about a deleted record where nothing is left for a person to decide."""
    question = deletion_question(context)
    return Reject(reason=question.reason, sentence=question.sentence)


def is_locked(refusal: Refusal) -> bool:
    """Whether approval, a workflow or an ERP stands in the way."""
    said = refusal.sentence.lower()
    return any(words in said for words in _LOCK_WORDS)


def _is_single_tier(refusal: Refusal) -> bool:
    return any(words in refusal.sentence.lower() for words in _SINGLE_TIER_WORDS)


def _values(refusal: Refusal, element: dict[str, object]) -> str:
    values = [f"{field} was {element[field]!r}" for field in refusal.errors if field in element]
    return f" ({', '.join(values)})" if values else ""


def of_line(context: PlanContext, line: ProcoreLine, refusal: Refusal) -> Reject:
    """The refusal of one line."""
    said, name = refusal.sentence, line_name(line)
    if is_locked(refusal):
        return Reject(
            reason="procore.locked",
            sentence=f"Procore refused {name}: {said}. Release the change order there, then send the letter again.",
            remote_answer=said,
        )
    for field, (reason, noun, where) in _LINE_FIELDS.items():
        if field in refusal.errors:
            value = {"cost_code_id": line.cost_code, "line_item_type_id": line.line_item_type, "uom": line.unit}[field]
            if value is None:
                return _missing(reason, noun, name, said)
            return Reject(
                reason=reason,
                sentence=f"Procore refused the {noun} {value!r} of {name}: {said}. See {where}.",
                remote_answer=said,
            )
    return Reject(
        reason="procore.line_rejected",
        sentence=f"Procore refused {name} ({line.amount}): {said}. Correct it in the source system, then send the "
        "letter again.",
        remote_answer=said,
    )


def of_removal(part: str, refusal: Refusal) -> Reject:
    """A line that the source no longer has stays there."""
    said, locked = refusal.sentence, is_locked(refusal)
    what = parts.in_words([part]) if part else "a line typed in by a person"
    remedy = "Release the change order there" if locked else "Remove it there or lift what holds it"
    return Reject(
        reason="procore.locked" if locked else "procore.line_rejected",
        sentence=f"Procore does not let {what} be removed, which the source does not have: {said}. {remedy}, then send "
        "the letter again.",
        remote_answer=said,
    )


def _missing(reason: str, noun: str, name: str, said: str) -> Reject:
    return Reject(
        reason=reason.replace("unknown", "missing"),
        sentence=f"Procore wants a {noun} for {name}, which has none: {said}. Give it one in the source system, or "
        "lift the requirement in Procore, then send the letter again.",
        remote_answer=said,
    )
