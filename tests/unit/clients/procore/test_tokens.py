from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from structlog.testing import capture_logs

from relay.clients.http import log_events
from relay.clients.http.terms import CallTerms
from relay.clients.procore import ProcoreClient
from relay.domain.failures import Denied, TenantBlocked, Throttled, Unavailable
from tests.unit.clients.procore.fake_remote import BASE, CLIENT_ID, SECRET, TOKEN, FakeProcore, token
from tests.unit.clients.remote import CountingGovernor, answer

ME = f"{BASE}/me"


@pytest.fixture
def procore() -> FakeProcore:
    remote = FakeProcore()
    remote.on("GET", ME, answer({"id": 9001, "login": "svc@acme.example"}))
    return remote


def bearers(procore: FakeProcore) -> list[str]:
    return [one.headers["authorization"] for one in procore.sent(ME)]


def test_the_token_is_asked_for_at_the_login_host_with_the_credentials_in_the_body(procore: FakeProcore) -> None:
    procore.client().probe_tenant()
    (asked,) = procore.sent(TOKEN)
    assert asked.url.host == "login.test"
    assert parse_qs(asked.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": [CLIENT_ID],
        "client_secret": [SECRET],
    }
    assert procore.sent(ME)[0].url.host == "api.test"


def test_every_api_call_carries_the_company_and_the_token(procore: FakeProcore) -> None:
    client = procore.client()
    client.probe_tenant()
    assert procore.sent(ME)[0].headers["procore-company-id"] == str(2**40 + 4200)
    assert bearers(procore) == ["Bearer access-token-1"]


def test_one_token_serves_many_calls_and_is_renewed_before_it_expires(procore: FakeProcore) -> None:
    client = procore.client()
    client.probe_tenant()
    procore.clock.now += 5400 - 301
    client.probe_tenant()
    assert procore.tokens == 1
    procore.clock.now += 2
    client.probe_tenant()
    assert bearers(procore)[-1] == "Bearer access-token-2"


@pytest.mark.parametrize("lifetime", [60, "60", 60.0])
def test_a_short_lived_token_is_used_for_most_of_its_life(procore: FakeProcore, lifetime: Any) -> None:
    procore.on("POST", TOKEN, token(1, lifetime), token(2, lifetime))
    client = procore.client()
    client.probe_tenant()
    procore.clock.now += 53
    client.probe_tenant()
    procore.clock.now += 2
    client.probe_tenant()
    assert bearers(procore) == ["Bearer access-token-1"] * 2 + ["Bearer access-token-2"]


def test_without_a_stated_lifetime_the_documented_one_holds(procore: FakeProcore) -> None:
    procore.on("POST", TOKEN, token(1, None))
    client = procore.client()
    client.probe_tenant()
    procore.clock.now += 5000
    client.probe_tenant()
    assert len(procore.sent(TOKEN)) == 1


@pytest.mark.parametrize("trouble", [httpx.ConnectError("no"), answer("busy", 503), answer("x", 429)])
def test_a_login_host_in_trouble_fails_no_call_while_the_old_token_holds(
    procore: FakeProcore, trouble: httpx.Response | Exception
) -> None:
    procore.on("POST", TOKEN, token(1), trouble)
    client = procore.client()
    client.probe_tenant()
    procore.clock.now += 5400 - 200
    with capture_logs() as logs:
        client.probe_tenant()
        client.probe_tenant()
    assert len(procore.sent(TOKEN)) == 2
    assert [one["event"] for one in logs].count(log_events.TOKEN_RENEWAL_POSTPONED) == 1
    procore.clock.now += 31
    client.probe_tenant()
    assert len(procore.sent(TOKEN)) == 3
    procore.clock.now += 200
    with pytest.raises((Unavailable, Throttled)):
        client.probe_tenant()


def test_a_refused_token_is_replaced_once_and_the_call_repeated(procore: FakeProcore) -> None:
    procore.on("GET", ME, answer({"errors": "Unauthorized"}, 401), answer({"id": 1}))
    assert procore.client().probe_tenant().id == 1
    assert bearers(procore) == ["Bearer access-token-1", "Bearer access-token-2"]


def test_a_second_refusal_is_not_repeated(procore: FakeProcore) -> None:
    path = f"{BASE}/potential_change_orders/sync"
    procore.on("PATCH", path, answer({"errors": "Unauthorized"}, 401))
    with pytest.raises(Denied) as caught:
        procore.client().potential_change_orders.sync(315, 44021, [{"origin_id": "cor:a:b:1:main"}])
    assert caught.value.status == 401
    assert len(procore.sent(path)) == 2


