"""The writable and the merely readable attributes of each call.

Source: the published endpoint reference, request and response bodies of each endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deploy.sandbox.procore.attributes import Kind, Shape

EVERYWHERE: Final[Mapping[str, Kind]] = {
    "title": Kind.SHORT,
    "description": Kind.TEXT,
    "invoiced_date": Kind.DATE,
    "paid_date": Kind.DATE,
    "schedule_impact_amount": Kind.INTEGER,
    "origin_id": Kind.SHORT,
    "origin_data": Kind.TEXT,
}
READ_ONLY: Final = frozenset(
    (
        *("accounting_method", "attachments", "batch", "change_order_change_reason_id", "change_order_package_title"),
        *("change_order_request_title", "change_order_tiers", "change_reason", "contract", "contract_id", "created_at"),
        *("created_by_id", "creator", "currency_configuration", "custom_fields", "deleted_at", "designated_reviewer"),
        *("executed", "field_change", "grand_total", "id", "line_items", "line_items_extended_total"),
        *("line_items_total", "location_id", "number", "paid", "position", "private", "project_id", "reason"),
        *("received_from", "reference", "request_for_quote_id", "reviewed_at", "reviewer", "review_notes", "revision"),
        *("revised_substantial_completion_date", "type", "updated_at", "vendor", "void", "change_order_request_id"),
        *("change_order_package_id", "change_order_request", "potential_change_order_acronym_number"),
        *("change_order_request_acronym_number", "change_order_package_acronym_number"),
    )
)
"""What some view of a change order has although it cannot be written there; submitting it does nothing."""

PCO: Final[Mapping[str, Kind]] = {
    **EVERYWHERE,
    "number": Kind.SHORT,
    "status": Kind.STATUS,
    "due_date": Kind.INSTANT,
    "prime_change_event_id": Kind.INTEGER,
    "commitment_change_event_id": Kind.INTEGER,
    "currency_exchange_rate": Kind.QUANTITY,
}
PCO_CHANGED: Final[Mapping[str, Kind]] = {
    **PCO,
    "change_order_request_id": Kind.INTEGER,
    "change_order_request": Kind.LINK,
}
PCO_CREATE: Final = Shape({**PCO, "grand_total": Kind.MONEY}, READ_ONLY)
PCO_PATCH: Final = Shape(PCO_CHANGED, READ_ONLY)
PCO_SYNC: Final = PCO_PATCH

REQUEST: Final = Shape(
    {
        **EVERYWHERE,
        "number": Kind.SHORT,
        "revision": Kind.INTEGER,
        "status": Kind.STATUS,
        "due_date": Kind.INSTANT,
        "change_order_package_id": Kind.INTEGER,
    },
    READ_ONLY,
)
PACKAGE: Final = Shape(
    {
        **EVERYWHERE,
        "status": Kind.PACKAGE_STATUS,
        "due_date": Kind.MIDNIGHT,
        "origin_code": Kind.SHORT,
        "executed": Kind.BOOLEAN,
        "signed_change_order_received_date": Kind.DATE,
    },
    READ_ONLY,
)
LINE: Final = Shape(
    {
        "amount": Kind.MONEY,
        "quantity": Kind.QUANTITY,
        "unit_cost": Kind.QUANTITY,
        "extended_type": Kind.EXTENDED_TYPE,
        "description": Kind.TEXT,
        "uom": Kind.TEXT,
        "cost_code_id": Kind.INTEGER,
        "line_item_type_id": Kind.INTEGER,
        "wbs_code_id": Kind.INTEGER,
        "tax_code_id": Kind.INTEGER,
        "origin_id": Kind.SHORT,
        "origin_data": Kind.TEXT,
    },
    frozenset(
        (
            *("id", "company", "cost_code", "created_at", "updated_at", "holder", "line_item_type", "position"),
            *("project", "total_amount", "extended_amount", "wbs_code", "change_event_line_item"),
            *("currency_configuration",),
        )
    ),
)
MODERN_READ_ONLY: Final = frozenset(
    (
        *("id", "type", "legacy_package_id", "legacy_request_id", "grand_total", "created_by", "reviewed_by"),
        *("received_from", "designated_reviewer", "change_order_change_reason", "created_at", "updated_at"),
        *("reviewed_at", "custom_fields", "currency_configuration", "change_events"),
    )
)
MODERN: Final = Shape(
    {
        "batch_id": Kind.INTEGER,
        "contract_id": Kind.INTEGER,
        "change_order_change_reason_id": Kind.INTEGER,
        "location_id": Kind.INTEGER,
        "designated_reviewer_id": Kind.INTEGER,
        "received_from_id": Kind.INTEGER,
        "title": Kind.SHORT,
        "description": Kind.TEXT,
        "status": Kind.PACKAGE_STATUS,
        "number": Kind.SHORT,
        "revision": Kind.INTEGER,
        "reference": Kind.TEXT,
        "reason": Kind.TEXT,
        "due_date": Kind.MIDNIGHT,
        "paid_date": Kind.DATE,
        "invoiced_date": Kind.DATE,
        "signed_change_order_received_date": Kind.DATE,
        "schedule_impact_amount": Kind.INTEGER,
        "field_change": Kind.BOOLEAN,
        "signature_required": Kind.BOOLEAN,
        "executed": Kind.BOOLEAN,
        "private": Kind.BOOLEAN,
        "paid": Kind.BOOLEAN,
        "enable_ssov": Kind.BOOLEAN,
    },
    MODERN_READ_ONLY,
)
BATCH: Final = Shape(
    {
        "contract_id": Kind.INTEGER,
        "title": Kind.SHORT,
        "description": Kind.TEXT,
        "status": Kind.PACKAGE_STATUS,
        "due_date": Kind.MIDNIGHT,
        "paid_date": Kind.DATE,
        "invoiced_date": Kind.DATE,
        "signed_change_order_received_date": Kind.DATE,
        "schedule_impact_amount": Kind.INTEGER,
        "executed": Kind.BOOLEAN,
        "private": Kind.BOOLEAN,
        "change_order_ids": Kind.INTEGERS,
        "legacy_request_ids": Kind.INTEGERS,
    },
    MODERN_READ_ONLY | {"number", "revision"},
)
