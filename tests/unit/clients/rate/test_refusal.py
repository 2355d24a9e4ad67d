from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.clients.rate.refusal import LONGEST_WAIT, stated_wait

ANY_WAIT = -1.0
DATE = {"date": "Thu, 01 Jan 2026 00:00:00 GMT"}  # 1767225600


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"retry-after": "7"}, b"", 7.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:01:00 GMT", **DATE}, b"", 60.0),
        ({"x-rate-limit-reset": "1767225630", **DATE}, b"", 30.0),
        ({"x-rate-limit-reset": "1767225630", "retry-after": "7", **DATE}, b"", 30.0),
        ({"x-rate-limit-reset": "1767225601", "retry-after": "7", **DATE}, b"", 7.0),
        ({"x-rate-limit-reset": "1767225000", **DATE}, b"", 0.0),
        ({"retry-after": "soon"}, b"", None),
        ({}, b"", None),
        ({}, b"API rate limit exceeded: 500 requests per 1 hour. Please try again in 12 minutes.", 720.0),
        ({}, b'{"Message": "wait 1 hour and 30 seconds"}', 3630.0),
        ({}, b"Please try again in 00:12:30.", 750.0),
        ({}, b'{"Message":"Hourly limit exceeded","RetryAfter":1500}', 1500.0),
        ({}, b'{"Limit":"Hour","SecondsToWait":"1500"}', 1500.0),
        ({}, b'"Limit (hour) exceeded. Retry in 1,500 seconds."', 1500.0),
        ({}, b"API limit reached: Hour. 1500 seconds remaining.", 1500.0),
        ({}, b"3 hours and 5 minutes left of the day's limit", LONGEST_WAIT),
        ({}, b"maximum admitted 500 per Hour. Retry after 1500", 1500.0),
        ({}, b"Limit of 10,000 a day exceeded, wait until 2026-01-02", None),
        ({}, b"maximum 500 requests per 1 hour.", None),
        ({}, b"You have surpassed the max number of requests for an hour. Please wait until your limit resets.", None),
        ({"retry-after": "999999"}, b"", LONGEST_WAIT),
        ({"retry-after": "nan"}, b"", None),
        ({"retry-after": "-5"}, b"", 0.0),
        ({"retry-after": "Mon, 01 Jan 99999999999999 00:00:00 GMT"}, b"", None),
        ({"retry-after": "1e400"}, b"", None),
        ({"retry-after": "9" * 5000}, b"", None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359", **DATE}, b"", LONGEST_WAIT),
        ({"x-rate-limit-reset": "1767225630", "date": "Mon, 01 Jan 99999999999999 00:00:00 GMT"}, b"", ANY_WAIT),
        ({"x-rate-limit-reset": "1e300", **DATE}, b"", None),
    ],
)
def test_every_form_of_a_stated_time_is_read(headers: dict[str, str], body: bytes, wait: float | None) -> None:
    stated = stated_wait(headers, body)
    assert stated == wait or (wait == ANY_WAIT and stated is not None)


@pytest.mark.parametrize("unit", [b"1", b"wait", b"1s ", b"in 1 ", b"1 hour and ", b"1, ", b"retry after ", b"1.1"])
def test_a_refusal_that_is_made_to_be_slow_is_read_at_once(unit: bytes) -> None:
    started = time.process_time()
    for _ in range(10):
        stated_wait({}, unit * 10_000)
    assert time.process_time() - started < 5


@given(
    st.dictionaries(st.sampled_from(["retry-after", "x-rate-limit-reset", "date"]), st.text(max_size=30)),
    st.binary(max_size=200),
)
def test_whatever_is_said_the_wait_is_none_or_within_bounds(headers: dict[str, str], body: bytes) -> None:
    wait = stated_wait(headers, body)
    assert wait is None or 0 <= wait <= LONGEST_WAIT
