"""Fields of the POCO template: their types, their options, and what a route sets them to.

The POCO template was never published, so types come from the live template where it states them, and
otherwise from the documented purchase order import (CINX API docs, "Purchase Orders", fields).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from relay.clients.cinx import Template
from relay.domain.text_folding import folded
from relay.engine.writer.adapter import Reject
from workers.cinx_submitter.cache.lookups import LIST_OF
from workers.cinx_submitter.refusals import PlanStopped, stop_rejected

PROCUREMENT_STATUS: Final = (
    "NOT ORDERED",
    "ORDER PENDING",
    "ORDERED",
    "BACK-ORDERED",
    "DELIVERED",
    "RETURNED",
    "CANCELLED",
    "CLOSED",
    "ON-HOLD",
    "INVOICE-APPROVED",
)
LOCATION_TYPE: Final = ("JOB SITE", "FABRICATION SHOP", "OFFICE", "WAREHOUSE", "FABRICATOR")
SHIP_VIA: Final = (
    "SUPPLIER TRUCK",
    "MOTOR COMMON CARRIER",
    "CUSTOMER PICKUP",
    "TRACKING GROUND",
    "GROUND",
    "AIR EXPRESS",
    "AIR",
    "PRIVATE PARCEL SERVICE",
)
FOB_TYPE: Final = (
    "PREPAID AND CHARGED TO CUSTOMER",
    "PREPAID",
    "PICK-UP",
    "COLLECT",
    "DEFINED BY BUYER AND SELLER",
)
_BY_NAME: Final = {
    "procurement_status": PROCUREMENT_STATUS,
    "location_type": LOCATION_TYPE,
    "ship_via": SHIP_VIA,
    "fob_type": FOB_TYPE,
}
Value = str | int | bool | Decimal | None
ITEMS = "items."
LISTS = ("items", "charges", "credits", "external_references", "links", "items.attributes")
"""Fields that hold lists (CINX API docs, "Purchase Orders")."""
_OURS = (
    "cinx_guid",
    "purchase_order",
    "external_references",
    "links",
    "items.cinx_guid",
    "items.cinx_po_item_guid",
    "items.quantity",
    "items.unit_price",
    "items.currency",
    "items.description",
    "items.attributes",
    "charges",
    "credits",
)
_KINDS = {
    **dict.fromkeys(("quantity", "unit_price", "tax_rate", "tax_amount"), "real"),
    **dict.fromkeys(("allow_substitutes", "taxable"), "bool"),
    **dict.fromkeys(("order_by", "need_by", "date_need_by"), "date"),
}
_LENGTHS = {"state": 2, "country": 3, "currency": 3}
"""Characters of a text that CINX states (CINX API docs, "Purchase Orders"). It states none of any other."""
_MOST_OPTIONS = 20
"""Options that a sentence lists."""
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_UNKNOWN = (
    "The route sets the POCO field {path!r}, which CINX's import template (version {version}) does not have. "
    "Correct fields of the route's target, then send this letter again."
)
_RESERVED = (
    "The route sets the POCO field {path!r}, which comes from the change order itself or is not written by the relay. "
    "Take it out of fields of the route's target, then send this letter again."
)
_DEFAULTS: Mapping[str, Value] = {
    "procurement_status": "NOT ORDERED",
    "allow_substitutes": True,
    "delivery.country": "USA",
    "delivery.location_type": "JOB SITE",
    "taxes.taxable": True,
    "items.price_uom": "E",
    "items.allow_substitutes": True,
    "items.procurement_status": "NOT ORDERED",
    "items.taxes.taxable": True,
}
"""Those of the purchase order import (CINX API docs, "Purchase Orders"), where the live template shows a null. Not
the currency: it is the purchase order's, or there is none."""
_TYPE_WORDS = {
    "real": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "date": "a day as YYYY-MM-DD",
    "guid": "a CINX guid",
}


def documented_spelling(path: str, value: str) -> str:
    """The documented value that ``value`` means, or itself."""
    spellings = _BY_NAME.get(path.rpartition(".")[2], ())
    return next((spelling for spelling in spellings if folded(spelling) == folded(value)), value)


def check_mapping(template: Template, fields: Mapping[str, str]) -> None:
    """Raises ``PlanStopped`` for a field that the template does not have, or that a route may not set."""
    for path in fields:
        if path not in template.paths:
            raise stop_rejected("field_unknown", _UNKNOWN.format(path=path, version=template.version))
        if any(path == ours or path.startswith(f"{ours}.") for ours in _OURS):
            raise stop_rejected("field_reserved", _RESERVED.format(path=path))


