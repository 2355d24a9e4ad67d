"""``/livez``, ``/readyz`` and ``/metrics`` over HTTP.

Liveness is the age of each stage's last turn and nothing else: a remote system or a broker that
cannot be reached is no reason to restart a process that waits for it.
"""

from __future__ import annotations

import errno
import json
import socket
import socketserver
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from relay.domain.failures import Fatal
from relay.engine.telemetry import events
from relay.engine.telemetry.health import Health

_log = structlog.get_logger(__name__)

_Answer = tuple[HTTPStatus, str, bytes]


class TelemetryServer:
    """Serves until closed, on a daemon thread. Port 0 takes a free one; ``port`` says which.

    ``address`` is one of this machine, IPv4 or IPv6; ``::`` is every one of both kinds, as far as the machine
    has them. Raises ``Fatal`` if it cannot be listened on.
    """

    def __init__(self, health: Health, registry: CollectorRegistry, *, port: int, address: str = "127.0.0.1") -> None:
        self._health = health
        self._registry = registry
        try:
            self._server = _listening(address, port, self._handler())
        except (OSError, UnicodeError) as error:  # The latter for a name that cannot be one.
            taken = isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EACCES)
            advice = (
                "COR_METRICS_PORT to a free port, or to 0"
                if taken
                else "COR_METRICS_ADDRESS to an address of this machine, such as 127.0.0.1, 0.0.0.0 or ::"
            )
            raise Fatal(f"address {address}, port {port} cannot be listened on ({error}); set {advice}") from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="telemetry", daemon=True)
        self._thread.start()
        _log.info(events.TELEMETRY_SERVED, address=address, port=self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Serves no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            timeout = 10  # A connection that says nothing must not keep its thread.

            def send_response(self, code: int, message: str | None = None) -> None:
                """Without the base class's ``Server``: what runs here, and in which version, is nobody's business."""
                self.send_response_only(code, message)
                self.send_header("Date", self.date_time_string())

            def do_GET(self) -> None:
                status, kind, body = answer(self.path.partition("?")[0], self.headers.get("Accept", ""))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 - the base class looks the method up by this name

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
                """Probes every few seconds are not worth a line."""

        return Handler

    def _answer(self, path: str, accept: str) -> _Answer:
        if path == "/livez":
            return self._livez()
        if path == "/readyz":
            return self._readyz()
        if path == "/metrics":
            encoder, kind = choose_encoder(accept)
            return HTTPStatus.OK, kind, encoder(self._registry)
        return _json(HTTPStatus.NOT_FOUND, {"paths": ["/livez", "/readyz", "/metrics"]})

    def _livez(self) -> _Answer:
        stalled = self._health.stalled()
        ages = {name: round(age, 1) for name, age in self._health.ages().items()}
        return _json(_status(ok=not stalled), {"stalled": stalled, "seconds_since_last_turn": ages})

    def _readyz(self) -> _Answer:
        waiting = self._health.waiting()
        return _json(_status(ok=not waiting), {"waiting": waiting})


def _listening(address: str, port: int, handler: type[BaseHTTPRequestHandler]) -> _Server:
    """A server at ``address``, of the kind that it is. Raises ``OSError`` (names that do not resolve included)."""
    host = address[1:-1] if address.startswith("[") and address.endswith("]") else address
    family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    try:
        return _Server(family, place, handler)
    except OSError as error:
        # A machine without IPv6 has no "::"; what is meant by it, every address, it has all the same.
        if host != "::" or error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            raise
        return _Server(socket.AF_INET, ("0.0.0.0", port), handler)  # noqa: S104 - every address is what is asked for


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, family: socket.AddressFamily, place: Any, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = family
        super().__init__(place, handler)

    def server_bind(self) -> None:
        """Binds without the base class's look for a name of the address, which may wait for a name server."""
        if self.address_family == socket.AF_INET6:
            with suppress(OSError, AttributeError):  # A system that keeps the two apart serves IPv6 alone.
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A prober that hangs up is no event."""


def _status(*, ok: bool) -> HTTPStatus:
    return HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE


def _json(status: HTTPStatus, content: object) -> _Answer:
    return status, "application/json", json.dumps(content).encode()
