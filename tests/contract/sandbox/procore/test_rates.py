"""Both limits, their headers, and the refusals in every form that the pages describe."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from tests.contract.sandbox.procore.calls import Api

HEADERS = ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset")


@pytest.mark.parametrize("path", ["me", "nothing", "potential_change_orders"])
def test_every_answer_has_the_headers(api: Api, path: str) -> None:
    answer = api.send("GET", path, project_id=None)
    assert all(answer.headers[name].isdecimal() for name in HEADERS)
    assert answer.headers["X-Request-Id"]


def test_an_unauthorised_call_has_them_and_is_not_counted(api: Api) -> None:
    del api.client.headers["Authorization"]
    first = api.send("GET", "me")
    assert first.headers["X-Rate-Limit-Remaining"] == api.send("GET", "me").headers["X-Rate-Limit-Remaining"] == "100"


def test_the_headers_describe_the_limit_that_is_nearest_to_exhaustion(api: Api) -> None:
    answer = api.send("GET", "me")
    assert (answer.headers[HEADERS[0]], answer.headers[HEADERS[1]]) == ("100", "99")
    api.sandbox.people("spend_requests", hourly=3595)
    answer = api.send("GET", "me")
    assert (answer.headers[HEADERS[0]], answer.headers[HEADERS[1]]) == ("3600", "3")


def test_remaining_rises_again_as_the_short_window_rolls(api: Api) -> None:
    api.sandbox.settings(spike_limit=5)
    remaining = [int(api.send("GET", "me").headers[HEADERS[1]]) for _ in range(3)]
    assert remaining == [4, 3, 2]
    api.sandbox.advance(10.1)
    assert api.send("GET", "me").headers[HEADERS[1]] == "4"


def test_the_spike_limit_refuses_until_its_reset(api: Api) -> None:
    api.sandbox.settings(spike_limit=3)
    answers = [api.send("GET", "me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    refused = answers[-1]
    now = parsedate_to_datetime(refused.headers["Date"]).timestamp()
    assert refused.headers[HEADERS[1]] == "0"
    assert now <= int(refused.headers[HEADERS[2]]) <= now + 12
    api.sandbox.advance(11)
    assert api.send("GET", "me").status_code == 200


def test_the_hourly_limit_refuses_for_the_rest_of_the_hour(api: Api) -> None:
    api.sandbox.settings(hourly_limit=2)
    assert [api.send("GET", "me").status_code for _ in range(3)] == [200, 200, 429]
    api.sandbox.advance(3500)
    assert api.send("GET", "me").status_code == 429
    api.sandbox.advance(101)
    assert api.send("GET", "me").status_code == 200


def test_a_refused_call_changes_nothing(api: Api) -> None:
    api.sandbox.settings(spike_limit=1)
    api.send("GET", "me")
    assert api.sync_raw({"title": "x"}).status_code == 429
    assert api.sandbox.state()["potential_change_orders"] == []
    assert api.sandbox.state()["rates"]["refused"] == 1


@pytest.mark.parametrize(("counts", "status"), [(True, 429), (False, 200)])
def test_whether_refused_calls_use_up_the_limit_is_a_setting(api: Api, *, counts: bool, status: int) -> None:
    api.sandbox.settings(spike_limit=1, refused_counts=counts)
    assert [api.send("GET", "me").status_code for _ in range(2)] == [200, 429]
    api.sandbox.advance(5.0)
    api.send("GET", "me")
    api.sandbox.advance(5.5)
    assert api.send("GET", "me").status_code == status


@pytest.mark.parametrize("body", ["text", "json", "empty"])
def test_the_body_of_a_429_is_text_or_json_or_nothing(api: Api, body: str) -> None:
    api.sandbox.settings(spike_limit=0, throttle_body=body)
    answer = api.send("GET", "me")
    kinds = {"text": "text/plain; charset=utf-8", "json": "application/json", "empty": "text/plain; charset=utf-8"}
    assert answer.headers["Content-Type"] == kinds[body]
    assert ("surpassed" in answer.text) == (body != "empty")


@pytest.mark.parametrize("form", ["absent", "seconds", "date"])
def test_a_429_comes_with_and_without_retry_after(api: Api, form: str) -> None:
    api.sandbox.settings(spike_limit=0, throttle_retry_after=form)
    value = api.send("GET", "me").headers.get("Retry-After")
    if form == "absent":
        assert value is None
    elif form == "seconds":
        assert value is not None
        assert 0 < int(value) <= 10
    else:
        assert value is not None
        assert parsedate_to_datetime(value).tzinfo is not None


def test_heavy_load_is_a_503_with_retry_after(api: Api) -> None:
    api.sandbox.settings(heavy_load_seconds=7)
    answer = api.send("GET", "me")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.headers["X-Rate-Limit-Limit"] == "100"


def test_the_login_host_is_not_limited(api: Api) -> None:
    api.sandbox.settings(spike_limit=0)
    api.renew()
    assert api.client.get("/oauth/token/info").status_code == 200
