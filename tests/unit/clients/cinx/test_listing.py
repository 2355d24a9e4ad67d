from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.clients.cinx import CostList
from relay.domain.failures import Unavailable
from tests.unit.clients.cinx.fake_cinx import GUID, SUB, FakeCinx, frame

Serve = Callable[[httpx.Request], httpx.Response]


def rows(count: int, **members: str) -> list[dict[str, str]]:
    return [{"cinx_guid": f"{n:08x}-0000-4000-8000-000000000000", "number": f"-{n}", **members} for n in range(count)]


def serve(records: list[dict[str, str]], offset_counts: str, order: random.Random | None = None) -> Serve:
    def reply(request: httpx.Request) -> httpx.Response:
        listed = list(records)
        if order:
            order.shuffle(listed)
        offset, limit = int(request.url.params.get("offset", 0)), int(request.url.params.get("limit", 50))
        if offset_counts == "nothing":
            return frame(listed)
        if offset_counts == "cut":
            return frame(listed[:limit])
        page = max(0, offset - 1) if offset_counts == "pages from 1" else offset
        start = offset if offset_counts == "rows" else page * limit
        return frame(listed[start : start + limit])

    return reply


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 260), st.sampled_from(["rows", "pages", "pages from 1", "nothing"]))
def test_every_row_comes_once_whatever_the_offset_counts(count: int, offset_counts: str) -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", serve(rows(count), offset_counts))
    got = cinx.client().pocos()
    assert [row.number for row in got.rows] == [f"-{n}" for n in range(count)]
    assert got.whole or (offset_counts == "nothing" and count == 50)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 49), st.integers(0, 2**20))
def test_a_list_in_no_order_is_whole_if_it_fits_a_page(count: int, seed: int) -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", serve(rows(count), "rows", random.Random(seed)))
    assert len(cinx.client().pocos().rows) == count


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**20))
def test_a_longer_list_in_no_order_is_read_until_nothing_new_comes(seed: int) -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", serve(rows(70), "rows", random.Random(seed)))
    got = cinx.client().pocos()
    assert len({row.guid for row in got.rows}) == len(got.rows) >= 50
    assert len(cinx.sent(f"{SUB}/pocos")) >= (2 if len(got.rows) == 70 else 4)


def test_a_row_without_a_guid_is_kept_apart_where_that_is_asked_for() -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", frame([*rows(2), {"name": "broken", "guid": "x"}]))
    got = cinx.client().pocos(apart=True)
    assert ([row.number for row in got.rows], got.whole) == (["-0", "-1"], True)
    assert [json.loads(raw)["name"] for raw in got.unreadable] == ["broken"]
    with pytest.raises(Unavailable):
        cinx.client().pocos()


@pytest.mark.parametrize("count", [0, 49, 51, 103])
def test_a_list_without_documented_paging_is_asked_for_without_it(count: int) -> None:
    cinx = FakeCinx()
    path = f"{SUB}/po/{GUID}/pocos"
    cinx.on("GET", path, serve(rows(count), "nothing"))
    got = cinx.client().pocos_of(GUID)
    assert (len(got.rows), got.whole) == (count, True)
    assert [dict(request.url.params) for request in cinx.sent(path)] == [{}]


def test_a_list_without_paging_that_refuses_it_may_not_be_whole() -> None:
    cinx = FakeCinx()
    path = f"{SUB}/po/{GUID}/pocos"
    cinx.on("GET", path, frame(rows(50)), frame([], 400, "Unknown parameter offset", http=400))
    cinx.on("GET", f"{SUB}/pocos", serve(rows(70, po_number="PO-123"), "rows"))
    assert not cinx.client().pocos_of(GUID).whole
    cinx.on("GET", path, frame(rows(50)), frame([], 400, "Unknown parameter offset", http=400))
    got = cinx.client().pocos_of(GUID, number="PO-123")
    assert (len(got.rows), got.whole) == (70, True)


def test_a_list_that_is_cut_off_says_that_it_may_not_be_whole() -> None:
    cinx = FakeCinx()
    path = f"{SUB}/po/{GUID}/pocos"
    cinx.on("GET", path, serve(rows(80), "cut"))
    got = cinx.client().pocos_of(GUID)
    assert (len(got.rows), got.whole) == (50, False)


def test_a_purchase_orders_list_that_is_cut_off_is_completed_from_the_companys() -> None:
    cinx = FakeCinx()
    ours = rows(80, po_number="PO-123")
    strangers = [{"cinx_guid": f"ffff{n:04x}", "po_number": "PO-9"} for n in range(40)]
    cinx.on("GET", f"{SUB}/po/{GUID}/pocos", serve(ours, "cut"))
    cinx.on("GET", f"{SUB}/pocos", serve([*strangers, *ours], "rows"))
    got = cinx.client().pocos_of(GUID, number="PO-123")
    assert {row.number for row in got.rows} == {f"-{n}" for n in range(80)}
    assert got.whole


def test_a_purchase_order_is_found_by_its_exact_number_alone() -> None:
    cinx = FakeCinx()
    near = [{"cinx_guid": "1", "number": n} for n in ("PO-12", "PO-123", "po-123", "PO-1234", "PO-123 ")]
    cinx.on("GET", f"{SUB}/pos", frame(near))
    assert [row.number for row in cinx.client().purchase_orders("PO-123")] == []
    distinct = [{**record, "cinx_guid": str(n)} for n, record in enumerate(near)]
    cinx.on("GET", f"{SUB}/pos", frame(distinct))
    assert [row.guid for row in cinx.client().purchase_orders("PO-123")] == ["1"]
    assert cinx.sent(f"{SUB}/pos")[-1].url.params["number"] == "PO-123"


def test_a_row_without_a_guid_ends_the_listing_harmlessly() -> None:
    cinx = FakeCinx()
    cinx.on("GET", f"{SUB}/pocos", frame([{"number": "-01"}]))
    with pytest.raises(Unavailable, match="cinx_guid"):
        cinx.client().pocos()


@pytest.mark.parametrize("which", list(CostList))
def test_the_job_costing_lists_are_read(which: CostList) -> None:
    cinx = FakeCinx()
    record = {"cinx_guid": "G1", "name": "101-1025", "reference_id": "03-300", "rate": "5", "category_guid": "C1"}
    cinx.on("GET", f"{SUB}/org/job-costing/{which.value}", frame([record]))
    (entry,) = cinx.client().cost_list(which)
    assert (entry.guid, entry.name, entry.reference_id, entry.rate, entry.parent_guid) == (
        "g1",
        "101-1025",
        "03-300",
        Decimal(5),
        "c1",
    )
