from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.constructiononline.listings import Listings, Scope, cheapest
from relay.clients.native_json.records import NativeRecord
from relay.domain.failures import Denied, TenantBlocked


@pytest.mark.parametrize(
    ("wanted", "known", "scope"),
    [
        ({"1": "7"}, {"7": 50}, Scope.EACH),
        ({"1": "7", "2": "7"}, {"7": 50, "8": 50}, Scope.PROJECT),
        ({"1": "7", "2": "8"}, {"7": 50, "8": 50}, Scope.ACCOUNT),
        ({"1": "7", "2": "8"}, {"7": 50, "8": 5_000}, Scope.EACH),
        ({"1": None, "2": None, "3": None}, {"7": 50}, Scope.ACCOUNT),
        ({str(at): "7" for at in range(40)}, {"7": 50, "8": 90_000}, Scope.PROJECT),
    ],
)
def test_the_fewest_requests_are_chosen_and_of_equals_the_fewest_rows(
    wanted: dict[str, str | None], known: dict[str | None, int], scope: Scope
) -> None:
    assert cheapest(wanted, known) is scope


@given(
    wanted=st.dictionaries(st.text(max_size=3), st.sampled_from(["7", "8", "9"]), min_size=1, max_size=30),
    known=st.dictionaries(st.sampled_from(["7", "8", "9"]), st.integers(0, 300), max_size=3),
)
def test_no_scope_takes_more_requests_than_asking_one_by_one(
    wanted: dict[str, str], known: dict[str | None, int]
) -> None:
    requests = {Scope.EACH: len(wanted), Scope.PROJECT: len(set(wanted.values())), Scope.ACCOUNT: 1}
    assert requests[cheapest(dict(wanted), known)] <= len(wanted)


class Refusing:
    """A remote that refuses one change order, and perhaps the login."""

    def __init__(self, *, login: bool) -> None:
        self.login = login
        self.calls: list[str] = []

    def change_orders(self, from_date: date | None = None, project_id: int | None = None) -> list[NativeRecord]:
        raise AssertionError("asked for nothing but single ones")

    def change_order(self, change_order_id: int) -> NativeRecord | None:
        self.calls.append(f"header {change_order_id}")
        if change_order_id == 3:
            data = {"ID": 3, "PRJ_ID": 7}
            return NativeRecord(json.dumps(data).encode(), data)
        raise Denied("refused", status=403)

    def items(
        self, from_date: date | None = None, project_id: int | None = None, change_order_id: int | None = None
    ) -> list[NativeRecord]:
        return []

    def deleted_projects(self) -> list[NativeRecord]:
        return []

    def probe_tenant(self) -> None:
        self.calls.append("probe")
        if not self.login:
            raise TenantBlocked("the login is refused")

    def close(self) -> None: ...


def test_of_one_that_is_refused_the_others_are_read_and_one_probe_tells_that_it_is_not_the_login() -> None:
    remote = Refusing(login=True)
    listings = Listings(remote)
    assert list(listings.headers({"1": None, "2": None, "3": None}, Scope.EACH)) == ["3"]
    assert remote.calls == ["header 1", "probe", "header 2", "header 3"]
    assert (listings.denied, listings.requests) == ({"1", "2"}, 4)


def test_where_the_login_is_refused_nothing_more_is_asked() -> None:
    remote = Refusing(login=False)
    with pytest.raises(TenantBlocked):
        Listings(remote).headers({"1": None, "2": None, "3": None}, Scope.EACH)
    assert remote.calls == ["header 1", "probe"]
