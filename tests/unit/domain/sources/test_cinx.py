from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.domain.change_order import Classification, Status
from relay.domain.cinx_content import ContentLine, lines_hash
from relay.domain.fingerprint import fingerprint
from relay.domain.sources import cinx, native_json
from relay.domain.sources.native_fields import moment_of

ORIGIN = "cor:constructiononline:acme:498099:steel"
GUID = "a9863525-d926-5441-9f9c-aa47a285a19b"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def line(**changes: Any) -> dict[str, Any]:
    return {
        "cinx_guid": "73d55d4b-4436-5539-aad2-7f2a11666146",
        "sequence": 1,
        "quantity": 3,
        "unit_price": Decimal("270.05"),
        "price_uom": "E",
        "currency": "USD",
        "description": "Floor, Z1400",
        "item_type": "MATERIAL",
        "purchase_order": {"cinx_guid": None, "quantities": {"ordered": 0}},
        "job_cost": {"material_cost_code": "101-1025"},
        "taxes": {"tax_amount": Decimal("1.25")},
    } | changes


def poco(**changes: Any) -> dict[str, Any]:
    return {
        "cinx_guid": GUID.upper(),
        "locked": "1",
        "number": "PO123-01",
        "name": "PO123-01",
        "description": "Added steel",
        "user_comment": "Change order 007",
        "procurement_status": "ORDERED",
        "workflow_status": "SUBMITTED",
        "erp_status": "NOT SUBMITTED",
        "dates": {"created": "2019-06-06", "last_modified": "2019-06-07", "need_by": "", "submitted": "2019-06-06"},
        "purchase_order": {"cinx_guid": "80e6", "number": "PO-123", "name": "PO123"},
        "project": {"cinx_guid": "BB613AFF", "number": "WTS-2017-03", "name": "HPH HQ"},
        "external_references": [],
        "charges": [],
        "credits": [],
        "items": [line()],
    } | changes


def marked(*, content: str | None = None, name: str = "external_references", **changes: Any) -> dict[str, Any]:
    said = lines_hash(
        [ContentLine(description="floor,  z1400", quantity=Decimal("3.0"), unit_price=Decimal("270.050"))]
    )
    values = {
        "change-order-relay": ORIGIN,
        "change-order-relay-key": "k1",
        "change-order-relay-sequence": "1772460306",
        "change-order-relay-content": content or said,
    }
    references = [{"type": kind, "description": "x", "value": value} for kind, value in values.items()]
    return poco(**{name: references, **changes})


def test_a_mark_is_known_in_whatever_letters_its_types_are() -> None:
    marks = marked()
    for one in marks["external_references"]:
        one["type"] = f" {one['type'].upper()}"
    assert cinx.own(marks) == cinx.own(marked())


def test_how_an_accent_is_written_and_the_noise_of_binary_numbers_make_no_edit() -> None:
    def said(text: str, price: str) -> str:
        return lines_hash([ContentLine(description=text, quantity=Decimal(3), unit_price=Decimal(price))])

    assert said("Zo\u00eb", "18.4") == said("Zoe\u0308", "18.400000000000002")
    assert said("Zo\u00eb", "18.4") != said("Zo\u00eb", "18.4000001")


def test_a_poco_is_read_field_by_field() -> None:
    reading = cinx.read(poco())
    found = reading.change_order
    assert (found.change_order_id, found.project, found.project_name) == (GUID, "bb613aff", "HPH HQ")
    assert (found.number, found.title, found.description) == ("PO123-01", "PO123-01", "Added steel")
    assert (found.status, found.status_raw) == (Status.PENDING, "SUBMITTED / ORDERED / NOT SUBMITTED")
    assert (found.currency, found.cost, found.purchase_order) == ("USD", Decimal("810.1500"), "PO-123")
    assert (found.created_on, found.submitted_on, found.due_on) == ("2019-06-06", "2019-06-06", None)
    (item,) = found.items
    assert (item.item_id, item.position, item.quantity) == ("73d55d4b-4436-5539-aad2-7f2a11666146", 1, Decimal(3))
    assert (item.unit_cost, item.cost, item.tax) == (Decimal("270.05"), Decimal("810.15"), Decimal("1.25"))
    assert (item.classification, item.cost_code, item.unit) == (Classification.MATERIAL, "101-1025", "E")
    assert (reading.modified_at, reading.defects, reading.own) == ("2019-06-07", (), None)


@pytest.mark.parametrize(
    ("workflow", "status"),
    [
        ("IN-PROCESS", Status.DRAFT),
        ("received", Status.PENDING),
        ("ACCEPTED", Status.APPROVED),
        ("DECLINED", Status.REJECTED),
        ("ERP FAILED", Status.APPROVED),
        ("SOMETHING", Status.UNKNOWN),
        (None, Status.UNKNOWN),
    ],
)
def test_the_workflow_decides_the_status(workflow: str | None, status: Status) -> None:
    reading = cinx.read(poco(workflow_status=workflow))
    assert reading.change_order.status is status
    assert bool(reading.defects) is (status is Status.UNKNOWN)


def test_what_is_cancelled_is_void_and_the_old_name_of_the_status_is_read() -> None:
    assert cinx.read(poco(procurement_status="Cancelled")).change_order.status is Status.VOID
    old = poco(status="ACCEPTED")
    del old["workflow_status"]
    assert cinx.read(old).change_order.status is Status.APPROVED


