from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.domain.change_order import Classification, Status
from relay.domain.fingerprint import fingerprint
from relay.domain.identity import part_hash
from relay.domain.procore_content import HeaderContent, LineContent, Mark
from relay.domain.sources import native_json, procore, procore_marks

ORIGIN = "cor:constructiononline:acme:498099:owner"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)

HEADER = HeaderContent(title="Footing", description="Grid C4", due_date="2026-03-20", schedule_days=None)
CALCULATED = LineContent(
    description="Rebar", amount=Decimal(5400), quantity=Decimal(12), unit_cost=Decimal(450), unit="ea"
)


def mark(content: str, part: str | None = None) -> str:
    return Mark(installation="main", idempotency_key="k1", sequence=7, content=content, part=part).text()


def line(**changes: Any) -> dict[str, Any]:
    return {
        "id": 70011,
        "amount": "5400.0",
        "total_amount": "5400.0",
        "extended_amount": "5940.0",
        "extended_type": "calculated",
        "description": "Rebar",
        "quantity": "12.0",
        "unit_cost": "450.00",
        "uom": "ea",
        "position": 1,
        "cost_code": {"id": 5512, "code": "210", "full_code": "03-210"},
        "line_item_type": {"id": 301, "name": "Subcontract", "code": "S", "base_type": "commitment"},
        "project": {"id": 315, "name": "Pier 9"},
        "origin_id": f"{ORIGIN}:item:524469",
        "origin_data": mark(CALCULATED.hash, "p1"),
    } | changes


def pco(**changes: Any) -> dict[str, Any]:
    return {
        "id": 880123,
        "title": "Footing",
        "number": "007",
        "status": "pending",
        "description": "Grid C4",
        "due_date": "2026-03-20T00:00:00Z",
        "schedule_impact_amount": 2,
        "grand_total": "5940.0",
        "line_items_total": "5400.0",
        "created_at": "2026-03-02T15:04:05Z",
        "updated_at": "2026-03-02T15:10:00Z",
        "reference": "RFI 4",
        "reason": None,
        "currency_configuration": {"currency_iso_code": "USD"},
        "origin_id": ORIGIN,
        "origin_data": mark(HEADER.with_status("pending")),
    } | changes


def test_a_record_is_read_field_by_field() -> None:
    reading = procore.read(pco(), [line()], "315")
    found = reading.change_order
    assert (found.change_order_id, found.project, found.number) == ("880123", "315", "007")
    assert (found.title, found.description, found.reference) == ("Footing", "Grid C4", "RFI 4")
    assert (found.status, found.status_raw, found.currency) == (Status.PENDING, "pending", "USD")
    assert (found.cost, found.client_price) == (Decimal(5400), Decimal(5940))
    assert (found.schedule_days, found.due_on, found.created_on) == (2, "2026-03-20", "2026-03-02T15:04:05Z")
    (item,) = found.items
    assert (item.item_id, item.position, item.description) == ("70011", 1, "Rebar")
    assert (item.quantity, item.unit_cost, item.unit) == (Decimal(12), Decimal(450), "ea")
    assert (item.cost, item.client_price) == (Decimal(5400), Decimal(5940))
    assert (item.classification, item.classification_raw) == (Classification.SUBCONTRACTOR, "commitment")
    assert item.cost_code == "03-210"
    assert (reading.modified_at, reading.defects) == ("2026-03-02T15:10:00Z", ())


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("draft", Status.DRAFT),
        ("proceeding", Status.PENDING),
        ("not_proceeding", Status.REJECTED),
        ("no_charge", Status.VOID),
        ("approved", Status.APPROVED),
        ("Approved", Status.APPROVED),
        ("Pending - Not Pricing", Status.UNKNOWN),
        ("Not Proceeding", Status.REJECTED),
        ("something", Status.UNKNOWN),
        (None, Status.UNKNOWN),
    ],
)
def test_the_status_is_procore_s_own_word(word: str | None, status: Status) -> None:
    reading = procore.read(pco(status=word), [])
    assert reading.change_order.status is status
    assert bool(reading.defects) is (status is Status.UNKNOWN)


def test_the_project_is_the_one_it_was_asked_for_in_or_that_of_its_lines() -> None:
    assert procore.read(pco(), [line()]).change_order.project == "315"
    assert procore.read(pco(), [], "9").change_order.project == "9"
    assert procore.read(pco(), []).change_order.project is None


def test_the_order_of_the_lines_in_an_answer_does_not_matter() -> None:
    lines = [line(id=3, position=1), line(id=2, position=0), line(id=1, position=None)]
    there, back = procore.read(pco(), lines), procore.read(pco(), lines[::-1])
    assert [one.item_id for one in there.change_order.items] == ["2", "3", "1"]
    assert there.change_order == back.change_order
    assert there.item_order == (1, 0, 2)


