"""The fields of the import payloads, with type, default and whether they must be sent.

Source: CINX API docs, "Purchase Orders" (template and import), from which the POCO's are inferred:
the PO's without ``number`` and ``name``, plus the link to the purchase order in the header and to
the PO line in each item, as the delivery import has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from . import enumerations as enums


@dataclass(frozen=True)
class Field:
    """One field by its dotted path; paths through an array name the array alone."""

    path: str
    data_type: str = "string"
    required: bool = False
    default: Any = None
    options: tuple[str, ...] = ()
    put_only: bool = False

    def under(self, prefix: str) -> Field:
        """The same field inside ``prefix``."""
        return Field(
            f"{prefix}.{self.path}",
            self.data_type,
            self.required,
            self.default,
            self.options,
            self.put_only,
        )


def texts(*paths: str) -> tuple[Field, ...]:
    """Optional strings."""
    return tuple(Field(path) for path in paths)


def under(prefix: str, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """``fields`` inside ``prefix``."""
    return tuple(field.under(prefix) for field in fields)


ARRAYS: Final = ("external_references", "charges", "credits", "items", "items.attributes")
"""The paths that hold arrays of objects."""

JOB_COST: Final = (
    Field("cinx_phase_guid", "guid"),
    Field("phase_name"),
    Field("cinx_material_cost_code_guid", "guid"),
    Field("material_cost_code_name"),
    Field("cinx_category_guid", "guid"),
    Field("category_name"),
)
TAXES: Final = (
    Field("taxable", "bool", required=True, default=True),
    Field("cinx_guid", "guid"),
    Field("tax_group_name"),
)
AMOUNT_TAXES: Final = (
    *TAXES,
    Field("tax_type"),
    Field("tax_rate", "real"),
    Field("tax_amount", "real"),
)
VENDOR: Final = (Field("vendor.cinx_commerce_guid", "guid"), Field("vendor.number"))
PROJECT: Final = (Field("project.cinx_guid", "guid"), Field("project.number"))
GUID: Final = Field("cinx_guid", "guid", required=True, put_only=True)

HEADER: Final = (
    GUID,
    *texts("description", "terms", "user_comment"),
    Field(
        "procurement_status",
        required=True,
        default="NOT ORDERED",
        options=enums.PROCUREMENT_STATUS,
    ),
    Field("allow_substitutes", "bool", required=True, default=True),
    Field("dates.order_by", "date"),
    Field("dates.need_by", "date"),
    *VENDOR,
    *PROJECT,
    *texts("delivery.address1", "delivery.address2", "delivery.address3"),
    *texts("delivery.city", "delivery.state", "delivery.postal_code"),
    Field("delivery.country", required=True, default="USA"),
    Field("delivery.ship_via", options=enums.SHIP_VIA),
    Field("delivery.fob_type", options=enums.FOB_TYPE),
    *texts("delivery.ship_from", "delivery.attention"),
    Field("delivery.location_type", required=True, default="JOB SITE", options=enums.LOCATION_TYPE),
    *texts("delivery.location_name", "delivery.instructions"),
    *under("job_cost_defaults", JOB_COST),
    *under("taxes", TAXES),
    *under("external_references", texts("type", "description", "value")),
)

CHARGE: Final = (
    Field("cinx_guid", "guid", put_only=True),
    *texts("description"),
    Field("unit_price", "real"),
    *under("job_cost", (*JOB_COST, Field("gl_account"))),
    *under("taxes", AMOUNT_TAXES),
    *PROJECT,
)

ITEM: Final = (
    Field("cinx_guid", "guid", put_only=True),
    Field("quantity", "real", required=True, default=1),
    Field("unit_price", "real"),
    Field("price_uom", required=True, default="E", options=enums.PRICE_UOM),
    Field("currency", required=True, default="USD", options=enums.CURRENCY),
    Field("price_source_type", options=enums.PRICE_SOURCE_TYPE),
    Field("date_need_by", "date"),
    Field("allow_substitutes", "bool", required=True, default=True),
    *texts("hph_code", "org_item_id", "org_system_id", "mfr_part_number", "upc", "size"),
    *texts("description", "mfr_name", "item_type"),
    Field(
        "procurement_status",
        required=True,
        default="NOT ORDERED",
        options=enums.PROCUREMENT_STATUS,
    ),
    *VENDOR,
    *PROJECT,
    Field("delivery.ship_via", options=enums.SHIP_VIA),
    *texts("delivery.deliver_to"),
    Field("delivery.location_type", options=enums.LOCATION_TYPE),
    *texts("delivery.location_name", "delivery.instructions"),
    *texts("delivery.labeling_instructions", "delivery.packaging_instructions"),
    *under("work_breakdown", texts("work_order_id", "work_order_name", "spool_id", "spool_name")),
    *under("work_breakdown", texts("building_name", "level", "space", "sub_space", "system")),
    *under("work_breakdown", texts("arch_symbol", "tag")),
    *under("job_cost", JOB_COST),
    *under("taxes", AMOUNT_TAXES),
    *under("design", texts("model_item_guid", "model_name", "model_file")),
    *under("design", texts("drawing_number", "drawing_name")),
    *under("attributes", texts("name", "value")),
)

LINES: Final = (
    Field("charges.type", options=enums.CHARGE_TYPE),
    *under("charges", CHARGE),
    Field("credits.type", options=enums.CREDIT_TYPE),
    *under("credits", CHARGE),
    *under("items", ITEM),
)

PO: Final = (
    Field("number", required=True),
    Field("name", required=True),
    *HEADER,
    *LINES,
)
POCO: Final = (
    *HEADER,
    Field("purchase_order.cinx_guid", "guid"),
    Field("purchase_order.number"),
    *LINES,
    Field("items.cinx_po_item_guid", "guid"),
)

TYPES: Final = {field.path: field.data_type for field in (*PO, *POCO)}
"""Data type by path, for what a template's required lists do not say."""


def skeleton(fields: tuple[Field, ...]) -> dict[str, Any]:
    """The JSON to fill in: defaults where there are any, else null; arrays hold one example."""
    root: dict[str, Any] = {}
    for field in fields:
        node = root
        for path in parents(field.path):
            name = path.rpartition(".")[2]
            inner = node.setdefault(name, [{}] if path in ARRAYS else {})
            node = inner[0] if path in ARRAYS else inner
        node[field.path.rpartition(".")[2]] = field.default
    return root


def parents(path: str) -> Iterator[str]:
    """``a``, ``a.b`` for ``a.b.c``."""
    parts = path.split(".")
    for depth in range(1, len(parts)):
        yield ".".join(parts[:depth])