def test_threads_share_one_renewal(procore: FakeProcore) -> None:
    asked = threading.Event()
    go = threading.Event()

    def slow(_: httpx.Request) -> httpx.Response:
        asked.set()
        go.wait(10)
        procore.tokens += 1
        return token(procore.tokens)  # type: ignore[no-any-return]

    procore.on("POST", TOKEN, slow)
    client = procore.client()
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(client.probe_tenant) for _ in range(8)]
        assert asked.wait(10)
        go.set()
        assert all(one.result(10).id == 9001 for one in calls)
    assert procore.tokens == 1


def test_threads_that_are_refused_together_renew_once(procore: FakeProcore) -> None:
    barrier = threading.Barrier(6)

    def by_token(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Bearer access-token-1":
            barrier.wait(10)
            return answer({"errors": "Unauthorized"}, 401)
        return answer({"id": 9001})

    procore.on("GET", ME, by_token)
    client = procore.client()
    with ThreadPoolExecutor(6) as pool:
        assert all(one.result(20).id == 9001 for one in [pool.submit(client.probe_tenant) for _ in range(6)])
    assert procore.tokens == 2


@pytest.mark.parametrize("status", [400, 401, 403, 422])
@pytest.mark.parametrize("body", [{"error": "invalid_client", "error_description": "Client authentication failed"}, {}])
def test_refused_credentials_block_the_tenant(procore: FakeProcore, status: int, body: Any) -> None:
    procore.on("POST", TOKEN, answer(body, status))
    with pytest.raises(TenantBlocked, match="client id or secret") as caught:
        procore.client().potential_change_orders.find(315)
    assert caught.value.status == status


@pytest.mark.parametrize("reply", [answer("", 404), httpx.Response(302, headers={"location": "https://else.test"})])
def test_a_wrong_login_address_blocks_the_tenant(procore: FakeProcore, reply: httpx.Response) -> None:
    procore.on("POST", TOKEN, reply)
    with pytest.raises(TenantBlocked, match="login URL"):
        procore.client().probe_tenant()


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"<html>login</html>"),
        answer({"token_type": "bearer"}),
        answer({"access_token": ""}),
        answer({"access_token": "two\nlines"}),
        answer({"access_token": "tö"}),
        answer([1]),
        answer("x", 500),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("cut"),
    ],
)
def test_a_token_answer_that_cannot_be_used_leaves_no_write_in_doubt(
    procore: FakeProcore, reply: httpx.Response | Exception
) -> None:
    procore.on("POST", TOKEN, reply)
    governor = CountingGovernor()
    governor.acquire(0)
    with pytest.raises(Unavailable):
        procore.client(governor).potential_change_orders.sync(
            1, 2, [{"origin_id": "x"}], terms=CallTerms(admitted=True)
        )
    assert (governor.taken, governor.given_back, governor.begun) == (1, 1, 0)


def test_a_secret_that_is_rotated_is_read_again(procore: FakeProcore) -> None:
    secrets = iter(["first-secret", "second-secret"])
    procore.on("GET", ME, answer("", 401), answer({"id": 1}))
    client = ProcoreClient(
        company_id=1,
        client_id=CLIENT_ID,
        client_secret=lambda: next(secrets),
        api_url="https://api.test",
        login_url="https://login.test",
        options=procore.options(),
    )
    client.probe_tenant()
    asked = [parse_qs(one.content.decode())["client_secret"] for one in procore.sent(TOKEN)]
    assert asked == [["first-secret"], ["second-secret"]]


def test_a_secret_that_cannot_be_read_blocks_the_tenant(procore: FakeProcore) -> None:
    def missing() -> str:
        raise FileNotFoundError(2, "No such file or directory", "/run/secrets/procore")

    client = ProcoreClient(
        company_id=1, client_id=CLIENT_ID, client_secret=missing, api_url="https://api.test", options=procore.options()
    )
    with pytest.raises(TenantBlocked, match="/run/secrets/procore"):
        client.probe_tenant()


@pytest.mark.parametrize("stated", ["1e400", "1e30", "-5", "0", '"soon"', "null", "86401", "9" * 5000])
def test_a_lifetime_beyond_reason_gives_way_to_the_documented_one(procore: FakeProcore, stated: str) -> None:
    body = f'{{"access_token": "access-token-1", "expires_in": {stated}}}'.encode()
    procore.on("POST", TOKEN, answer(body if stated != "NaN" else body.replace(b"null", b"null")))
    client = procore.client()
    with capture_logs() as logs:
        client.probe_tenant()
    (renewed,) = (log for log in logs if log["event"] == log_events.TOKEN_RENEWED)
    assert renewed["lifetime_seconds"] == 5400
