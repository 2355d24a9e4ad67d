"""The plan of a new POCO: everything that can be known is known before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from relay.clients.cinx import Poco, PocoLine, PurchaseOrder, PurchaseOrderLine
from relay.domain import identity
from relay.domain.cinx_content import CinxMark, comparable
from relay.domain.commands import CinxCommand, Operation
from relay.domain.identity import content_hash, part_hash
from relay.engine.writer.adapter import NeedsReview, Plan, PlannedCall, Reject
from workers.cinx_submitter.cache.cache import OrderView
from workers.cinx_submitter.document.content import Json, held_content, is_dead, mark_of, poco_name, sides
from workers.cinx_submitter.document.document import PO_LINE_ATTRIBUTE, Document, compose
from workers.cinx_submitter.document.lines import WantedLine, wanted_lines
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.order_snapshot import OrderSnapshot
from workers.cinx_submitter.plan.checks import check_order, refused_payload
from workers.cinx_submitter.refusals import needs_decision, reject
from workers.cinx_submitter.required_reads import listed_pocos, template_of, view_of
from workers.cinx_submitter.situation import CONTENT, LINES, PART, PlanContext, former_payloads
from workers.cinx_submitter.steps import AdoptPoco, Step, adopt_call
from workers.cinx_submitter.written import submitted

_MOST_NAMES = 5
"""POCOs that a sentence names; its sides show the rest."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The document that is sent, and the view of the purchase order that it was built on."""

    view: OrderView
    document: Json


def plan_new(context: PlanContext) -> Plan:
    """The next step towards the whole change order as a POCO.

    Raises ``PlanStopped`` where something has to be read first, or a value for the document cannot be had.
    """
    refusal = refused_payload(context.payload)
    if refusal is not None:
        return refusal
    template_of(context)  # Read first: without an import nothing else is worth a request.
    view = view_of(context)
    order = check_order(context, view)
    return plan_submission(context, view, order, wanted_lines(context, order))


def plan_submission(context: PlanContext, view: OrderView, order: PurchaseOrder, lines: Sequence[WantedLine]) -> Plan:
    """The step that submits these lines, or what comes before it. Raises ``PlanStopped``."""
    document = compose(context, template_of(context), order, lines)
    return (
        _contested(context, view, lines)
        or _existing(context, view, document)
        or PlannedCall(
            step=Step.SUBMIT.value,
            batch=f"{context.command.account}/{context.command.origin_id}",
            element=Submission(view, document.element),
            parts=parts_of(context, document),
            bytes_hash=part_hash(document.element),
            before=snapshot_of(view, order).packed(),
            exclusive=exclusive(context),
            records=partial(submitted, document.element),
        )
    )


def snapshot_of(view: OrderView, order: PurchaseOrder) -> OrderSnapshot:
    """The purchase order as it is before anything is sent."""
    return OrderSnapshot(order=order.guid, pocos=frozenset(row.guid for row in view.pocos), whole=view.whole)


def exclusive(context: PlanContext) -> str:
    """The claim by which one submission per purchase order is open at a time."""
    return identity.submission_claim(context.command.account, context.order)


def parts_of(context: PlanContext, document: Document) -> dict[str, str]:
    """The part that the ledger will hold, and the hashes by which the document is recognised when it is read."""
    return {PART: context.wanted, LINES: document.lines, CONTENT: document.content}


# -- what is there already


def _existing(context: PlanContext, view: OrderView, document: Document) -> Plan | None:
    """The step for a POCO of ours that is not in the ledger, or for one of others that may be this change order."""
    matches, description = [], comparable(str(document.element["description"]))
    for row in view.pocos:
        if row.guid in context.guids:
            continue
        mark = mark_of(row.references)
        if mark is not None:
            plan = _marked(context, row.guid, mark, document)
            if plan is not None:
                return plan
        elif comparable(row.description) == description and not context.is_of_another(row.guid):
            matches.append(row.guid)
    return _matching(context, listed_pocos(context, matches), document)


