from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.domain.change_order import Classification, Status
from relay.domain.fingerprint import fingerprint
from relay.domain.sources import constructiononline, native_json

SEED = Path(__file__).parents[4] / "deploy/sandbox/constructiononline/seed"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


def sample(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((SEED / name).read_text(encoding="utf-8"), parse_float=Decimal)
    return value


def order(**changes: object) -> dict[str, Any]:
    return {**sample("change_order.json"), **changes}


def item(**changes: object) -> dict[str, Any]:
    return {**sample("change_order_item.json"), **changes}


def test_the_documented_change_order_is_read_as_a_lump_sum() -> None:
    reading = constructiononline.read(order(), [])
    found = reading.change_order
    assert reading.defects == ()
    assert reading.modified_at == "2024-02-19T17:48:46.417"
    assert (found.change_order_id, found.project, found.number) == ("498099", "1321036", "2")
    assert (found.status, found.status_raw) == (Status.PENDING, "0")
    assert (found.cost, found.client_price, found.markup) == (Decimal(2380), Decimal(2765), Decimal(385))
    assert (found.quantity, found.unit_cost, found.is_lump_sum) == (Decimal(1), Decimal(2380), True)
    assert (found.schedule_days, found.currency, found.reference) == (3, None, None)


def test_the_documented_item_has_its_rate_as_unit_cost_and_its_line_number_as_place() -> None:
    found = constructiononline.read(order(), [item()]).change_order.items[0]
    assert (found.item_id, found.position, found.name) == ("524469", 0, "Chandelier")
    assert (found.quantity, found.unit_cost, found.cost) == (Decimal(1), Decimal(850), Decimal(850))
    assert (found.client_price, found.cost_code) == (Decimal(1020), "371")
    assert found.classification is Classification.MATERIAL


def test_a_detailed_change_order_has_no_quantity_of_its_own() -> None:
    assert constructiononline.read(order(), [item()]).change_order.quantity is None


def test_a_closing_date_does_not_approve() -> None:
    assert constructiononline.read(order(CONDITION=0), []).change_order.status is Status.PENDING
    assert constructiononline.read(order(CONDITION="1", DATE_CLOSED=None), []).change_order.status is Status.APPROVED


@pytest.mark.parametrize(
    ("value", "raw"), [(7, "7"), ("soon", "soon"), (True, "True"), (None, None), ([1], "[1]"), (Decimal("1.5"), "1.5")]
)
def test_an_unknown_status_is_kept_as_it_is_and_said(value: object, raw: str | None) -> None:
    reading = constructiononline.read(order(CONDITION=value), [])
    assert reading.change_order.status is Status.UNKNOWN
    assert reading.change_order.status_raw == raw
    assert [defect.split(":")[0] for defect in reading.defects] == ["CONDITION"]


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("3,000", Decimal(3000)),
        (" 12.50 ", Decimal("12.5")),
        ("-1,234,567.89", Decimal("-1234567.89")),
        (5, Decimal(5)),
        (Decimal("1E+2"), Decimal(100)),
        ("", None),
        (None, None),
    ],
)
def test_amounts_may_be_numbers_or_text(value: object, amount: Decimal | None) -> None:
    reading = constructiononline.read(order(COST_MONEY=value), [])
    assert (reading.change_order.cost, reading.defects) == (amount, ())


@pytest.mark.parametrize(
    "value", ["12,5", "1.2.3", "$5", True, [], {}, "NaN", "1e5", Decimal("1E+999999999"), 10**14, "٣"]
)
def test_what_is_no_amount_is_none_and_a_defect(value: object) -> None:
    reading = constructiononline.read(order(COST_MONEY=value), [])
    assert reading.change_order.cost is None
    assert reading.defects[0].startswith("COST_MONEY: ")


def test_more_than_four_places_are_rounded_and_said() -> None:
    reading = constructiononline.read(order(), [item(RATE=Decimal("12.345678"))])
    assert reading.change_order.items[0].unit_cost == Decimal("12.3457")
    assert reading.defects == ("items[524469].RATE: 12.345678 has more than four places and was rounded to 12.3457",)


def test_half_a_character_is_replaced_so_that_the_text_can_be_encoded() -> None:
    reading = constructiononline.read(order(NAME="Roof \ud83d"), [])
    assert reading.change_order.title == "Roof \ufffd"
    assert reading.defects
    fingerprint(reading.change_order)


def test_the_date_that_stands_for_none_is_none() -> None:
    reading = constructiononline.read(
        order(DATE_MODIFIED="0001-01-01T00:00:00", DATE_CREATED="0001-01-01T00:00:00"), []
    )
    assert (reading.modified_at, reading.change_order.created_on, reading.defects) == (None, None, ())


