"""What the calls answer: "Change Orders Overview", "Get a Change Order", "Response Codes"."""

from __future__ import annotations

import base64
import json
import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from deploy.sandbox.process import Simulated

STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?")


def read(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text, parse_float=Decimal)


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["ID"] for row in rows]


@pytest.fixture(autouse=True)
def samples(constructiononline: Simulated) -> None:
    constructiononline.people("load_samples")


def test_the_sample_change_order_is_as_documented(reader: httpx.Client) -> None:
    order = read(reader, "/ChangeOrders/498099")
    assert (order["PRJ_ID"], order["NUMBER"], order["CONDITION"]) == (1321036, "2", 0)
    assert (order["DATE_CLOSED"], order["CLOSED_BY"]) == ("2023-06-02T19:59:14.217", 988884)
    assert order["CLIENT_PRICE"] == order["COST_MONEY"] + order["MARKUP"] + order["SALES_TAX"] == Decimal(2765)
    assert "COST_CODE_ID" not in order
    assert len(order) == 48
    assert (order["CREATOR"], order["MULTIPLIER"], order["IMAGE_ID"]) == ("", None, 0)


def test_the_sample_item_is_as_documented(reader: httpx.Client) -> None:
    item = read(reader, "/ChangeOrderItems/524469")
    assert (item["CHANGE_ORDER_ID"], item["NAME"], item["STATUS"]) == (500942, "Chandelier", 3)
    assert (item["RATE"], item["RATE_QTY"], item["COST_ESTIMATE"]) == (850, 1, 850)
    assert (item["LINE_ITEM_MARKUP"], item["LINE_ITEM_MARKUP_TYPE"]) == ("20", 0)
    assert item["ROW_NUMBER"] == 0
    assert len(item) == 44


def test_amounts_keep_their_digits(reader: httpx.Client) -> None:
    text = reader.get("/ChangeOrders/498099").text
    assert '"COST_MONEY":2380.0,' in text
    assert '"TAX_METHOD":3,' in text


def test_a_listing_is_a_bare_array_without_items(reader: httpx.Client) -> None:
    rows = read(reader, "/ChangeOrders")
    assert ids(rows) == [498099, 500942]
    assert rows[0] == read(reader, "/ChangeOrders/498099")


def test_all_items_and_those_of_one_change_order(reader: httpx.Client) -> None:
    assert ids(read(reader, "/ChangeOrderItems")) == [524469]
    assert ids(read(reader, "/ChangeOrderItems", changeOrderID=500942)) == [524469]


def test_a_lump_sum_has_no_items(reader: httpx.Client) -> None:
    assert read(reader, "/ChangeOrderItems", changeOrderID=498099) == []


def test_listings_by_project(reader: httpx.Client, constructiononline: Simulated) -> None:
    constructiononline.people("create_project", id=7, name="Other")
    order = constructiononline.people("create_change_order", project=7, name="Else", items=[{"NAME": "x"}])
    assert ids(read(reader, "/ChangeOrders", projectID=7)) == [order["ID"]]
    assert len(read(reader, "/ChangeOrderItems", projectID=7)) == 1
    assert read(reader, "/ChangeOrders", projectID=8) == []


def test_dates_are_local_without_a_zone(reader: httpx.Client, constructiononline: Simulated) -> None:
    constructiononline.people("create_change_order", project=1321036, name="New")
    for order in read(reader, "/ChangeOrders"):
        for name in ("DATE_CREATED", "DATE_MODIFIED"):
            assert STAMP.fullmatch(order[name])


@pytest.mark.parametrize(("day", "found"), [("2024-02-18", True), ("2024-02-19", True), ("2024-02-20", False)])
def test_from_date_is_inclusive_and_means_modification(reader: httpx.Client, day: str, *, found: bool) -> None:
    assert (498099 in ids(read(reader, "/ChangeOrders", fromDate=day))) is found


def test_from_date_of_items_looks_at_the_items_own_modification(reader: httpx.Client) -> None:
    assert ids(read(reader, "/ChangeOrderItems", fromDate="2023-06-27")) == [524469]
    assert read(reader, "/ChangeOrderItems", fromDate="2023-06-28") == []


