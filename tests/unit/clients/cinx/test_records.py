from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.clients.cinx import (
    ExternalReference,
    Poco,
    PocoRow,
    PurchaseOrder,
    PurchaseOrderRow,
    Template,
    reference_values,
    without_nulls,
)
from relay.clients.cinx.records import guid_of
from relay.clients.native_json.records import NativeRecord
from tests.unit.clients.cinx.fake_cinx import GUID, SUB, FakeCinx, frame
from tests.unit.clients.remote import answer

NEW = {"workflow_status": "SUBMITTED", "date_need_by": "2019-06-14", "material_cost_code": "101-1025",
       "submitter": "Will Stone", "external_references": [{"type": "t", "description": "d", "value": "v"}]}  # fmt: skip
OLD = {"status": "submitted", "date_deliver_by": "2019-06-14", "cost_code": "101-1025",
       "submitted_by": "Will Stone", "links": [{"type": "t", "description": "d", "value": "v"}]}  # fmt: skip


@pytest.mark.parametrize("spelling", [NEW, OLD])
@pytest.mark.parametrize("guid", ["cinx_guid", "cinx_quid"])
def test_old_and_new_spellings_read_alike(spelling: dict[str, Any], guid: str) -> None:
    row = PocoRow.read(NativeRecord(b"", {guid: GUID.upper(), "number": "-01", "item_count": "2", **spelling}))
    assert (row.guid, row.workflow_status, row.need_by, row.cost_code, row.submitter, row.item_count) == (
        GUID, "SUBMITTED", "2019-06-14", "101-1025", "Will Stone", 2,
    )  # fmt: skip
    assert row.references == (ExternalReference(type="t", description="d", value="v"),)


@pytest.mark.parametrize("locked", ["1", 1, True, "true"])
@pytest.mark.parametrize("quantity", ["3", 3, "3.0"])
def test_numbers_and_booleans_may_be_text(locked: Any, quantity: Any) -> None:
    item = {"cinx_guid": "L1", "quantity": quantity, "unit_price": "270.05", "purchase_order": {"unit_price": 270.05,
            "quantities": {"ordered": "1"}}}  # fmt: skip
    record = {"cinx_guid": GUID, "locked": locked, "counts": {"items": "2"}, "items": [item]}
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/poco/{GUID}", frame([record]))
    poco = cinx.client().poco(GUID)
    assert poco is not None
    (line,) = poco.lines
    assert (poco.locked, poco.item_count, line.quantity, line.unit_price) == (True, 2, Decimal(3), Decimal("270.05"))
    assert (line.po_unit_price, line.po_ordered) == (Decimal("270.05"), Decimal(1))


def test_empty_dates_are_none_in_either_form() -> None:
    dates = {"created": "2019-06-06", "submitted": "", "received": None, "last_modified": "2019-06-21 00:00:00Z"}
    poco = Poco.read(NativeRecord(b"", {"cinx_guid": GUID, "dates": dates}))
    assert (poco.created_on, poco.submitted_on, poco.received_on, poco.modified_on) == (
        "2019-06-06", None, None, "2019-06-21",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("submitter", "email"), [({"email": "relay@acme.example"}, "relay@acme.example"), (None, None)]
)
def test_who_made_a_poco_is_read_where_cinx_says_so(submitter: Any, email: str | None) -> None:
    assert Poco.read(NativeRecord(b"", {"cinx_guid": GUID, "submitter": submitter})).submitter_email == email


def test_a_purchase_order_line_is_known_by_its_guid() -> None:
    item = {"cinx_guid": "LINE-1", "sequence": 1, "quantities": {"ordered": 4}, "upc": 67024006745,
            "job_cost": {"cinx_material_cost_code_guid": "CODE-1", "material_cost_code_name": "101"}}  # fmt: skip
    order = PurchaseOrder.read(NativeRecord(b"", {"cinx_guid": GUID, "items": [item], "locked": "0"}))
    (line,) = order.lines
    assert (line.guid, line.ordered, line.upc, line.job_cost.cost_code_guid, line.job_cost.cost_code) == (
        "line-1", Decimal(4), "67024006745", "code-1", "101",
    )  # fmt: skip
    assert order.locked is False


def test_references_without_type_or_value_are_none() -> None:
    entries = [
        {"type": "a", "value": "1"},
        {"type": "b", "value": ""},
        {"value": "2"},
        "odd",
        {"type": "c", "value": 3},
    ]
    row = PocoRow.read(NativeRecord(b"", {"cinx_guid": GUID, "external_references": entries}))
    assert reference_values(row.references) == {"a": "1", "c": "3"}


TEMPLATE = {
    "doc_info": {"type": "BOM-PO-MEMO", "version": 1.0, "last_updated": "2019-08-19"},
    "template": {
        "description": None,
        "taxes": {"taxable": True},
        "items": [{"quantity": 1, "job_cost": {"phase_name": None}}],
    },
    "required_post": [
        {"field": "description", "nullable": False, "data_type": "string", "enforce": True},
        {
            "field": "purchase_order.cinx_guid",
            "nullable": True,
            "mutual": ["purchase_order.cinx_guid", "purchase_order.number"],
        },
        {"field": "items", "enforce": "false", "mutual": True},
    ],
    "required_put": [{"field": "cinx_guid", "data_type": "guid"}],
    "field_options": {
        "items.price_uom": ["E", "C"],
        "delivery.location_type": [{"value": "JOB SITE"}, {"name": "OFFICE"}],
    },
    "transaction_field_options": {"procurement_status": ["NOT ORDERED"]},
    "item_field_options": {"currency": ["USD"]},
    "api_calls": [{"url": "https://api.cinx.com/sub/5f1c2b3a-0000-4000-8000-abcdefabcdef/x"}],
}  # fmt: skip


