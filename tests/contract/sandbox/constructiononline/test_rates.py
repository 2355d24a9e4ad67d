""" "Rate Limits": four windows per API key, and a 429 that says which and how long."""

from __future__ import annotations

import httpx
import pytest

from deploy.sandbox.process import ControlRefused, Simulated


def statuses(reader: httpx.Client, count: int) -> list[int]:
    return [reader.get("/ChangeOrders").status_code for _ in range(count)]


def test_the_documented_limits(constructiononline: Simulated) -> None:
    limits = {name: window["limit"] for name, window in constructiononline.state()["rates"].items()}
    assert limits == {"hour": 500, "day": 10_000, "week": 50_000, "month": 200_000}


def test_the_hour_is_over_after_its_limit_and_opens_again(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.people("set_rate", window="hour", limit=3)
    assert statuses(reader, 5) == [200, 200, 200, 429, 429]
    assert constructiononline.state()["rates"]["hour"]["used"] == 3
    constructiononline.advance(3600)
    assert statuses(reader, 1) == [200]


def test_the_refusal_names_limit_and_wait(constructiononline: Simulated, reader: httpx.Client) -> None:
    constructiononline.people("set_rate", window="day", limit=0)
    statuses(reader, 1)
    answer = reader.get("/ChangeOrders")
    assert answer.status_code == 429
    seconds = int(answer.headers["Retry-After"])
    assert 86_000 < seconds <= 86_400
    assert answer.json()["Message"] == (
        f"API rate limit exceeded: maximum 0 requests per day. Please try again in {seconds} seconds."
    )


@pytest.mark.parametrize(
    ("wording", "says"),
    [
        ("seconds", "seconds."),
        ("minutes", "60 minutes."),
        ("clock", "in 0"),
        ("silent", "per hour."),
        ("remaining", "seconds remaining."),
        ("member", "per hour."),
    ],
)
def test_the_wording_is_a_setting(constructiononline: Simulated, reader: httpx.Client, wording: str, says: str) -> None:
    constructiononline.settings(throttle_wording=wording, retry_after=False)
    constructiononline.people("set_rate", window="hour", limit=1)
    statuses(reader, 1)
    answer = reader.get("/ChangeOrders")
    assert says in answer.json()["Message"]
    assert "Retry-After" not in answer.headers


def test_refused_credentials_count_against_nothing(constructiononline: Simulated, reader: httpx.Client) -> None:
    reader.get("/ChangeOrders", headers={"APIKey": "wrong"})
    assert constructiononline.state()["rates"]["hour"]["used"] == 0


def test_an_unknown_window_is_refused(constructiononline: Simulated) -> None:
    with pytest.raises(ControlRefused, match="minute"):
        constructiononline.people("set_rate", window="minute", limit=1)