def test_from_date_of_projects_means_creation(reader: httpx.Client, constructiononline: Simulated) -> None:
    constructiononline.people("create_project", id=7, name="Old", set={"DATE_CREATED": "2020-01-01T00:00:00"})
    assert ids(read(reader, "/v2/Projects", fromDate="2020-01-02")) == [1321036]
    assert set(ids(read(reader, "/v2/Projects", fromDate="2020-01-01"))) == {7, 1321036}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/ChangeOrders", {"fromDate": "19.02.2024"}),
        ("/ChangeOrders", {"fromDate": "2024-02-30"}),
        ("/ChangeOrders", {"projectID": "x"}),
        ("/ChangeOrders", {"projectId": "7"}),
        ("/ChangeOrders", {"CONDITION": "1"}),
        ("/ChangeOrderItems", {"changeOrderID": ""}),
        ("/ChangeOrders/abc", {}),
        ("/Projects", {}),
        ("/Projects", {"skip": "1"}),
        ("/Projects", {"archived": "yes"}),
    ],
)
def test_a_wrong_parameter_is_refused(reader: httpx.Client, path: str, query: dict[str, str]) -> None:
    answer = reader.get(path, params=query)
    assert answer.status_code == 400
    assert set(answer.json()) == {"Message"}


@pytest.mark.parametrize("path", ["/ChangeOrders/1", "/ChangeOrderItems/1", "/v2/Projects?id=1"])
def test_an_unknown_id_is_not_found(reader: httpx.Client, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == 404
    assert "MessageDetail" not in answer.json()


@pytest.mark.parametrize("path", ["/Leads", "/v2/ChangeOrders", "/ChangeOrders/1/Items", "/"])
def test_an_unknown_address_names_the_controller(reader: httpx.Client, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == 404
    assert "controller" in answer.json()["MessageDetail"]


def test_without_api_in_the_path_there_is_nothing(constructiononline: Simulated, reader: httpx.Client) -> None:
    answer = reader.get(f"{constructiononline.url}/ChangeOrders/498099")
    assert answer.status_code == 404
    assert "MessageDetail" in answer.json()


@pytest.mark.parametrize(
    "headers",
    [
        {"APIKey": "sandbox-api-key", "Authorization": ""},
        {"APIKey": "wrong"},
        {"APIKey": ""},
        {"Authorization": "Basic " + base64.b64encode(b"relay@acme.example:wrong").decode()},
        {"Authorization": "Basic not-base64!"},
        {"Authorization": "Bearer sandbox-password"},
    ],
)
def test_login_and_key_are_both_needed(reader: httpx.Client, headers: dict[str, str]) -> None:
    request = reader.build_request("GET", "/ChangeOrders", headers={**reader.headers, **headers})
    auth = None if "Authorization" in headers else httpx.USE_CLIENT_DEFAULT
    assert reader.send(request, auth=auth).status_code == 401


@pytest.mark.parametrize("status", [401, 403, 400, 404])
def test_how_credentials_are_refused_is_a_setting(
    constructiononline: Simulated, reader: httpx.Client, status: int
) -> None:
    constructiononline.settings(credential_refusal=status)
    assert reader.get("/ChangeOrders", headers={"APIKey": "wrong"}).status_code == status


def test_projects_active_archived_paged_and_of_others(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.people("create_project", id=7, name="Archived")
    constructiononline.people("archive_project", id=7)
    constructiononline.people("create_project", id=8, name="Guest", guest=True)
    assert ids(read(reader, "/Projects", archived="true")) == [7]
    assert 7 not in ids(read(reader, "/Projects", archived="false"))
    assert set(ids(read(reader, "/v2/Projects"))) == {7, 1321036}
    assert 8 in ids(read(reader, "/v2/Projects", includeClientSub="true"))
    assert len(read(reader, "/Projects", skip=1, take=1)) == 1
    assert read(reader, "/v2/Projects", id=7)["NAME"] == "Archived"


def test_writing_is_not_simulated(reader: httpx.Client, constructiononline: Simulated) -> None:
    before = constructiononline.state()
    assert reader.put("/ChangeOrders/498099", params={"action": "DELETE"}).status_code == 400
    assert constructiononline.state()["change_orders"] == before["change_orders"]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"empty_list": "array"}, "[]"),
        ({"empty_list": "null"}, "null"),
        ({"empty_list": "empty_body"}, ""),
        ({"list_shape": "wrapped"}, '{"Data":[]}'),
        ({"list_shape": "wrapped", "wrapper_key": "Rows"}, '{"Rows":[]}'),
    ],
)
def test_shapes_of_an_empty_listing(
    constructiononline: Simulated, reader: httpx.Client, settings: dict[str, str], text: str
) -> None:
    constructiononline.settings(**settings)
    answer = reader.get("/ChangeOrderItems", params={"changeOrderID": 498099})
    assert (answer.status_code, answer.text) == (200, text)


