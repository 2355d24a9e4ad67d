"""What the wire itself does, against a server that misbehaves on real sockets."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from relay.clients.http.clock import running_seconds
from relay.clients.http.messages import Request, Response
from relay.clients.http.remote import ClientOptions, RemoteHttp
from relay.clients.http.terms import CallTerms
from relay.domain.failures import Ambiguous, CallFailure, Rejected, Unavailable
from tests.unit.clients.http.listener import Act, Listener, send

READ = Request(method="GET", path="/x", operation="read", reading=True)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextlib.contextmanager
def remote(act: Act, **options: float) -> Iterator[tuple[RemoteHttp, Listener]]:
    listener = Listener(act)
    try:
        with RemoteHttp("procore", listener.url, ClientOptions(**{"deadline": 5.0, "step": 2.0, **options})) as client:  # type: ignore[arg-type]
            yield client, listener
    finally:
        listener.close()


def post() -> Request:
    return Request(method="POST", path="/x", operation="write", body=b"{}")


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


@pytest.mark.parametrize(
    "act",
    [
        send([]),
        send([b"HTTP/1.1 200 OK\r\n"]),
        send([b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}"]),
        send([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}"]),
        send([b"nonsense\r\n\r\n"]),
        send([b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"]),
        reset,
    ],
)
def test_an_answer_that_breaks_off_leaves_a_write_in_doubt_and_a_reading_free(act: Act) -> None:
    with remote(act) as (client, _):
        with pytest.raises(Ambiguous):
            client.exchange(post(), CallTerms())
        with pytest.raises(Unavailable):
            client.exchange(READ, CallTerms())


def test_a_refused_connection_is_certainly_not_applied() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with RemoteHttp("cinx", f"http://127.0.0.1:{port}", ClientOptions()) as client, pytest.raises(Unavailable):
        client.exchange(post(), CallTerms())


def test_a_name_without_an_address_is_certainly_not_applied() -> None:
    with (
        RemoteHttp("cinx", "http://no-such-host.invalid", ClientOptions(step=2.0)) as client,
        pytest.raises(Unavailable),
    ):
        client.exchange(post(), CallTerms())


def test_an_answer_that_drips_ends_with_the_deadline_of_the_whole_call() -> None:
    stop = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not stop.wait(0.02):
            connection.sendall(b" ")

    with remote(drip, deadline=2.0) as (client, _):
        with pytest.raises(Ambiguous, match="time"):
            client.exchange(post(), CallTerms())
        stop.set()


def test_nothing_is_sent_after_the_window_even_on_a_connection_that_is_open() -> None:
    with remote(send([OK])) as (client, listener):
        with pytest.raises(Unavailable, match="send window"):
            client.exchange(post(), CallTerms(not_after=running_seconds() - 0.01))
        assert listener.received == []
        assert client.exchange(post(), CallTerms(not_after=running_seconds() + 60)).json() == {}


def test_a_too_large_answer_leaves_a_write_in_doubt_and_refuses_a_reading() -> None:
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
    with remote(send([big]), largest_answer=1000) as (client, _):
        with pytest.raises(Ambiguous, match="larger"):
            client.exchange(post(), CallTerms())
        with pytest.raises(Rejected) as caught:
            client.exchange(READ, CallTerms())
        assert caught.value.reason == "procore.answer_too_large"


def gzipped(layers: int, size: int, status: bytes = b"200 OK") -> bytes:
    body = b" " * size
    for _ in range(layers):
        body = gzip.compress(body)
    coding = b", ".join([b"gzip"] * layers)
    head = b"HTTP/1.1 %s\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (status, coding, len(body))
    return head + body


def test_compression_of_compression_is_not_unfolded() -> None:
    with remote(send([gzipped(2, 64 * 1024 * 1024)]), largest_answer=1_000_000) as (client, _):
        with pytest.raises(Ambiguous, match="not asked for"):
            client.exchange(post(), CallTerms())
        tracemalloc.start()
        with pytest.raises(Unavailable, match="not asked for"):
            client.exchange(READ, CallTerms())
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        tracemalloc.stop()


def test_what_unfolds_beyond_the_limit_is_refused_while_it_unfolds() -> None:
    with remote(send([gzipped(1, 64 * 1024 * 1024)]), largest_answer=1_000_000) as (client, _):
        tracemalloc.start()
        with pytest.raises(Rejected) as caught:
            client.exchange(READ, CallTerms())
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        tracemalloc.stop()
        assert caught.value.reason == "procore.answer_too_large"
        assert "COR_LARGEST_ANSWER" in caught.value.message


@pytest.mark.parametrize("layers", [0, 1])
def test_of_an_error_page_only_the_beginning_is_read(layers: int) -> None:
    with remote(send([gzipped(layers, 3_000_000, b"500 Gone")])) as (client, _):
        answer = client.exchange(READ, CallTerms())
        assert (answer.status, len(answer.body)) == (500, 65_536)
        with pytest.raises(Unavailable):
            client.check(READ, answer)


def test_an_exchange_is_heard_with_its_answer_or_without() -> None:
    heard: list[tuple[str, int | None]] = []

    def listen(sent: str, answer: Response | None) -> None:
        heard.append((sent, answer.status if answer else None))

    listener = Listener(send([OK]))
    url = listener.url
    with RemoteHttp("cinx", url, ClientOptions(step=2.0, on_exchange=listen)) as client:
        client.exchange(replace(READ, query=(("a", "b c"),)), CallTerms())
        listener.close()
        with pytest.raises(Unavailable):
            client.exchange(replace(READ, own_connection=True), CallTerms())
    assert heard == [(f"GET {url}/x?a=b+c", 200), (f"GET {url}/x", None)]


def test_what_must_not_be_sent_twice_has_a_connection_of_its_own() -> None:
    """The listener closes each connection after its answer without saying so."""
    with remote(send([OK])) as (client, listener):
        for _ in range(20):
            assert client.exchange(READ, CallTerms()).status == 200, (
                "a look may die with its connection, and is repeated"
            )
            assert client.exchange(replace(post(), own_connection=True), CallTerms()).status == 200
        assert sum(request.startswith(b"POST") for request in listener.received) == 20


def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    moved = (
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/steal\r\n"
        b"Set-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    with remote(send([moved])) as (client, listener):
        for _ in range(2):
            answer = client.exchange(post(), CallTerms())
            with pytest.raises(Rejected, match="redirects") as caught:
                client.check(post(), answer)
            assert caught.value.reason == "procore.redirected"
        assert all(b"cookie" not in request.lower() for request in listener.received)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:80", "http://[::1"])
def test_an_impossible_address_is_refused_and_not_retried_for_ever(url: str) -> None:
    try:
        client = RemoteHttp("cinx", url, ClientOptions())
    except (CallFailure, ValueError):
        return
    with client, pytest.raises(CallFailure) as caught:
        client.exchange(post(), CallTerms())
    assert not isinstance(caught.value, Ambiguous)