def _matching(context: PlanContext, pocos: Sequence[Poco], document: Document) -> Plan | None:
    """The step for POCOs with the change order's description; lists may not show references that the record has."""
    candidates = []
    for poco in pocos:
        mark = mark_of(poco.references)
        plan = None if mark is None else _marked(context, poco.guid, mark, document)
        if plan is not None:
            return plan
        if mark is None and not is_dead(poco):
            candidates.append(poco)
    if not candidates or context.command.operation is Operation.RESUBMIT:
        return None
    return _by_rule(context, candidates, document)


def _marked(context: PlanContext, guid: str, mark: CinxMark, document: Document) -> Plan | None:
    """The step for a POCO with our mark; ``None`` where the mark is another change order's."""
    if mark.origin_id != context.command.origin_id:
        return None
    if mark.installation not in (None, context.facts.installation):
        return reject(
            "origin_id_owned",
            f"Another installation of the relay ({mark.installation!r}; this one is {context.facts.installation!r}) "
            f"has ordered this change order on purchase order {context.order}. Two must not order the same: end the "
            "route in one of them.",
        )
    if _is_by_former_rule(context.command, mark):
        return adopt_call(context, AdoptPoco(name=guid, counts_as=context.wanted, was_there=True))
    is_this = mark.key == context.command.idempotency_key
    parts = parts_of(context, document) if is_this else {}
    return adopt_call(context, AdoptPoco(name=guid, parts=parts, was_there=is_this))


def _is_by_former_rule(command: CinxCommand, mark: CinxMark) -> bool:
    """Whether the POCO was made of the same revision when another rule held for quantities."""
    former = former_payloads(command.payload) if command.payload is not None else ()
    return any(mark.key in keys_of(command, content_hash(payload)) for payload in former)


def keys_of(command: CinxCommand, payload_hash: str) -> frozenset[str]:
    """The keys under which a payload of the command goes out: by itself, or where a person allows it."""
    return frozenset(
        identity.idempotency_key(
            target=f"{command.system}:{command.account}:{command.target}",
            destination=command.destination.name,
            origin=command.origin_id,
            operation=operation.value,
            sequence=command.sequence,
            payload_hash=payload_hash,
        )
        for operation in (Operation.APPLY, Operation.RESUBMIT)
    )


def _by_rule(context: PlanContext, candidates: Sequence[Poco], document: Document) -> PlannedCall | NeedsReview | None:
    """What the route's rule for existing POCOs says; ``None``: order another."""
    rule, first = context.command.rules.existing, candidates[0]
    if rule == "create":
        return None
    if rule == "adopt" and len(candidates) == 1 and held_content(first) == document.content:
        wanted = AdoptPoco(name=first.guid, parts=parts_of(context, document), made_by_others=True)
        return adopt_call(context, wanted)
    names = ", ".join(map(poco_name, candidates[:_MOST_NAMES]))
    return needs_decision(
        "existing_poco",
        f"Purchase order {context.order} already has a POCO with the description of this change order, which the "
        f"relay has not made: {names}. If it is this change order, say `cor letters adopt` with its number; if "
        "not, say `cor letters resubmit` to have it ordered as well.",
        *sides(our_side(context), candidates),
    )


# -- two changes of one line


def _contested(context: PlanContext, view: OrderView, lines: Sequence[WantedLine]) -> Reject | None:
    """The rejection of a new total that would undo another POCO's change of the same line, which it does not contain.

    Raises ``PlanStopped`` to read the other POCOs.
    """
    changed = [line.po_line for line in lines if line.po_line is not None]
    if not changed or context.command.rules.quantity != "absolute":
        return None
    others = [row.guid for row in view.pocos if row.guid not in context.guids and not is_dead(row)]
    for poco in listed_pocos(context, others):
        for po_line in changed:
            if any(_changes(line, po_line) and line.quantity != po_line.ordered for line in poco.lines):
                return reject(
                    "po_line_contested",
                    f"POCO {poco_name(poco)} changes {po_line.description!r} too, and the purchase order does not show "
                    "its quantity yet; a new total from here would undo it. Wait until CINX shows it, or set "
                    "cinx_quantity: delta or lines: new on the route, then send this letter again.",
                )
    return None


def _changes(line: PocoLine, po_line: PurchaseOrderLine) -> bool:
    guid = dict(line.attributes).get(PO_LINE_ATTRIBUTE) or line.po_line_guid
    if guid is not None:
        return guid == po_line.guid
    return comparable(line.description) == comparable(po_line.description)