def test_one_row_may_come_as_an_object(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.settings(single_row="object")
    assert read(reader, "/ChangeOrderItems")["ID"] == 524469


def test_the_order_of_rows_is_a_setting(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.people("load_company", change_orders=20, max_items=1)
    assert ids(read(reader, "/ChangeOrders")) == sorted(ids(read(reader, "/ChangeOrders")))
    constructiononline.settings(order="modified")
    stamps = [row["DATE_MODIFIED"] for row in read(reader, "/ChangeOrders")]
    assert stamps == sorted(stamps)
    constructiononline.settings(order="shuffle")
    assert ids(read(reader, "/ChangeOrders")) != ids(read(reader, "/ChangeOrders"))


def test_compression_is_for_those_who_ask(constructiononline: Simulated, reader: httpx.Client) -> None:
    assert reader.get("/ChangeOrders").headers["Content-Encoding"] == "gzip"
    constructiononline.settings(gzip=False)
    assert "Content-Encoding" not in reader.get("/ChangeOrders").headers


def test_a_change_order_may_be_missing_from_listings_only(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.people("unlist", ids=[500942])
    assert ids(read(reader, "/ChangeOrders")) == [498099]
    assert read(reader, "/ChangeOrderItems") == []
    assert read(reader, "/ChangeOrders/500942")["ID"] == 500942
    constructiononline.people("unlist", ids=[500942], listed=True)
    assert ids(read(reader, "/ChangeOrders")) == [498099, 500942]


def test_archived_projects_may_be_left_out_of_listings(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.people("archive_project", id=1321036)
    assert len(read(reader, "/ChangeOrders")) == 2
    constructiononline.settings(archived_included=False)
    assert read(reader, "/ChangeOrders") == []
    assert read(reader, "/ChangeOrderItems") == []


@pytest.mark.parametrize(
    ("form", "number", "cost"),
    [("text", "498099", "2380.0"), ("separated", "498099", "2,380.0"), ("fraction", 498099.0, 2380.0)],
)
def test_numbers_may_be_text_or_all_have_a_fraction(
    constructiononline: Simulated, reader: httpx.Client, form: str, number: object, cost: object
) -> None:
    constructiononline.settings(numbers=form)
    row = read(reader, "/ChangeOrders/498099")
    assert (row["ID"], row["COST_MONEY"]) == (number, cost)
    assert '"ID":498099.0' in reader.get("/ChangeOrders/498099").text or form != "fraction"


def test_an_object_may_look_otherwise_in_a_list_than_alone(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.settings(layout="indented")
    listed, alone = reader.get("/ChangeOrders"), reader.get("/ChangeOrders/498099")
    assert alone.json() == listed.json()[0]
    assert alone.text not in listed.text


def test_a_missing_date_may_be_the_first_of_all_days(constructiononline: Simulated, reader: httpx.Client) -> None:
    assert read(reader, "/ChangeOrderItems/524469")["DATE_CLOSED"] is None
    constructiononline.settings(unset_dates=True)
    assert read(reader, "/ChangeOrderItems/524469")["DATE_CLOSED"] == "0001-01-01T00:00:00"


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [("message", 404, "No record"), ("resource", 404, "No HTTP resource"), ("silent", 404, ""), ("null", 200, "null"),
     ("empty_body", 200, "")],
)  # fmt: skip
def test_how_an_unknown_id_is_answered_is_a_setting(
    constructiononline: Simulated, reader: httpx.Client, kind: str, status: int, says: str
) -> None:
    constructiononline.settings(missing_record=kind)
    answer = reader.get("/ChangeOrders/1")
    assert answer.status_code == status
    assert says in answer.text
    assert "MessageDetail" not in answer.text


@pytest.mark.parametrize("values", [{"order": "random"}, {"gzip": 1}, {"nonsense": True}, {"utc_offset_minutes": "60"}])
def test_a_wrong_setting_is_refused(constructiononline: Simulated, values: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError):
        constructiononline.settings(list_shape="wrapped", **values)
    assert constructiononline.call("GET", "settings")["list_shape"] == "array"


def test_the_offset_moves_the_dates(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.settings(utc_offset_minutes=24 * 60)
    ahead = constructiononline.people("create_change_order", project=1321036, name="New")
    constructiononline.settings(utc_offset_minutes=0)
    now = constructiononline.people("create_change_order", project=1321036, name="New")
    assert ahead["DATE_CREATED"] > now["DATE_CREATED"]
