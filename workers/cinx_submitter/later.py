"""A later revision of what was ordered: the open POCO is changed, or the difference is ordered as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from relay.clients.cinx import Poco, PocoLine, PurchaseOrder, PurchaseOrderLine
from relay.domain.cinx_content import folded
from relay.domain.commands import Operation
from relay.domain.identity import part_hash
from relay.engine.writer.carrier import Plan, Refuse, Send
from workers.cinx_submitter.before import Before
from workers.cinx_submitter.checks import check_order, check_payload
from workers.cinx_submitter.content import (
    held_content,
    held_lines,
    is_dead,
    is_open,
    poco_name,
    side,
    state_words,
)
from workers.cinx_submitter.document import ITEM_ATTRIBUTE, PO_LINE_ATTRIBUTE, compose, preview
from workers.cinx_submitter.halting import Halt, decision, refusal, refused
from workers.cinx_submitter.knowledge import fresh_pocos, template_of, view_of
from workers.cinx_submitter.situation import Fact, Situation
from workers.cinx_submitter.steps import Step, own
from workers.cinx_submitter.submission import exclusive, parts_of, plan_new, submit
from workers.cinx_submitter.taking import Take
from workers.cinx_submitter.wanted import WantedLine, wanted_lines


def plan_later(s: Situation) -> Plan:
    """What is to be done about the difference. Raises ``Halt``."""
    check_payload(s.payload)
    template_of(s)
    pocos = fresh_pocos(s)
    allowed = s.command.operation is Operation.RESUBMIT
    latest = next((poco for poco in pocos if poco.guid == s.guid), None)
    if latest is None and not allowed:
        return _deleted(s)
    if not pocos:
        return plan_new(s)
    if latest is not None and is_open(latest):
        return _modify(s, latest, [poco for poco in pocos if poco is not latest])
    if not allowed and s.command.rules.later != "further":
        return _locked(s, pocos[-1])
    return _further(s, pocos)


def _deleted(s: Situation) -> Plan:
    return decision(
        "poco_deleted",
        f"The POCO {s.fact(Fact.NUMBER)} of this change order was deleted in CINX, and the change order has changed "
        "since. Say `cor letters resubmit` to have it ordered anew, or `cor letters adopt` with the number of the POCO "
        "that has taken its place.",
        preview(s),
    )


def _locked(s: Situation, poco: Poco) -> Refuse:
    return refusal(
        "poco_locked",
        f"The change order was ordered as POCO {poco_name(poco)}, which is {state_words(poco)} and can no longer be "
        "changed, and the change order has changed since. Settle the difference with the vendor by hand, or set "
        "cinx_later: further on the route to have the difference ordered as a further POCO, then send this letter "
        "again.",
    )


# -- the POCO is open


def _modify(s: Situation, latest: Poco, others: Sequence[Poco]) -> Plan:
    _check_edited(s, latest)
    view = view_of(s)
    order = check_order(s, view)
    wanted = wanted_lines(s, order)
    if others:
        _check_difference(s, wanted, others)
        wanted = difference(wanted, others, order)
    document = compose(s, template_of(s), order, paired(wanted, latest, order), changes=latest.guid)
    if held_content(latest) == document.content:
        return own(s, Step.TAKE, Take(name=latest.guid, parts=parts_of(s, document)))
    before = Before(
        order=order.guid,
        pocos=frozenset(row.guid for row in view.pocos),
        whole=view.whole,
        target=latest.guid,
        held=held_content(latest),
    )
    return Send(
        step=Step.MODIFY.value,
        batch=f"{s.command.account}/{s.command.origin_id}",
        element=document.element,
        parts=parts_of(s, document),
        bytes_hash=part_hash(document.element),
        before=before.facts(),
        exclusive=exclusive(s),
    )


def _check_edited(s: Situation, latest: Poco) -> None:
    known = s.fact(Fact.LINES)
    if known in (None, held_lines(latest)) or s.command.operation is Operation.RESUBMIT:
        return
    raise Halt(
        decision(
            "person_edit",
            f"Somebody has changed the lines of POCO {poco_name(latest)} in CINX, and the change order has changed "
            "since. Say `cor letters resubmit` to have it say what the change order says, or `cor letters adopt` "
            "with its number to leave it as it is.",
            preview(s),
            side(latest),
        )
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """A line that CINX holds, with what our attributes say of it."""

    line: PocoLine
    items: str | None
    po_line: str | None

    @classmethod
    def of(cls, line: PocoLine) -> _Held:
        told = dict(line.attributes)
        return cls(line, told.get(ITEM_ATTRIBUTE), told.get(PO_LINE_ATTRIBUTE) or line.po_line_guid)


def paired(wanted: Iterable[WantedLine], poco: Poco, order: PurchaseOrder) -> list[WantedLine]:
    """The wanted lines with the guids of the lines that they change.

    How a line is removed is not documented, so that one that is no longer wanted is changed to nothing:
    to a quantity of 0, or to what was ordered before where it changes a line of the purchase order.
    """
    left = [_Held.of(line) for line in poco.lines if line.guid]
    lines = []
    for line in wanted:
        held = _partner(line, left)
        if held is not None:
            left.remove(held)
        lines.append(line if held is None else replace(line, guid=held.line.guid))
    return [*lines, *(_undone(held, order) for held in left if held.line.quantity)]


def _partner(line: WantedLine, left: Sequence[_Held]) -> _Held | None:
    items = " ".join(line.items)
    by_item = [held for held in left if held.items == items]
    by_text = [
        held for held in left if held.items is None and folded(held.line.description) == folded(line.description)
    ]
    return next(iter(by_item or by_text), None)


def _undone(held: _Held, order: PurchaseOrder) -> WantedLine:
    po_line = _po_line(held, order)
    quantity = po_line.ordered if po_line is not None and po_line.ordered is not None else Decimal(0)
    return replace(_as_wanted(held, order), quantity=quantity, guid=held.line.guid)


def _po_line(held: _Held, order: PurchaseOrder) -> PurchaseOrderLine | None:
    return next((one for one in order.lines if held.po_line is not None and one.guid == held.po_line), None)


def _as_wanted(held: _Held, order: PurchaseOrder) -> WantedLine:
    line = held.line
    return WantedLine(
        items=tuple((held.items or "").split()),
        description=line.description or "",
        quantity=line.quantity or Decimal(0),
        unit_price=line.unit_price or Decimal(0),
        cost_code=line.job_cost.cost_code,
        po_line=_po_line(held, order),
    )


# -- the POCO is locked


def _further(s: Situation, pocos: Sequence[Poco]) -> Plan:
    view = view_of(s)
    order = check_order(s, view)
    wanted = wanted_lines(s, order)
    _check_difference(s, wanted, pocos)
    missing = difference(wanted, pocos, order)
    if missing:
        return submit(s, view, order, missing)
    return own(s, Step.TAKE, Take(name=pocos[-1].guid, parts={}, covers=s.wanted))


def _check_difference(s: Situation, wanted: Iterable[WantedLine], pocos: Iterable[Poco]) -> None:
    if s.command.rules.quantity != "absolute":
        return
    held = (_Held.of(line) for poco in pocos if not is_dead(poco) for line in poco.lines)
    if any(line.po_line for line in wanted) or any(one.po_line for one in held):
        raise refused(
            "further_unclear",
            f"The change order has changed lines of purchase order {s.order} to new totals, and CINX does not say "
            "whether these are part of the purchase order by now, so that a further difference cannot be worked out. "
            "Settle it by hand, or set cinx_quantity: delta or lines: new on the route, then send this letter again.",
        )


def difference(wanted: Iterable[WantedLine], pocos: Iterable[Poco], order: PurchaseOrder) -> list[WantedLine]:
    """What has to be ordered on top of what CINX holds. What was declined or cancelled is not held.

    A line whose price has changed is taken back at the old price and ordered at the new one, so that the
    sum is right to the cent.
    """
    open_lines: dict[tuple[str, Decimal], WantedLine] = {}
    for line in wanted:
        _add(open_lines, line, line.quantity)
    for poco in pocos:
        for held in () if is_dead(poco) else map(_Held.of, poco.lines):
            line = _as_wanted(held, order)
            _add(open_lines, line, -line.quantity)
    return [line for line in open_lines.values() if line.quantity]


def _add(lines: dict[tuple[str, Decimal], WantedLine], line: WantedLine, quantity: Decimal) -> None:
    key = (folded(line.description), line.unit_price)
    known = lines.get(key)
    before = known.quantity if known else Decimal(0)
    lines[key] = replace(known or line, quantity=before + quantity)
