"""The import templates, served by ``template/{name}`` and obeyed by the import.

Row shape: CINX API docs, "Introduction" (Templates). An operation replaces or withdraws one.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from . import import_fields
from .import_fields import Field

Row = dict[str, Any]

SIMPLE: Final = {
    "req": ("BOM-REQ", ("number", "name", "description")),
    "rfq": ("BOM-RFQ", ("number", "name", "description")),
    "project": ("PROJECT", ("number", "name", "description")),
    "vendor": ("VENDOR", ("number", "name")),
    "phase": ("PHASE", ("name", "description", "reference_id")),
    "material-cost-code": ("MATERIAL-COST-CODE", ("name", "description", "reference_id")),
    "labor-cost-code": ("LABOR-COST-CODE", ("name", "description", "reference_id")),
    "category": ("CATEGORY", ("name", "description", "reference_id")),
    "tax-group": ("TAX-GROUP", ("name", "description", "reference_id")),
}
"""Templates that nothing here imports: type and a few fields, for the shape alone."""

PO_LINK: Final = ["purchase_order.cinx_guid", "purchase_order.number"]


def row(kind: str, name: str, fields: tuple[Field, ...]) -> Row:
    """One template row made of ``fields``."""
    return {
        "doc_info": {
            "type": kind,
            "description": f"{name} import",
            "version": "1.0",
            "last_updated": "2019-08-19",
        },
        "template": import_fields.skeleton(fields),
        "required_post": [required(f) for f in fields if f.required and not f.put_only],
        "required_put": [required(f) for f in fields if f.required and f.put_only],
        "field_options": {f.path: list(f.options) for f in fields if f.options},
        "api_calls": [
            {
                "type": "POST",
                "url": f"/2.0/sub/{{api_token}}/partner/exec/cinx/json-{name}-import?body=json",
                "notes": "asynchronous",
            }
        ],
    }


def required(field: Field) -> Row:
    """An entry of ``required_post`` or ``required_put``."""
    return {
        "field": field.path,
        "nullable": False,
        "data_type": field.data_type,
        "enforce": True,
    }


def poco_row() -> Row:
    """The likely POCO template: no version of the documentation shows it."""
    poco = row("BOM-PO-MEMO", "poco", import_fields.POCO)
    poco["required_post"].append(
        {
            "field": PO_LINK[0],
            "nullable": True,
            "data_type": "guid",
            "enforce": True,
            "mutual": list(PO_LINK),
        }
    )
    return poco


def default_rows() -> dict[str, Row]:
    """All templates by the name in their URL."""
    rows = {
        name: row(kind, name, tuple(Field(path, required=path == "name") for path in paths))
        for name, (kind, paths) in SIMPLE.items()
    }
    link = (Field("purchase_order.cinx_guid", "guid"), Field("purchase_order.number"))
    line = Field("items.cinx_po_item_guid", "guid", required=True)
    rows["delivery"] = row("BOM-DELIVERY", "delivery", (Field("number", required=True), *link, line))
    rows["po"] = row("BOM-PO", "po", import_fields.PO)
    rows["poco"] = poco_row()
    return rows


@dataclass
class Templates:
    """The live templates, and those that are gone with the status that says so."""

    rows: dict[str, Row] = field(default_factory=default_rows)
    gone: dict[str, int] = field(default_factory=dict)

    def replace(self, name: str, changes: Row) -> Row:
        """Takes over the given top-level keys of a row; the others stay."""
        row = self.rows.setdefault(name, deepcopy(self.rows["poco"]))
        row.update(deepcopy(changes))
        self.gone.pop(name, None)
        return row

    def withdraw(self, name: str, status: int | None) -> None:
        """Makes a template answer with an error, or serves it again with None."""
        if status is None:
            self.gone.pop(name, None)
        else:
            self.gone[name] = status
