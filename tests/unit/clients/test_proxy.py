"""Real sockets: a proxy that is set is used, and the environment's is not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest

from relay.clients.http.hosts import Proxy, is_this_machine
from relay.clients.http.messages import Request, get
from relay.clients.http.remote import ClientOptions, RemoteHttp
from relay.clients.http.terms import CallTerms
from relay.domain.failures import Unavailable
from schemas.registry import Registry

FOREIGN = "http://remote.invalid"
"""A name that nobody knows: who gets an answer from there has asked a proxy."""


class Stub(ThreadingHTTPServer):
    """Answers every request, and keeps what was asked for."""

    daemon_threads = True

    def __init__(self, *, tunnel: bytes = b"") -> None:
        self.asked: list[str] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stub.asked.append(f"{self.command} {self.path}".rstrip("/"))
                body = b'{"compatibilityLevel": "BACKWARD"}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the base class looks the method up by this name

            def do_CONNECT(self) -> None:
                stub.asked.append(f"{self.command} {self.path}".rstrip("/"))
                self.wfile.write(tunnel)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


@pytest.fixture
def proxy() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """The environment names a proxy in every way that there is."""
    with Stub() as stub:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, stub.url)
            monkeypatch.setenv(name.lower(), stub.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        yield stub


def ask(url: str, proxy: Proxy | None, *, method: str = "GET") -> int:
    with RemoteHttp("cinx", url, ClientOptions(proxy=proxy, deadline=5, step=2)) as client:
        call = (
            get("/x", "look") if method == "GET" else Request(method=method, path="/x", operation="write", body=b"{}")
        )
        return client.exchange(call, CallTerms()).status


def test_the_proxy_of_the_environment_is_ignored_by_remotes_and_registry(environment: Stub) -> None:
    with Stub() as remote:
        assert ask(remote.url, None) == 200
        Registry(remote.url, username="relay", password="pass-word").check()
        with pytest.raises(Unavailable):
            ask(FOREIGN, None)
        assert remote.asked == ["GET /x", "GET /config"]
    assert environment.asked == []


def test_the_proxy_that_is_set_is_used_by_remotes_and_registry(proxy: Stub, environment: Stub) -> None:
    assert ask(FOREIGN, Proxy(proxy.url)) == 200
    Registry(FOREIGN, proxy=proxy.url).check()
    assert proxy.asked == [f"GET {FOREIGN}/x", f"GET {FOREIGN}/config"]
    assert environment.asked == []


def test_this_machine_is_not_asked_through_a_proxy(proxy: Stub) -> None:
    with Stub() as remote:
        assert ask(remote.url, Proxy(proxy.url)) == 200
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("address", "direct", "by_proxy"),
    [
        ("https://api.procore.com", (), True),
        ("http://registry.kafka.svc:8081", (".svc",), False),
        ("http://registry.kafka.svc:8081", ("svc",), True),
        ("http://Registry.Kafka:8081", ("registry.kafka",), False),
        ("https://notregistry.kafka", ("registry.kafka",), True),
        ("https://[2001:db8::7]:443/x", ("2001:db8::7",), False),
        ("http://[::1]:80", (), False),
    ],
)
def test_hosts_may_be_excepted_from_the_proxy(address: str, direct: tuple[str, ...], *, by_proxy: bool) -> None:
    assert Proxy("http://proxy", direct).url_for(address) == ("http://proxy" if by_proxy else None)


@pytest.mark.parametrize("tunnel", [b"", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", b"nonsense\r\n\r\n"])
def test_a_tunnel_that_is_not_made_has_sent_nothing(tunnel: bytes) -> None:
    with Stub(tunnel=tunnel) as proxy:
        with pytest.raises(Unavailable, match="nothing was sent"):
            ask("https://remote.invalid", Proxy(proxy.url), method="POST")
        assert proxy.asked == ["CONNECT remote.invalid:443"]


def test_a_proxy_that_is_away_has_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unavailable, match="nothing was sent"):
        ask(FOREIGN, Proxy(f"http://127.0.0.1:{port}"), method="POST")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.9", "::1", "localhost", "LOCALHOST"])
def test_what_is_this_machine_is_known(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host", ["128.0.0.1", "0.0.0.0", "::", "127.0.0.1.example", "localhost.example", "", "10.0.0.1"]
)
def test_what_is_another_machine_is_not_taken_for_this_one(host: str) -> None:
    assert not is_this_machine(host)


def test_a_remote_with_an_ipv6_address_is_asked() -> None:
    class OnIPv6(HTTPServer):
        address_family = socket.AF_INET6

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hosts.append(self.headers["Host"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    hosts: list[str] = []
    try:
        server = OnIPv6(("::1", 0), Handler)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert ask(f"http://[::1]:{server.server_port}", None) == 204
    assert hosts == [f"[::1]:{server.server_port}"]