def test_the_template_is_read_with_both_forms_of_options() -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/template/poco", frame([TEMPLATE]))
    template = cinx.client().poco_template()
    assert (template.kind, template.version) == ("BOM-PO-MEMO", "1.0")
    assert template.paths == {
        "description", "taxes", "taxes.taxable", "items", "items.quantity", "items.job_cost",
        "items.job_cost.phase_name",
    }  # fmt: skip
    assert template.options == {
        "items.price_uom": ("E", "C"), "delivery.location_type": ("JOB SITE", "OFFICE"),
        "procurement_status": ("NOT ORDERED",), "items.currency": ("USD",),
    }  # fmt: skip
    assert [field.alternatives for field in template.required_post] == [
        (), ("purchase_order.cinx_guid", "purchase_order.number"), (),
    ]  # fmt: skip
    assert [field.enforced for field in template.required_post] == [True, True, False]
    assert [field.field for field in template.required_put] == ["cinx_guid"]


def test_bare_names_of_options_mean_the_fields_that_end_in_them() -> None:
    item = {"price_uom": "E", "procurement_status": None, "delivery": {"location_type": None}}
    skeleton = {"procurement_status": None, "delivery": {"location_type": None}, "items": [item]}
    groups = {
        "transaction_field_options": {"procurement_status": ["ORDERED"], "location_type": ["JOB SITE"]},
        "item_field_options": {"procurement_status": ["CLOSED"], "location_type": ["OFFICE"], "price_uom": ["E"]},
    }
    assert Template.read({"template": skeleton, **groups}).options == {
        "procurement_status": ("ORDERED",),
        "delivery.location_type": ("JOB SITE",),
        "items.procurement_status": ("CLOSED",),
        "items.delivery.location_type": ("OFFICE",),
        "items.price_uom": ("E",),
    }


def test_members_of_one_object_that_are_only_called_mutual_stand_for_each_other() -> None:
    entries = [
        {"field": "purchase_order.cinx_guid", "mutual": True},
        {"field": "purchase_order.number", "mutual": "1"},
        {"field": "purchase_order.name"},
        {"field": "vendor.number", "mutual": True},
        {"field": None, "mutual": ["project.cinx_guid", "project.number"]},
    ]
    template = Template.read({"template": {}, "required_post": entries})
    assert [(field.field, field.alternatives) for field in template.required_post] == [
        ("purchase_order.cinx_guid", ("purchase_order.number",)),
        ("purchase_order.number", ("purchase_order.cinx_guid",)),
        ("purchase_order.name", ()),
        ("vendor.number", ()),
        ("project.cinx_guid", ("project.cinx_guid", "project.number")),
    ]


def test_nulls_are_left_out_and_false_and_zero_stay() -> None:
    payload: dict[str, object] = {
        "a": None,
        "b": False,
        "c": 0,
        "d": "",
        "e": {"f": None, "g": []},
        "h": [{"i": None, "j": Decimal(0)}],
    }
    assert without_nulls(payload) == {"b": False, "c": 0, "d": "", "e": {"g": []}, "h": [{"j": Decimal(0)}]}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["number", "locked", "items", "dates", "counts", "external_references", "links", "status", "purchase_order",
     "project", "vendor", "job_cost_defaults", "item_count", "date_submitted"]
)  # fmt: skip


@pytest.mark.parametrize("kind", [PocoRow, Poco, PurchaseOrder, PurchaseOrderRow])
@given(st.dictionaries(NAMES, JSON, max_size=8))
def test_odd_members_make_no_record_unreadable(kind: Any, members: dict[str, Any]) -> None:
    got = kind.read(NativeRecord(b"", {**members, "cinx_guid": GUID}))
    assert got.guid == GUID
    assert not any(isinstance(getattr(got, field.name), float) for field in fields(kind))


def test_a_template_that_names_no_field_is_no_template() -> None:
    with pytest.raises(ValueError, match="field"):
        Template.read({"template": {}, "required_post": [{"nullable": True}]})


def test_amounts_never_pass_through_a_float() -> None:
    cinx = FakeCinx()
    price = b"0.1000000000000000055511151231257827"
    body = b'{"response": {}, "rows": [{"cinx_guid": "x", "items": [{"unit_price": %b}]}]}' % price
    cinx.on("GET", f"{SUB}/po/{GUID}", answer(body))
    order = cinx.client().purchase_order(GUID)
    assert order is not None
    assert order.lines[0].unit_price == Decimal("0.1000000000000000055511151231257827")


def test_a_guid_of_any_length_is_none() -> None:
    with pytest.raises(ValueError, match="without a readable cinx_guid"):
        PocoRow.of({"cinx_guid": "x" * 256})
    assert guid_of("x" * 255) == "x" * 255
