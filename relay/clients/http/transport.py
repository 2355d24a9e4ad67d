"""The wire under httpx: one deadline for everything, and a send window that cannot be missed.

httpx limits each socket operation, not a call: a remote that drips one byte per minute holds a
thread for ever. Here every operation gets what is left of the call's time.

What stays outside: the operating system's name resolution has time limits of its own. It
happens before anything is sent, and nothing is sent after the deadline.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpcore
import httpx

_PIECE = 65_536  # So that the time that is left is looked at often while a large body is sent.

_TO_THE_PROXY = b"CONNECT "

OWN_CONNECTION = "alone"
"""The extension of a request that shares its connection with no other."""

_FAILURES: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ProxyError, httpx.ProxyError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
)


@dataclass(slots=True)
class InFlightRequest:
    """One request on its way through the wire. Belongs to the thread that sends it.

    ``deadline`` and ``not_after`` are moments on ``clock``. ``sent`` says whether the first
    byte of the request may have left; while it is false nothing can have been applied. ``reused_connection``: it
    goes over a connection that has served another request; ``answer_started``: a byte of an answer has come.
    """

    deadline: float
    not_after: float | None
    clock: Callable[[], float]
    sent: bool = False
    reused_connection: bool = False
    answer_started: bool = False

    def left(self, most: float | None) -> float | None:
        """Seconds for the next operation, at most ``most``, or ``None`` where the time is up."""
        left = self.deadline - self.clock()
        if left <= 0:
            return None
        return left if most is None else min(left, most)

    def window_closed(self) -> bool:
        """Whether the request, not yet begun, may no longer go out."""
        return not self.sent and self.not_after is not None and self.clock() > self.not_after


_in_flight: ContextVar[InFlightRequest | None] = ContextVar("in_flight", default=None)


@contextlib.contextmanager
def underway(request: InFlightRequest) -> Iterator[InFlightRequest]:
    """Gives the socket operations of this thread to ``request`` until the block ends."""
    token = _in_flight.set(request)
    try:
        yield request
    finally:
        _in_flight.reset(token)


def mark_sent() -> None:
    """Notes that a byte of this thread's request may have left, for a transport that has no sockets."""
    request = _in_flight.get()
    if request is not None:
        request.sent = True


class DeadlineTransport(httpx.BaseTransport):
    """Connections that are kept for ``keepalive_expiry`` seconds and watch the time of the request in flight.

    A short expiry avoids most requests that die on a connection which the remote has just
    closed: whether such a request was applied is unknown. One with the extension :data:`OWN_CONNECTION`
    never meets that: its connection is made for it, and not kept.

    ``proxy``: the address of an HTTP proxy that connections are made by. The environment is not asked for one.
    """

    def __init__(
        self,
        *,
        connections: int = 16,
        keepalive_expiry: float = 15.0,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        context = ssl_context or httpx.create_ssl_context()
        self._kept = _pool(context, connections, kept=connections, keepalive_expiry=keepalive_expiry, proxy=proxy)
        self._single = _pool(context, connections, kept=0, keepalive_expiry=keepalive_expiry, proxy=proxy)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends the request and reads the head of its answer. Raises httpx's exceptions."""
        wired = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _in_terms_of_httpx():
            answer = self._send(
                wired,
                repeatable=request.method == "GET",
                own_connection=bool(request.extensions.get(OWN_CONNECTION)),
            )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def _send(self, wired: httpcore.Request, *, repeatable: bool, own_connection: bool) -> httpcore.Response:
        """Sends the request; one that reads and died on a kept connection before it was answered goes out once more.

        The remote has closed the connection just then (RFC 9110, "Idempotent Methods", and RFC 9112, "Persistence").
        """
        if own_connection:
            return self._single.handle_request(wired)
        try:
            return self._kept.handle_request(wired)
        except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError):
            in_flight = _in_flight.get()
            if not repeatable or in_flight is None or not in_flight.reused_connection or in_flight.answer_started:
                raise
        return self._single.handle_request(wired)

    def close(self) -> None:
        """Closes every connection."""
        self._kept.close()
        self._single.close()


def _pool(
    context: ssl.SSLContext, connections: int, *, kept: int, keepalive_expiry: float, proxy: str | None
) -> httpcore.ConnectionPool:
    pool = httpcore.ConnectionPool if proxy is None else partial(httpcore.HTTPProxy, proxy)
    return pool(
        ssl_context=context,
        max_connections=connections,
        max_keepalive_connections=kept,
        keepalive_expiry=keepalive_expiry,
        network_backend=_Backend(),
    )


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _in_terms_of_httpx():
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


@contextlib.contextmanager
def _in_terms_of_httpx() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        for theirs, ours in _FAILURES:
            if isinstance(error, theirs):
                raise ours(str(error)) from error
        raise


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(
            self._sockets.connect_tcp(
                host,
                port,
                timeout=_time_left(timeout, httpcore.ConnectTimeout),
                local_address=local_address,
                socket_options=socket_options,
            )
        )


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._first: InFlightRequest | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        piece = self._stream.read(max_bytes, _time_left(timeout, httpcore.ReadTimeout))
        request = _in_flight.get()
        if piece and request is not None:
            request.answer_started = True
        return piece

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        request = _in_flight.get()
        if request is not None:
            if request.window_closed():
                raise httpcore.ConnectTimeout("the send window has closed")
            _time_left(timeout, httpcore.WriteTimeout if request.sent else httpcore.ConnectTimeout)
            # What asks a proxy for a way to the remote is no part of the request, which is encrypted and follows.
            if request.sent or (buffer and not buffer.startswith(_TO_THE_PROXY)):
                request.sent = True
                self._first = self._first or request
                request.reused_connection = self._first is not request
        for start in range(0, len(buffer), _PIECE):
            piece = buffer[start : start + _PIECE]
            self._stream.write(piece, _time_left(timeout, httpcore.WriteTimeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _time_left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


def _time_left(most: float | None, late: type[Exception]) -> float | None:
    request = _in_flight.get()
    if request is None:
        return most
    left = request.left(most)
    if left is None:
        raise late("the time for the whole call is up")
    return left
