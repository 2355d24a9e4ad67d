"""HTTP/1.1, on 127.0.0.1 unless told otherwise: one thread per connection, connections kept alive."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qsl, unquote

from deploy.sandbox.shell.connection import Connection
from deploy.sandbox.shell.control import PREFIX, Control
from deploy.sandbox.shell.exchange import Call
from deploy.sandbox.shell.misbehaviour import DEEDS, Victim
from deploy.sandbox.shell.simulator import Simulator

HOST = "127.0.0.1"


class Handler(BaseHTTPRequestHandler):
    """Reads a request, and has it answered by the control API, a fault, or the service."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def serve(self) -> None:
        """One request of whatever method."""
        call = self._call()
        if call.path == PREFIX or call.path.startswith(PREFIX + "/"):
            self._connection(lambda answered: None).send(call, self.server.control.answer(call))
        else:
            self._remote(call)

    # The base class looks for these names.
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve  # noqa: N815

    def _remote(self, call: Call) -> None:
        simulator = self.server.simulator
        entry = simulator.receive(call)
        fault = simulator.faults.take(call)
        connection = self._connection(lambda answered: simulator.history.finish(entry, answered))
        if fault is None:
            connection.send(call, simulator.apply(entry))
        else:
            simulator.history.faulty(entry, fault.kind, fault.id)
            DEEDS[fault.kind](Victim(simulator, connection, entry, fault))
        self.close_connection = self.close_connection or connection.ended

    def _connection(self, note: Callable[[bool], None]) -> Connection:
        return Connection(self.connection, cast(BinaryIO, self.wfile), self.server.simulator.clock, note)

    def parse_request(self) -> bool:
        """As the base class does, of a head that came whole: to that, the end of the stream is as good as its end."""
        head = [self._line()]
        while head[-1].strip():
            head.append(self._line())
        stream, self.rfile = self.rfile, BytesIO(b"".join(head))
        try:
            return super().parse_request()
        finally:
            self.rfile = stream

    def handle_expect_100(self) -> bool:
        """The client waits for this line before it sends its body."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def _call(self) -> Call:
        path, _, query = self.path.partition("?")
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Call(self.command, unquote(path), pairs, headers, self._body(headers), self.path)

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        return self._whole(int(headers.get("content-length", "0") or 0))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._line().split(b";")[0], 16):
            yield self._whole(size)
            self._line()
        while self._line().strip():
            pass

    def _whole(self, size: int) -> bytes:
        """So many bytes. Whoever went away before has asked nothing: neither service nor history hears of it."""
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionAbortedError(f"the request ended after {len(body)} of {size} bytes")
        return body

    def _line(self) -> bytes:
        line = self.rfile.readline()
        if not line.endswith(b"\n"):
            raise ConnectionAbortedError("the request ended within its head or its chunks")
        return line

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
        """The history is the log."""


class Server(ThreadingHTTPServer):
    """Serves one simulator."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, simulator: Simulator, port: int = 0, host: str = HOST) -> None:
        super().__init__((host, port), Handler)
        self._host = host
        self.simulator = simulator
        self.control = Control(simulator)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self.server_port}"

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        """A client that goes away is nothing to report; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@contextmanager
def running(server: Server) -> Iterator[str]:
    """Serves in a thread of its own until the block ends; yields the address."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