def test_the_order_of_the_items_in_an_answer_does_not_matter() -> None:
    items = [item(ID=3, ROW_NUMBER=1), item(ID=2, ROW_NUMBER="0"), item(ID=1, ROW_NUMBER=None)]
    there = constructiononline.read(order(), items)
    back = constructiononline.read(order(), items[::-1])
    assert [one.item_id for one in there.change_order.items] == ["2", "3", "1"]
    assert there.change_order == back.change_order
    assert there.item_order == (1, 0, 2)


def test_a_change_order_without_an_id_is_refused_and_an_item_without_one_is_said() -> None:
    with pytest.raises(ValueError, match="without an ID"):
        constructiononline.read(order(ID=None), [])
    reading = constructiononline.read(order(), [item(ID="x")])
    assert reading.change_order.items[0].item_id == "?"
    assert reading.defects == ("items[?].ID: is missing, so the item cannot be told from others",)


def test_raw_holds_the_native_bytes_and_reads_the_same() -> None:
    header, line = b'{"ID": 5, "COST_MONEY": 1.50, "X":  [1 ,2]}', '{"ID":7,"NAME":"Größe"}'.encode()
    raw = native_json.compose(header, [line])
    assert header in raw
    assert line in raw
    assert constructiononline.read_raw(raw) == constructiononline.read(
        json.loads(header, parse_float=Decimal), [json.loads(line)]
    )


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"change_order": 1, "items": []}', b'{"change_order": {}, "items": 3}'])
def test_bytes_that_are_no_raw_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # json's own message where it is no JSON at all
        native_json.parse(raw)


@given(
    header=st.dictionaries(st.sampled_from(sorted(order())), JSON),
    line=st.dictionaries(st.sampled_from(sorted(item())), JSON),
)
def test_whatever_the_types_are_reading_ends_in_values_or_defects(header: dict[str, Any], line: dict[str, Any]) -> None:
    changed = order(**header) | {"ID": 498099}
    reading = constructiononline.read(changed, [item(**line)])
    fingerprint(reading.change_order)
    for amount in (reading.change_order.cost, reading.change_order.items[0].unit_cost):
        assert amount is None or (amount.as_tuple().exponent == -4 and abs(amount) < Decimal(10) ** 14)
    for defect in reading.defects:
        defect.encode()


def of(header: dict[str, Any], items: list[dict[str, Any]]) -> str:
    return fingerprint(constructiononline.read(header, items).change_order)


@pytest.mark.parametrize(
    "bookkeeping",
    [
        {"INVOICED_AMOUNTS": Decimal(5)},
        {"QB_ACTUALS": Decimal(5)},
        {"DATE_MODIFIED": "2026-01-01T00:00:00"},
        {"PROJECTNAME": "Renamed"},
        {"DATE_CLOSED": None},
        {"COST_MONEY": Decimal("2380.00")},
        {"COST_MONEY": "2,380"},
        {"RELUSERIDS": None},
        {"SOMETHING_NEW": 1},
    ],
)
def test_bookkeeping_and_spelling_do_not_move_the_fingerprint(bookkeeping: dict[str, Any]) -> None:
    assert of(order(**bookkeeping), [item()]) == of(order(), [item()])


@pytest.mark.parametrize(
    "change",
    [{"NAME": "Other"}, {"CONDITION": 1}, {"COST_MONEY": 2381}, {"COST_TIME": 4}, {"DETAILS": ""}, {"NUMBER": "3"}],
)
def test_business_content_moves_the_fingerprint(change: dict[str, Any]) -> None:
    assert of(order(**change), [item()]) != of(order(), [item()])


@pytest.mark.parametrize("change", [{"RATE_QTY": 2}, {"CLASSIFICATION": 2}, {"COST_CODE_ID": 9}, {"NAME": "x"}])
def test_an_item_s_content_moves_the_fingerprint(change: dict[str, Any]) -> None:
    assert of(order(), [item(**change)]) != of(order(), [item()])
    assert of(order(), []) != of(order(), [item()])


def test_a_published_fingerprint_stays_what_it_is() -> None:
    assert of(order(), [item()]) == "a5c11e94cd967b20b2f98de743be115483ec0efc1c1e6778ded37456bda12672"


def test_the_closing_date_is_kept_as_received_and_decides_nothing() -> None:
    """The documented example has one while it is pending."""
    closed, never = constructiononline.read(order(), []), constructiononline.read(order(DATE_CLOSED=None), [])
    assert closed.change_order.decided_on == "2023-06-02T19:59:14.217"
    assert never.change_order.decided_on is None
    assert closed.change_order.status is never.change_order.status is Status.PENDING
    assert fingerprint(closed.change_order) == fingerprint(never.change_order)
