from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from operations.check.remotes import check_account
from operations.survey.calls import Calls
from relay.engine.configuration import ConstructionOnlineAccount, ProcoreAccount
from relay.engine.settings import Settings, read_settings
from tests.unit.clients.http.listener import Listener, send

SETTINGS = {"COR_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "COR_LARGEST_ANSWER": "1", "COR_HTTP_DEADLINE": "20"}


def account(url: str, folder: Path) -> ConstructionOnlineAccount:
    secret = folder / "secret"
    secret.write_text("secret-4711", encoding="utf-8")
    members = {"email": "a@b.example", "password_file": str(secret), "api_key_file": str(secret), "base_url": url}
    return ConstructionOnlineAccount.model_validate(members)


def settings() -> Settings:
    return read_settings(SETTINGS)


def unheard() -> Calls:
    """Of a command that has found no Kafka."""
    calls = Calls(100, lambda number, most, sent: None)
    calls.unheard = True
    return calls


def test_what_was_said_on_the_wire_is_shown_without_secrets(tmp_path: Path) -> None:
    body = b"HTTP/1.1 503 Gone Fishing\r\nContent-Length: 20\r\n\r\n  with  secret-4711 "
    listener = Listener(send([body]))
    result = check_account("constructiononline:acme", account(listener.url, tmp_path), settings(), unheard())
    listener.close()
    assert not result.ok
    (exchange,) = result.exchanges
    assert exchange.sent.startswith(f"GET {listener.url}/Projects?")
    assert exchange.answer == "503 Gone Fishing: with [secret]"


def test_an_answer_without_end_is_refused_at_the_limit_that_the_stages_have(tmp_path: Path) -> None:
    sent = 0

    def stream(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(OSError):
            while sent < 100_000_000:
                connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
                sent += 0x10000

    listener = Listener(stream)
    result = check_account("constructiononline:acme", account(listener.url, tmp_path), settings(), unheard())
    listener.close()
    assert "COR_LARGEST_ANSWER" in result.said
    assert sent < 20_000_000, "at most what the sockets hold beyond one MiB"
    assert [exchange.answer for exchange in result.exchanges] == ["no answer"]


@pytest.mark.parametrize(
    ("api", "login", "named"),
    [
        ("https", "https", []),
        ("http", "https", ["api_url"]),
        ("https", "http", ["login_url"]),
        ("http", "http", ["api_url", "login_url"]),
    ],
)
def test_credentials_that_everybody_can_read_are_told_of_each_address(
    tmp_path: Path, api: str, login: str, named: list[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret-4711", encoding="utf-8")
    members = {
        "allow_http": "true",
        "company_id": "4200",
        "client_id_file": str(secret),
        "client_secret_file": str(secret),
        "api_url": f"{api}://procore.invalid",
        "login_url": f"{login}://login.invalid",
    }
    said = check_account("procore:acme", ProcoreAccount.model_validate(members), settings(), unheard()).said
    assert [name for name in ("api_url", "login_url") if f"({name}: over http://" in said] == named
