from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import pytest

from deploy.sandbox.process import Control


def test_connections_are_kept_alive(control: Control) -> None:
    parts = urlsplit(control.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        sockets = set()
        for _ in range(3):
            connection.request("GET", "/x")
            connection.getresponse().read()
            sockets.add(id(connection.sock))
        assert len(sockets) == 1
    finally:
        connection.close()


def test_every_value_of_a_repeated_parameter_is_seen(control: Control, caller: httpx.Client) -> None:
    answer = caller.get("/x", params={"filters[id][]": ["1", "2"], "blank": ""}).json()
    assert answer["query"] == [["filters[id][]", "1"], ["filters[id][]", "2"], ["blank", ""]]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_all_methods_reach_the_service(control: Control, caller: httpx.Client, method: str) -> None:
    assert caller.request(method, "/a%20b").status_code == 200
    assert control.state()["calls"] == [f"{method} /a b "]


def test_head_has_no_body(control: Control, caller: httpx.Client) -> None:
    answer = caller.head("/x")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_chunked_body_is_read(control: Control, caller: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"one "
        yield "zwölf".encode()

    assert caller.post("/x", content=pieces()).json()["body"] == "one zwölf"
    assert caller.get("/next").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"Authorization: Bea",
        b"Accept: */*\r\n",
        b"Content-Length: 4\r\n\r\n",
        b"Content-Length: 4\r\n\r\nbod",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nbo",
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n",
    ],
)
def test_a_request_that_is_cut_off_was_none(control: Control, sent: bytes) -> None:
    """As when the client is killed between its header and its body."""
    parts = urlsplit(control.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as client:
        client.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\n" + sent)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1000) == b""
    assert (control.history(), control.state()["calls"]) == ([], [])


def test_an_answer_is_compressed_for_those_who_accept_it(control: Control, caller: httpx.Client) -> None:
    assert caller.get("/zipped").headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in caller.get("/zipped", headers={"Accept-Encoding": "identity"}).headers
    assert "Content-Encoding" not in caller.get("/plain").headers


def test_the_date_header_follows_the_clock(control: Control, caller: httpx.Client) -> None:
    before = parsedate_to_datetime(caller.get("/x").headers["Date"])
    control.advance(86_400)
    after = parsedate_to_datetime(caller.get("/x").headers["Date"])
    assert (after - before).days == 1


def test_a_failure_of_the_simulator_itself_is_told_apart(control: Control, caller: httpx.Client) -> None:
    answer = caller.get("/broken")
    assert (answer.status_code, answer.headers["X-Sandbox-Error"]) == (500, "1")
    [row] = control.history()
    assert "ZeroDivisionError" in row["error"]


def test_a_client_that_asks_first_is_told_to_go_on(control: Control) -> None:
    parts = urlsplit(control.url)
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as client:
        client.sendall(head)
        assert client.recv(1000).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"body")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert control.state()["calls"] == ["POST /x body"]