def test_raw_holds_the_native_bytes_and_reads_the_same() -> None:
    header, one = b'{"id": 5,  "grand_total": "1.50"}', b'{"id":7, "amount": "1.5"}'
    raw = native_json.compose(header, [one])
    assert procore.read_raw(raw) == procore.read(json.loads(header, parse_float=Decimal), [json.loads(one)])
    with pytest.raises(ValueError, match="without an id"):
        procore.read(pco(id=0), [])


# -- marks


def test_a_record_that_says_what_its_marks_say_is_an_echo_and_its_parts_are_known() -> None:
    own = procore_marks.own(pco(), [line()])
    assert own is not None
    assert (own.origin_id, own.echo, own.sequence, own.idempotency_key) == (ORIGIN, True, 7, "k1")
    seen = procore_marks.observed(pco(), [line()])
    assert seen is not None
    assert (seen.header, seen.status, seen.number) == (HEADER.hash, "pending", "007")
    assert seen.lines == {"line:524469": "p1"}
    assert procore_marks.observed(pco(status="Pending"), [line()]) == seen


@pytest.mark.parametrize(
    "change",
    [{"title": "Other"}, {"status": "approved"}, {"description": None}, {"due_date": None}, {"origin_data": None}],
)
def test_a_person_s_edit_of_the_header_is_no_echo(change: dict[str, Any]) -> None:
    own = procore_marks.own(pco(**change), [line()])
    assert own is not None
    assert not own.echo
    assert procore_marks.observed(pco(**change), [line()]) is None


@pytest.mark.parametrize("change", [{"amount": "5400.01"}, {"description": "x"}, {"quantity": "13"}, {"uom": None}])
def test_a_person_s_edit_of_a_line_is_no_echo(change: dict[str, Any]) -> None:
    own = procore_marks.own(pco(), [line(**change)])
    assert own is not None
    assert not own.echo


def test_a_person_s_own_line_is_no_echo_and_quantities_of_manual_lines_do_not_count() -> None:
    added = procore_marks.own(pco(), [line(), line(id=2, origin_id=None, origin_data=None)])
    assert added is not None
    assert not added.echo
    manual = LineContent(description="Rebar", amount=Decimal("5400.00"))
    by_hand = line(extended_type="manual", origin_data=mark(manual.hash, "p2"))
    kept = procore_marks.own(pco(), [by_hand])
    assert kept is not None
    assert kept.echo


def test_fields_that_we_never_filled_do_not_count() -> None:
    """A person's due date on a record for which we stated none leaves it what we wrote."""
    bare = HeaderContent(title="Footing")
    own = procore_marks.own(pco(origin_data=mark(bare.with_status("pending"))), [])
    assert own is not None
    assert own.echo


def test_with_one_tier_the_package_s_mark_counts() -> None:
    package = {
        "origin_id": f"{ORIGIN}:package",
        "origin_code": "007",
        "title": "Footing",
        "description": "Grid C4",
        "due_date": "2026-03-20",
        "origin_data": mark(part_hash([HEADER, "007"])),
    }
    stale = pco(origin_data=mark("of long ago"))
    own = procore_marks.own(stale, [line()], package)
    assert own is not None
    assert own.echo
    edited = procore_marks.own(stale, [line()], package | {"title": "Other"})
    assert edited is not None
    assert not edited.echo


@pytest.mark.parametrize("origin", [None, "", "ERP-CO-000417", f"{ORIGIN}:package", f"{ORIGIN}:item:1", "cor:a:b"])
def test_records_that_are_not_our_change_orders_are_nobody_s(origin: str | None) -> None:
    assert procore_marks.own(pco(origin_id=origin), []) is None


@given(
    header=st.dictionaries(st.sampled_from(sorted(pco())), JSON),
    changed=st.dictionaries(st.sampled_from(sorted(line())), JSON),
)
def test_whatever_the_types_are_reading_ends_in_values_or_defects(
    header: dict[str, Any], changed: dict[str, Any]
) -> None:
    record, one = pco(**header) | {"id": 880123}, line(**changed)
    reading = procore.read(record, [one])
    fingerprint(reading.change_order)
    procore_marks.own(record, [one], record)
    procore_marks.observed(record, [one])
    amounts = [reading.change_order.cost, *(item.cost for item in reading.change_order.items)]
    assert all(found is None or (found.as_tuple().exponent == -4) for found in amounts)
    for defect in reading.defects:
        defect.encode()


def test_the_time_of_a_review_is_kept_as_received_and_is_no_change() -> None:
    reviewed = procore.read(pco(reviewed_at="2026-03-03T09:00:00Z"), [line()], "315").change_order
    pending = procore.read(pco(), [line()], "315").change_order
    assert (reviewed.decided_on, reviewed.status) == ("2026-03-03T09:00:00Z", Status.PENDING)
    assert fingerprint(reviewed) == fingerprint(pending)