def faults(template: Template, fields: Mapping[str, str]) -> Iterator[tuple[str, Reject]]:
    """Fields with the rejection of what no change order could set: unknown, not a route's, of another type or option.

    Whether CINX's lists have a name is known only when they are read.
    """
    for path, text in fields.items():
        try:
            check_mapping(template, {path: text})
            if path.rpartition(".")[2] not in LIST_OF:
                checked(template, path, typed(template, path, text))
        except PlanStopped as stopped:
            if isinstance(stopped.plan, Reject):
                yield path, stopped.plan


def typed(template: Template, path: str, text: str) -> Value:
    """A configured text as the JSON value that the field takes. Raises ``PlanStopped`` where it takes another."""
    kind = kind_of(template, path)
    value = _READERS[kind](text.strip()) if kind in _READERS else text
    if value is None:
        raise stop_rejected(
            "field_invalid",
            f"The POCO field {path!r} takes {_TYPE_WORDS[kind]}, and the route sets it to {text!r}. Correct fields of "
            "the route's target, then send this letter again.",
        )
    return value


def kind_of(template: Template, path: str) -> str:
    """The type of a field: ``real``, ``int``, ``bool``, ``date``, ``guid`` or ``string``."""
    for entry in (*template.required_post, *template.required_put):
        if entry.field == path and entry.kind:
            return entry.kind
    default = skeleton_default(template, path)
    if isinstance(default, bool):
        return "bool"
    if isinstance(default, int | Decimal):
        return "real"
    return _KINDS.get(path.rpartition(".")[2], "string")


def skeleton_default(template: Template, path: str) -> Any:
    """The value that stands in the template itself; ``None`` for none, and for an object or a list."""
    node: Any = template.skeleton
    for name in path.split("."):
        if isinstance(node, list):
            node = node[0] if node else None
        node = node.get(name) if isinstance(node, Mapping) else None
    return None if isinstance(node, Mapping | list) else node


def default_of(template: Template, path: str) -> Any:
    """The value of a required field that nothing else fills; ``None`` where neither template nor documentation has one.

    A template may write it as text.
    """
    default = skeleton_default(template, path)
    if isinstance(default, str):
        reader = _READERS.get(kind_of(template, path))
        default = default if reader is None else reader(default.strip())
    return _DEFAULTS.get(path) if default in (None, "") else default


def checked(template: Template, path: str, value: Value) -> Value:
    """The value in the exact spelling of the template's options. Raises ``PlanStopped`` for one that is no option."""
    if not isinstance(value, str):
        return value
    _check_length(template, path, value)
    options = template.options.get(path)
    if not options:
        return documented_spelling(path, value)
    if value in options:
        return value
    for option in options:
        if folded(option) == folded(value):
            return option
    allowed = ", ".join(options[:_MOST_OPTIONS])
    raise stop_rejected(
        "option_unknown",
        f"The POCO field {path!r} would be {value!r}, and CINX allows only: {allowed}. Correct fields of the route's "
        "target (or the change order), then send this letter again.",
    )


def longest_text(template: Template, path: str) -> int | None:
    """The characters that a text may have: the template's own limit, else the documented one; ``None`` for no limit."""
    entries = (*template.required_post, *template.required_put)
    stated = [entry.longest for entry in entries if entry.field == path and entry.longest is not None]
    return min(stated) if stated else _LENGTHS.get(path.rpartition(".")[2])


def _check_length(template: Template, path: str, value: str) -> None:
    longest = longest_text(template, path)
    if longest is not None and len(value) > longest:
        raise stop_rejected(
            "text_too_long",
            f"The POCO field {path!r} would have {len(value)} characters ({value[:40]!r} ...), and CINX takes at most "
            f"{longest}. Shorten it in the source system or on the route, then send this letter again.",
        )


def _real(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None


def _day(text: str) -> str | None:
    try:
        return text if date.fromisoformat(text).isoformat() == text else None
    except ValueError:
        return None


def is_guid(text: str) -> bool:
    """Whether a text is written as CINX's ids are."""
    return _GUID.fullmatch(text) is not None


def _guid(text: str) -> str | None:
    return text.lower() if is_guid(text) else None


_READERS = {
    "real": _real,
    "int": _whole,
    "bool": lambda text: _TRUTHS.get(text.lower()),
    "date": _day,
    "guid": _guid,
}
