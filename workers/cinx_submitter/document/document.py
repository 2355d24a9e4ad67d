"""The JSON of a POCO, made after the live template.

What the template does not have is left out, or refused where a POCO without it would say something
else; what it requires is filled with its own defaults where nothing else is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.clients.cinx import CostList, PurchaseOrder, Template
from relay.domain.cinx_content import content_hash_of, lines_hash
from workers.cinx_submitter.cache.lookups import LIST_OF
from workers.cinx_submitter.document.content import Json, our_references, references_field
from workers.cinx_submitter.document.draft import Draft, Flat, fill_required
from workers.cinx_submitter.document.fields import ITEMS, Value, check_mapping, checked, default_of, typed
from workers.cinx_submitter.document.lines import WantedLine
from workers.cinx_submitter.document.references import resolve
from workers.cinx_submitter.refusals import stop_rejected
from workers.cinx_submitter.situation import PlanContext

ITEM_ATTRIBUTE = "change-order-relay-item"
PO_LINE_ATTRIBUTE = "change-order-relay-po-line"

_NEEDED = ("description", "items.description", "items.quantity", "items.unit_price")
_LINK = ("purchase_order.cinx_guid", "purchase_order.number")
_PO_LINE = "items.cinx_po_item_guid"
_ITEM_FIRST = ("job_cost.cinx_material_cost_code_guid", "job_cost.material_cost_code_name")
"""Fields in which an item's own value goes before the route's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """``lines`` and ``content`` are hashes of what it says, by which it is recognised when it is read."""

    element: Json
    lines: str
    content: str


def compose(
    context: PlanContext,
    template: Template,
    order: PurchaseOrder,
    lines: Sequence[WantedLine],
    changes: str | None = None,
) -> Document:
    """The POCO with these lines; ``changes`` is the guid of the one to change.

    Raises ``PlanStopped`` where a list has to be read first, or a field cannot be filled as it must be.
    """
    _check_template(template, lines)
    check_mapping(template, context.payload.fields or {})
    currency = currency_of(context, order)
    draft = Draft(context, template, changes)
    _own_header(draft, order, lines_hash(line.content for line in lines))
    draft.items = [_own_item(draft, line, currency) for line in lines]
    _configured(draft)
    fill_required(draft)
    _check_options(draft)
    content = [line.content for line in lines]
    return Document(
        element=_nested(draft),
        lines=lines_hash(content),
        content=content_hash_of(str(draft.header["description"]), content),
    )


def _check_template(template: Template, lines: Sequence[WantedLine]) -> None:
    lacking = [path for path in _NEEDED if path not in template.paths]
    lacking += [] if any(path in template.paths for path in _LINK) else [_LINK[1]]
    if any(line.po_line for line in lines) and _PO_LINE not in template.paths:
        lacking.append(_PO_LINE)
    if lacking:
        raise stop_rejected(
            "template_unusable",
            f"CINX's import template for POCOs (version {template.version}) has no field {', '.join(lacking)}, which "
            "the order cannot do without. Ask CINX what has taken its place; the relay has to learn it.",
        )


# -- what comes from the change order and the purchase order


def _own_header(draft: Draft, order: PurchaseOrder, content: str) -> None:
    payload = draft.context.payload
    name_of_order = " ".join(filter(None, (payload.number, payload.title)))
    values: Flat = {
        "cinx_guid": draft.changes,
        "description": payload.description,
        "procurement_status": None if draft.changes else default_of(draft.template, "procurement_status"),
        "user_comment": f"Change order {name_of_order}" if name_of_order else None,
        "purchase_order.cinx_guid": order.guid,
        "purchase_order.number": order.number,
    }
    draft.header = {path: value for path, value in values.items() if value is not None and draft.has(path)}
    field = references_field(draft.template)
    if field is not None:
        draft.header[field] = our_references(draft.context, content)


def _own_item(draft: Draft, line: WantedLine, currency: str | None) -> Flat:
    code = line.cost_code and resolve(
        draft.context, CostList.MATERIAL_COST_CODES, line.cost_code, f"the item {line.description!r}"
    )
    values: Flat = {
        "cinx_guid": line.guid,
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "currency": currency,
        "cinx_po_item_guid": line.po_line.guid if line.po_line else None,
        "attributes": _attributes(line),
    }
    if code:
        guid = draft.has("items.job_cost.cinx_material_cost_code_guid")
        name = "cinx_material_cost_code_guid" if guid else "material_cost_code_name"
        values[f"job_cost.{name}"] = code.guid if guid else code.name
    return {path: value for path, value in values.items() if value is not None and draft.has(ITEMS + path)}


def _attributes(line: WantedLine) -> list[Json]:
    pairs = [(ITEM_ATTRIBUTE, " ".join(line.items))]
    pairs += [(PO_LINE_ATTRIBUTE, line.po_line.guid or "")] if line.po_line else []
    return [{"name": name, "value": value} for name, value in pairs if value]


def currency_of(context: PlanContext, order: PurchaseOrder) -> str | None:
    """The purchase order's currency, which the change order must not contradict.

    ``None`` where neither states one. Raises ``PlanStopped`` where the currency is not clear.
    """
    theirs = sorted({line.currency.upper() for line in order.lines if line.currency})
    stated = (context.payload.currency, *(line.currency for line in context.payload.lines))
    ours = {currency.upper() for currency in stated if currency}
    if len(theirs) > 1:
        raise stop_rejected(
            "currency_ambiguous",
            f"Purchase order {context.order} has lines in {' and '.join(theirs)}, so that the currency of new lines is "
            "not clear. Order them by hand, or route the change order to a purchase order in one currency.",
        )
    if theirs and ours - set(theirs):
        raise stop_rejected(
            "currency_mismatch",
            f"The change order is in {', '.join(sorted(ours))} and purchase order {context.order} in {theirs[0]}. "
            "Route it to a purchase order in its own currency, then send this letter again.",
        )
    return next(iter(theirs or sorted(ours)), None)


# -- what the route sets


def _configured(draft: Draft) -> None:
    for path, text in (draft.context.payload.fields or {}).items():
        target, value = _resolved(draft, path, text)
        if not path.startswith(ITEMS):
            draft.header[target] = value
            continue
        name = target.removeprefix(ITEMS)
        for item in draft.items:
            item[name] = item.get(name, value) if name in _ITEM_FIRST else value


def _resolved(draft: Draft, path: str, text: str) -> tuple[str, Value]:
    """Field and value of what a route sets; a name of a list becomes its guid where the template has a field for it."""
    before, _, last = path.rpartition(".")
    if last not in LIST_OF or not before:
        return path, typed(draft.template, path, text)
    which, guid_name = LIST_OF[last]
    entry = resolve(draft.context, which, text, f"the POCO field {path!r}")
    guid = f"{before}.{guid_name}"
    return (guid, entry.guid) if draft.has(guid) else (path, entry.name)


# -- putting it together


def _check_options(draft: Draft) -> None:
    for place, before in [(draft.header, ""), *((item, ITEMS) for item in draft.items)]:
        for path, value in place.items():
            place[path] = checked(draft.template, before + path, value)


def _nested(draft: Draft) -> Json:
    element = _unfolded(draft.header)
    element["items"] = [_unfolded(item) for item in draft.items]
    return element


def _unfolded(flat: Mapping[str, Any]) -> Json:
    root: Json = {}
    for path, value in flat.items():
        *parents, last = path.split(".")
        node = root
        for name in parents:
            node = node.setdefault(name, {})
        node[last] = value
    return root