def test_a_date_may_stand_with_a_time_behind_a_blank_and_an_empty_one_is_none() -> None:
    dates = {
        "created": "2019-07-26 15:38:05Z",
        "submitted": "2019-06-21 00:00:00Z",
        "need_by": "",
        "last_modified": None,
    }
    reading = cinx.read(poco(dates=dates))
    assert reading.defects == ()
    assert (reading.change_order.created_on, reading.change_order.due_on) == ("2019-07-26 15:38:05Z", None)
    assert moment_of(reading.change_order.created_on) == datetime(2019, 7, 26, 15, 38, 5)  # noqa: DTZ001 - read so


def test_charges_count_and_credits_are_taken_off() -> None:
    found = cinx.read(
        poco(charges=[{"unit_price": "10"}], credits=[{"unit_price": Decimal("4.5")}, {"unit_price": -1}])
    )
    assert found.change_order.cost == Decimal("814.65")


@pytest.mark.parametrize("unit", ["E", "e", "EA", "each", "", None])
def test_a_price_for_one_piece_makes_an_amount(unit: str | None) -> None:
    assert cinx.read(poco(items=[line(price_uom=unit)])).change_order.cost == Decimal("810.15")


def test_a_price_for_more_than_one_piece_makes_no_amount() -> None:
    reading = cinx.read(poco(items=[line(price_uom="C"), line(cinx_guid="b", sequence=2)]))
    assert [item.cost for item in reading.change_order.items] == [None, Decimal("810.15")]
    assert reading.change_order.cost is None
    assert "price_uom" in reading.defects[0]


def test_a_line_that_changes_a_line_of_the_order_says_what_is_not_documented() -> None:
    (defect,) = cinx.read(poco(items=[line(purchase_order={"quantities": {"ordered": "1.0"}})])).defects
    assert "new total or the difference" in defect


def test_several_currencies_are_none_of_them() -> None:
    reading = cinx.read(poco(items=[line(), line(cinx_guid="b", currency="cad")]))
    assert reading.change_order.currency is None
    assert "several currencies" in reading.defects[0]


def test_the_order_of_the_lines_in_an_answer_does_not_matter() -> None:
    lines = [line(cinx_guid="c", sequence="1"), line(cinx_guid="b", sequence=None), line(cinx_guid="a", sequence=1)]
    there, back = cinx.read(poco(items=lines)), cinx.read(poco(items=lines[::-1]))
    assert [one.item_id for one in there.change_order.items] == ["a", "c", "b"]
    assert there == back


@pytest.mark.parametrize("name", ["external_references", "links"])
def test_our_mark_is_known_by_either_name_and_an_echo_says_what_it_says(name: str) -> None:
    own = cinx.read(marked(name=name) if name == "links" else marked()).own
    assert own is not None
    assert (own.origin_id, own.echo, own.sequence, own.idempotency_key) == (ORIGIN, True, 1772460306, "k1")


@pytest.mark.parametrize("change", [{"quantity": 4}, {"unit_price": Decimal("270.06")}, {"description": "Other"}])
def test_what_a_person_changed_is_no_echo(change: dict[str, Any]) -> None:
    own = cinx.read(marked(items=[line(**change)])).own
    assert own is not None
    assert not own.echo


def test_a_text_that_comes_back_with_the_escapes_of_html_is_what_was_written() -> None:
    said = lines_hash([ContentLine(description='Beam 3" & <plate>', quantity=Decimal(3), unit_price=Decimal("270.05"))])
    for text in ("Beam 3&quot; &amp; &lt;plate&gt;", "beam 3&#34;&nbsp;&amp;amp; <plate>"):
        own = cinx.own(marked(content=said, items=[line(description=text)]))
        assert own is not None
        assert own.echo


def test_statuses_of_our_record_leave_it_an_echo() -> None:
    own = cinx.read(marked(workflow_status="ACCEPTED", procurement_status="DELIVERED")).own
    assert own is not None
    assert own.echo


def test_raw_holds_the_native_bytes_and_reads_the_same() -> None:
    native = b'{"cinx_guid": "A-1",  "items": [{"cinx_guid":"b","quantity": 1.50}]}'
    raw = native_json.compose(native, [])
    assert native in raw
    assert cinx.read_raw(raw) == cinx.read(json.loads(native, parse_float=Decimal))


def test_a_poco_without_a_guid_is_refused() -> None:
    with pytest.raises(ValueError, match="cinx_guid"):
        cinx.read(poco(cinx_guid=" "))


@pytest.mark.parametrize("change", [{"workflow_status": "ACCEPTED"}, {"erp_status": "APPLIED"}, {"description": "x"}])
def test_every_status_and_text_moves_the_fingerprint(change: dict[str, Any]) -> None:
    assert fingerprint(cinx.read(poco(**change)).change_order) != fingerprint(cinx.read(poco()).change_order)


def test_spelling_and_bookkeeping_do_not_move_the_fingerprint() -> None:
    spelled = poco(workflow_status="Submitted", items=[line(quantity="3.00", unit_price="270.050")], locked=True)
    assert fingerprint(cinx.read(spelled).change_order) == fingerprint(cinx.read(poco()).change_order)


@given(
    header=st.dictionaries(st.sampled_from(sorted(poco())), JSON),
    changed=st.dictionaries(st.sampled_from(sorted(line())), JSON),
)
def test_whatever_the_types_are_reading_ends_in_values_or_defects(
    header: dict[str, Any], changed: dict[str, Any]
) -> None:
    reading = cinx.read({**marked(items=[line(**changed)]), **header, "cinx_guid": GUID})
    fingerprint(reading.change_order)
    amounts = [reading.change_order.cost, *(item.cost for item in reading.change_order.items)]
    assert all(one is None or (one.as_tuple().exponent == -4 and abs(one) < Decimal(10) ** 14) for one in amounts)
    for defect in reading.defects:
        defect.encode()
