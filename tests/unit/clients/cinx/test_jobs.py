from __future__ import annotations

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from relay.clients.cinx import JobState
from relay.clients.http import log_events
from relay.domain.failures import CallFailure, Denied, TenantBlocked, Throttled, Unavailable
from tests.hostile_answers import LONG_TEXT
from tests.unit.clients.cinx.fake_cinx import API_TOKEN, FakeCinx, frame
from tests.unit.clients.remote import Reply, answer

PLAIN = "/1.0/partner/exec/J1/status"
COMPANY = f"/1.0/sub/{API_TOKEN}/partner/exec/J1/status"


def row(code: Any = 200, message: Any = "Processed", **more: Any) -> dict[str, Any]:
    return {"status_code": code, "status_message": message, "app": "json-poco-import", **more}


def read_state(plain: Reply, company: Reply = answer("x", 404)) -> JobState:  # noqa: B008 - replies are never changed
    cinx = FakeCinx()
    cinx.on("GET", PLAIN, plain)
    cinx.on("GET", COMPANY, company)
    return cinx.client().job("J1").state


UNKNOWN = frame([], 500, "Failed to find a job with the given id of [J1]")
UNKNOWN_HTTP = frame([], 500, "Failed to find a job with the given id of [J1]", http=500)
NO_CALL = frame([], 404, "No such call", http=404)


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (frame([row()]), JobState.PROCESSED),
        (frame([row("200", "PROCESSED ")]), JobState.PROCESSED),
        (frame([row(500, "Internal Server Error")]), JobState.FAILED),
        (frame([row("500", None)]), JobState.FAILED),
        (UNKNOWN, JobState.UNKNOWN),
        (UNKNOWN_HTTP, JobState.UNKNOWN),
        (frame([], 404, "job not known", http=404), JobState.UNKNOWN),
        (frame([]), JobState.PENDING),
        (frame([row(102, "Processing")]), JobState.PENDING),
        (frame([row(200, "Queued")]), JobState.PENDING),
        (frame([row(None, None)]), JobState.PENDING),
        (frame([{"app": "json-poco-import"}]), JobState.PENDING),
        (frame([row(202, "Accepted")]), JobState.PENDING),
        (frame([row(409, "Busy")]), JobState.PENDING),
    ],
)
def test_only_what_is_documented_as_final_is_final(reply: httpx.Response, state: JobState) -> None:
    assert read_state(reply) is state


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (answer("", 302, {"Location": "/login"}), "redirects"),
        (answer("", 401), "login is refused"),
        (frame([], 401, "Unauthorized"), "login is refused"),
    ],
)
def test_an_address_that_asks_for_another_login_is_not_the_jobs(away: httpx.Response, words: str) -> None:
    assert read_state(away, frame([row()])) is JobState.PROCESSED
    assert read_state(UNKNOWN, away) is JobState.UNKNOWN
    assert read_state(away, UNKNOWN) is JobState.UNKNOWN
    for other in (away, NO_CALL):
        with pytest.raises(TenantBlocked, match=words):
            read_state(other, away)


def test_the_start_of_the_job_is_told() -> None:
    cinx = FakeCinx()
    cinx.on("GET", PLAIN, frame([row(command_started_at="2024-01-17 16:38:55Z")]))
    assert cinx.client().job("J1").started_at == "2024-01-17 16:38:55Z"


@pytest.mark.parametrize(
    "missing", [NO_CALL, frame([], 404, "No such call"), answer("<html>", 404), answer("", 403), UNKNOWN]
)
def test_the_address_that_answers_is_found_and_kept(missing: httpx.Response) -> None:
    cinx = FakeCinx()
    cinx.on("GET", PLAIN, missing)
    cinx.on("GET", COMPANY, frame([row()]))
    client = cinx.client()
    with capture_logs() as logs:
        assert client.job("J1").state is JobState.PROCESSED
        assert client.job("J1").state is JobState.PROCESSED
    assert len(cinx.sent(PLAIN)) == 1
    assert [log["path"] for log in logs if log["event"] == log_events.JOB_PATH_FOUND] == ["company"]


def test_an_address_that_disappears_is_looked_for_again() -> None:
    cinx = FakeCinx()
    cinx.on("GET", PLAIN, frame([row()]), NO_CALL)
    cinx.on("GET", COMPANY, frame([row(500, "x")]))
    client = cinx.client()
    assert client.job("J1").state is JobState.PROCESSED
    assert client.job("J1").state is JobState.FAILED


def test_an_unknown_job_keeps_the_address_that_is_known_to_work() -> None:
    cinx = FakeCinx()
    cinx.on("GET", PLAIN, frame([row()]), UNKNOWN)
    client = cinx.client()
    client.job("J1")
    assert client.job("J1").state is JobState.UNKNOWN
    assert cinx.sent(COMPANY) == []


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (answer("x", 401), TenantBlocked),
        (frame([], 401, "Unauthorized"), TenantBlocked),
        (answer("x", 429), Throttled),
        (frame([], 429, "slow down"), Throttled),
        (answer("down", 502), Unavailable),
        (frame([], 503, "down"), Unavailable),
        (answer(b"<html>"), Unavailable),
        (httpx.ReadTimeout("x"), Unavailable),
    ],
)
def test_trouble_is_a_failure_and_no_state(reply: Reply, failure: type[CallFailure]) -> None:
    with pytest.raises(failure):
        read_state(reply, reply)


def test_where_neither_address_exists_the_failure_says_so() -> None:
    with pytest.raises(Denied):
        read_state(NO_CALL, NO_CALL)


def test_a_job_id_cannot_leave_its_place_in_the_address() -> None:
    cinx = FakeCinx()
    with pytest.raises(Denied):
        cinx.client().job("../../2.0/subs?x=1")
    raw = [request.url.raw_path.decode() for request in cinx.requests if request.url.raw_path.startswith(b"/1.0")]
    assert all("%2F" in path and "?" not in path for path in raw)
    assert raw


def test_what_a_job_says_is_short() -> None:
    cinx = FakeCinx()
    cinx.on("GET", PLAIN, frame([row(500, LONG_TEXT, command_started_at=LONG_TEXT)]))
    job = cinx.client().job("J1")
    assert job.state is JobState.FAILED
    assert len(job.message) + len(job.started_at or "") < 10_000
