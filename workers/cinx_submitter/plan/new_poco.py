"""The plan of a new POCO: everything that can be known is known before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.clients.cinx import Poco, PocoLine, PurchaseOrder, PurchaseOrderLine
from relay.domain import identity
from relay.domain.cinx_content import CinxMark, folded
from relay.domain.commands import Operation
from relay.domain.identity import part_hash
from relay.engine.writer.adapter import Plan, PlannedCall
from workers.cinx_submitter.cache.cache import OrderView
from workers.cinx_submitter.document.content import held_content, is_dead, mark_of, poco_name, sides
from workers.cinx_submitter.document.document import PO_LINE_ATTRIBUTE, Document, Json, compose
from workers.cinx_submitter.document.lines import WantedLine, wanted_lines
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.order_snapshot import OrderSnapshot
from workers.cinx_submitter.plan.checks import check_order, check_payload
from workers.cinx_submitter.refusals import PlanStopped, needs_decision, stop_rejected
from workers.cinx_submitter.required_reads import contents, template_of, view_of
from workers.cinx_submitter.situation import CONTENT, LINES, PART, PlanContext
from workers.cinx_submitter.steps import AdoptPoco, Step, single_call


@dataclass(frozen=True, slots=True)
class Submission:
    """What is sent, and the look at the purchase order that it was built on."""

    view: OrderView
    document: Json


def plan_new(context: PlanContext) -> Plan:
    """The whole change order as a POCO."""
    check_payload(context.payload)
    template_of(context)
    view = view_of(context)
    order = check_order(context, view)
    return submit(context, view, order, wanted_lines(context, order))


def submit(context: PlanContext, view: OrderView, order: PurchaseOrder, lines: Sequence[WantedLine]) -> PlannedCall:
    """The step that sends these lines. Raises ``Halt``."""
    document = compose(context, template_of(context), order, lines)
    _check_contested(context, view, lines)
    _check_existing(context, view, document)
    before = OrderSnapshot(order=order.guid, pocos=frozenset(row.guid for row in view.pocos), whole=view.whole)
    return PlannedCall(
        step=Step.SUBMIT.value,
        batch=f"{context.command.account}/{context.command.origin_id}",
        element=Submission(view, document.element),
        parts=parts_of(context, document),
        bytes_hash=part_hash(document.element),
        before=before.facts(),
        exclusive=exclusive(context),
    )


def exclusive(context: PlanContext) -> str:
    """One submission per purchase order is open at a time."""
    return identity.submission_claim(context.command.account, context.order)


def parts_of(context: PlanContext, document: Document) -> dict[str, str]:
    """What the ledger will hold, and by what the document is known again."""
    return {PART: context.wanted, LINES: document.lines, CONTENT: document.content}


# -- what is there already


def _check_existing(context: PlanContext, view: OrderView, document: Document) -> None:
    """A POCO of ours that the ledger does not know, or somebody's that may be this change order."""
    alike, said = [], folded(str(document.element["description"]))
    for row in view.pocos:
        if row.guid in context.guids:
            continue
        mark = mark_of(row.references)
        if mark is not None:
            _check_mark(context, row.guid, mark, document)
        elif folded(row.description) == said and not context.is_of_another(row.guid):
            alike.append(row.guid)
    candidates = [
        poco for poco in contents(context, alike) if _is_nobodys(context, poco, document) and not is_dead(poco)
    ]
    if candidates and context.command.operation is not Operation.RESUBMIT:
        _decide(context, candidates, document)


def _is_nobodys(context: PlanContext, poco: Poco, document: Document) -> bool:
    """Lists may not show references where the record itself does."""
    mark = mark_of(poco.references)
    if mark is not None:
        _check_mark(context, poco.guid, mark, document)
    return mark is None


def _check_mark(context: PlanContext, guid: str, mark: CinxMark, document: Document) -> None:
    if mark.origin_id != context.command.origin_id:
        return
    if mark.installation not in (None, context.known.installation):
        raise stop_rejected(
            "origin_id_owned",
            f"Another installation of the relay ({mark.installation!r}; this one is {context.known.installation!r}) "
            f"has ordered this change order on purchase order {context.order}. Two must not order the same: end the "
            "route in one of them.",
        )
    same = mark.key == context.command.idempotency_key
    raise PlanStopped(
        single_call(context, Step.TAKE, AdoptPoco(name=guid, parts=parts_of(context, document) if same else {}))
    )


def _decide(context: PlanContext, found: Sequence[Poco], document: Document) -> None:
    rule = context.command.rules.existing
    if rule == "create":
        return
    if rule == "adopt" and len(found) == 1 and held_content(found[0]) == document.content:
        raise PlanStopped(
            single_call(
                context,
                Step.TAKE,
                AdoptPoco(name=found[0].guid, parts=parts_of(context, document), made_by_others=True),
            )
        )
    names = ", ".join(map(poco_name, found[:5]))
    raise PlanStopped(
        needs_decision(
            "existing_poco",
            f"Purchase order {context.order} already has a POCO with the description of this change order, which the "
            f"relay has not made: {names}. If it is this change order, say `cor letters adopt` with its number; if "
            "not, say `cor letters resubmit` to have it ordered as well.",
            *sides(our_side(context), found),
        )
    )


# -- two changes of one line


def _check_contested(context: PlanContext, view: OrderView, lines: Sequence[WantedLine]) -> None:
    """A new total must not undo another POCO's change of the same line that it does not contain."""
    changed = [line.po_line for line in lines if line.po_line is not None]
    if not changed or context.command.rules.quantity != "absolute":
        return
    others = [row.guid for row in view.pocos if row.guid not in context.guids and not is_dead(row)]
    for poco in contents(context, others):
        for po_line in changed:
            if any(_changes(line, po_line) and line.quantity != po_line.ordered for line in poco.lines):
                raise stop_rejected(
                    "po_line_contested", _CONTESTED.format(name=poco_name(poco), what=po_line.description)
                )


_CONTESTED = (
    "POCO {name} changes {what!r} too, and the purchase order does not show its quantity yet; a new total from here "
    "would undo it. Wait until CINX shows it, or set cinx_quantity: delta or lines: new on the route, then send this "
    "letter again."
)


def _changes(line: PocoLine, po_line: PurchaseOrderLine) -> bool:
    told = dict(line.attributes).get(PO_LINE_ATTRIBUTE) or line.po_line_guid
    if told is not None:
        return told == po_line.guid
    return folded(line.description) == folded(po_line.description)
