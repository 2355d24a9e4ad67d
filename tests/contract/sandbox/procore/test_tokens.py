"""Tokens: every encoding of the request, their end, and what does not give one."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from deploy.sandbox.process import Simulated
from tests.contract.sandbox.procore.calls import CLIENT, GRANT, Api

BASIC = base64.b64encode(b"sandbox-client:sandbox-secret").decode()

ENCODINGS: dict[str, dict[str, Any]] = {
    "json": {"json": GRANT},
    "form": {"data": GRANT},
    "multipart": {"files": {name: (None, value) for name, value in GRANT.items()}},
    "basic": {"data": {"grant_type": "client_credentials"}, "headers": {"Authorization": f"Basic {BASIC}"}},
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_client_credentials_are_taken_in_every_encoding_that_clients_use(anyone: httpx.Client, encoding: str) -> None:
    answer = anyone.post("/oauth/token", **ENCODINGS[encoding])
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 5400)
    assert "refresh_token" not in body
    assert isinstance(body["created_at"], int)


@pytest.mark.parametrize("wrong", [{"client_secret": "x"}, {"client_id": "x"}, {"client_secret": ""}])
def test_wrong_credentials_are_invalid_client(anyone: httpx.Client, wrong: dict[str, str]) -> None:
    answer = anyone.post("/oauth/token", json={**GRANT, **wrong})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_unknown_grant_type_is_refused(anyone: httpx.Client) -> None:
    answer = anyone.post("/oauth/token", json={**GRANT, "grant_type": "password"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_refused_credentials_are_accepted_again_after_the_rotation(anyone: httpx.Client, procore: Simulated) -> None:
    procore.people("refuse_credentials")
    assert anyone.post("/oauth/token", json=GRANT).status_code == 401
    procore.people("refuse_credentials", refused=False)
    assert anyone.post("/oauth/token", json=GRANT).status_code == 200


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic " + BASIC, "Token x"])
def test_a_call_without_a_living_token_is_401(api: Api, header: str | None) -> None:
    del api.client.headers["Authorization"]
    if header:
        api.client.headers["Authorization"] = header
    answer = api.send("GET", "me")
    assert (answer.status_code, answer.json()) == (401, {"errors": "The access token is invalid"})


def test_a_token_ends_when_its_time_is_over(api: Api) -> None:
    api.sandbox.advance(5390)
    assert api.send("GET", "me").status_code == 200
    api.sandbox.advance(11)
    assert api.send("GET", "me").status_code == 401
    api.renew()
    assert api.send("GET", "me").status_code == 200


def test_the_lifetime_is_a_setting(api: Api) -> None:
    api.sandbox.settings(token_seconds=60)
    api.renew()
    api.sandbox.advance(61)
    assert api.send("GET", "me").status_code == 401


def test_all_tokens_can_end_in_the_middle_of_a_run(api: Api) -> None:
    assert api.sandbox.people("expire_tokens")["ended"] == 1
    assert api.send("GET", "me").status_code == 401


def test_token_info_tells_the_owner_and_what_is_left(api: Api) -> None:
    api.sandbox.advance(400)
    info = api.client.get("/oauth/token/info").json()
    assert info["resource_owner_id"] == 9000
    assert 4900 <= info["expires_in_seconds"] <= 5000
    assert info["application"] == {"uid": "sandbox-client"}


def test_revocation_ends_a_token_and_does_not_mind_unknown_ones(api: Api) -> None:
    token = api.client.headers["Authorization"].split()[1]
    assert api.client.post("/oauth/revoke", json={**CLIENT, "token": "unknown"}).status_code == 200
    assert api.send("GET", "me").status_code == 200
    assert api.client.post("/oauth/revoke", json={**CLIENT, "token": token}).status_code == 200
    assert api.send("GET", "me").status_code == 401


def test_a_code_works_once_and_a_refresh_token_once(anyone: httpx.Client, procore: Simulated) -> None:
    code = procore.people("authorize")["code"]
    form = {**CLIENT, "grant_type": "authorization_code", "code": code, "redirect_uri": "urn:ietf:wg:oauth:2.0:oob"}
    first = anyone.post("/oauth/token", data=form).json()
    assert anyone.post("/oauth/token", data=form).json()["error"] == "invalid_grant"
    refresh = {**CLIENT, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = anyone.post("/oauth/token", data=refresh).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert anyone.post("/oauth/token", data=refresh).status_code == 401
    assert anyone.get("/rest/v1.0/me", headers={"Authorization": f"Bearer {second['access_token']}"}).status_code == 200


def test_neither_secret_nor_tokens_are_in_the_history(api: Api) -> None:
    token = api.client.headers["Authorization"].split()[1]
    api.send("GET", "me")
    told = str(api.sandbox.history())
    assert token not in told
    assert "sandbox-secret" not in told
