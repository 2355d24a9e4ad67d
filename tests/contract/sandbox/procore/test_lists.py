"""Pages, filters and order of lists."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import httpx
import pytest

from tests.contract.sandbox.procore.calls import PRIME, WORK_ORDER, Api

LIST = "potential_change_orders"


def relations(answer: httpx.Response) -> dict[str, str]:
    """``rel`` to URL."""
    found = re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers.get("Link", ""))
    return {name: url for url, name in found}


def seven(api: Api) -> list[int]:
    return [one["id"] for one in api.sync(*[{"title": str(place)} for place in range(7)])[0]]


def stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_pages_follow_their_links_to_every_row(api: Api) -> None:
    ids = seven(api)
    answer = api.send("GET", LIST, per_page=3)
    seen = [row["id"] for row in answer.json()]
    while "next" in relations(answer):
        answer = api.client.get(relations(answer)["next"])
        seen += [row["id"] for row in answer.json()]
    assert seen == ids


@pytest.mark.parametrize(
    ("page", "names"),
    [
        (1, {"next", "last"}),
        (2, {"first", "next", "last"}),
        (3, {"first", "prev", "next", "last"}),
        (4, {"first", "prev"}),
    ],
)
def test_each_page_has_its_relations(api: Api, page: int, names: set[str]) -> None:
    seven(api)
    answer = api.send("GET", LIST, per_page=2, page=page)
    assert set(relations(answer)) == names
    assert (answer.headers["Total"], answer.headers["Per-Page"]) == ("7", "2")


def test_past_the_end_there_is_an_empty_page(api: Api) -> None:
    seven(api)
    answer = api.send("GET", LIST, per_page=100, page=2)
    assert (answer.status_code, answer.json(), answer.headers["Total"]) == (200, [], "7")


def test_the_default_page_is_small_and_a_large_one_is_cut(api: Api) -> None:
    api.sync(*[{"title": str(place)} for place in range(25)])
    assert len(api.get(LIST)) == 20
    api.sandbox.settings(largest_page=10)
    answer = api.send("GET", LIST, per_page=100)
    assert (len(answer.json()), answer.headers["Per-Page"]) == (10, "10")


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "x"}, {"per_page": "-1"}])
def test_a_page_that_is_no_number_is_refused(api: Api, query: dict[str, str]) -> None:
    assert api.send("GET", LIST, **query).status_code == 400


def test_ids_are_filtered_as_csv_as_brackets_and_as_an_array(api: Api) -> None:
    first, second, third, *_ = seven(api)
    base = f"/rest/v1.0/{LIST}?project_id=315"
    for query in (
        f"filters[id]={first},{third}",
        f"filters[id][]={first}&filters[id][]={third}",
        f"filters[id]=[{first},{third}]",
    ):
        assert [row["id"] for row in api.client.get(f"{base}&{query}").json()] == [first, third]
    assert api.client.get(f"{base}&filters[id]={second}").json()[0]["id"] == second


def test_origin_id_and_contract_are_filtered(api: Api) -> None:
    pco = api.pco(origin_id="A, with a comma")
    other = api.pco(origin_id="B", contract=PRIME)
    assert [row["id"] for row in api.find(LIST, {"origin_id": "A, with a comma"})] == [pco["id"]]
    assert [row["id"] for row in api.find(LIST, {"contract_id": str(PRIME)})] == [other["id"]]
    assert api.find(LIST, {"contract_id": str(PRIME), "origin_id": "A, with a comma"}) == []


@pytest.mark.parametrize("quote", ["", '"'])
def test_updated_at_is_a_range_bare_or_quoted(api: Api, quote: str) -> None:
    old = api.pco(origin_id="old")
    api.sandbox.advance(3600)
    new = api.pco(origin_id="new")
    middle = api.now() - timedelta(minutes=30)
    later = middle + timedelta(days=1)
    before = middle - timedelta(days=1)
    wanted = f"{quote}{stamp(middle)}...{stamp(later)}{quote}"
    assert [row["id"] for row in api.find(LIST, {"updated_at": wanted})] == [new["id"]]
    wanted = f"{quote}{stamp(before)}...{stamp(middle)}{quote}"
    assert [row["id"] for row in api.find(LIST, {"updated_at": wanted})] == [old["id"]]


def test_a_range_may_be_of_dates_and_of_offsets(api: Api) -> None:
    pco = api.pco(due_date="2026-03-20T00:00:00Z")
    for wanted, count in (
        ("2026-03-20...2026-03-20", 1),
        ("2026-03-19T19:00:00-05:00...2026-03-19T19:00:00-05:00", 1),
        ("2026-03-21...2026-03-31", 0),
    ):
        assert [row["id"] for row in api.find(LIST, {"due_date": wanted})] == [pco["id"]] * count


@pytest.mark.parametrize("wrong", ["2026-03-20", "2026-03-20...", "...2026-03-20", "a...b", "2026-03-20..2026-03-21"])
def test_what_is_no_range_is_refused(api: Api, wrong: str) -> None:
    answer = api.send("GET", LIST, **{"filters[updated_at]": wrong})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["updated_at"])


def test_deleted_rows_are_shown_only_on_request(api: Api) -> None:
    first, second = api.pco()["id"], api.pco()["id"]
    api.sandbox.people("delete", id=first)
    assert [row["id"] for row in api.get(LIST)] == [second]
    assert [row["id"] for row in api.find(LIST, {"include_deleted": "only"})] == [first]
    both = api.find(LIST, {"include_deleted": "with"})
    assert [(row["id"], row["deleted_at"] is None) for row in both] == [(first, False), (second, True)]
    assert api.send("GET", LIST, **{"filters[include_deleted]": "yes"}).status_code == 400


def test_a_deletion_is_found_by_its_time(api: Api) -> None:
    pco = api.pco()["id"]
    api.sandbox.advance(3600)
    api.sandbox.people("delete", id=pco)
    since = api.now() - timedelta(minutes=30)
    wanted = {"updated_at": f"{stamp(since)}...{stamp(since + timedelta(hours=2))}", "include_deleted": "with"}
    assert [row["id"] for row in api.find(LIST, wanted)] == [pco]


def test_a_filter_that_the_list_does_not_have_is_ignored_unless_set_otherwise(api: Api) -> None:
    api.package(origin_id="A")
    api.package(origin_id="B")
    assert len(api.find("change_order_packages", {"origin_id": "A"})) == 2
    api.sandbox.settings(unknown_filters="refuse")
    answer = api.send("GET", "change_order_packages", **{"filters[origin_id]": "A"})
    assert answer.status_code == 400


def test_the_order_is_a_setting_because_none_is_promised(api: Api) -> None:
    ids = seven(api)
    api.sandbox.advance(60)
    api.sync({"id": ids[3], "title": "touched"})
    assert [row["id"] for row in api.get(LIST)] == ids
    api.sandbox.settings(order="updated")
    assert next(row["id"] for row in api.get(LIST)) == ids[3]
    api.sandbox.settings(order="shuffle")
    assert sorted(row["id"] for row in api.get(LIST)) == ids
    assert len({tuple(row["id"] for row in api.get(LIST)) for _ in range(5)}) > 1


def test_rows_of_another_project_are_not_seen(api: Api) -> None:
    api.pco(contract=44024, project=316)
    assert api.get(LIST) == []
    assert len(api.get(LIST, project_id=316)) == 1


def test_the_package_list_takes_a_contract(api: Api) -> None:
    own, other = api.package()["id"], api.package(contract=PRIME)["id"]
    assert [row["id"] for row in api.get("change_order_packages", contract_id=WORK_ORDER)] == [own]
    assert [row["id"] for row in api.get("change_order_packages")] == [own, other]
    assert api.send("GET", "change_order_packages", contract_id=1).status_code == 404
