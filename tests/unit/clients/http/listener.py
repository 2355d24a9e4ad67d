"""A server on a real socket that does what a test says."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

Act = Callable[[socket.socket], None]


class Listener:
    """Takes connections one after the other and does ``act`` with each."""

    def __init__(self, act: Act) -> None:
        self._act = act
        self._ended = threading.Event()
        self.received: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                self.received.append(connection.recv(65536))
                self._act(connection)

    def close(self) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self._socket.getsockname(), 1).close()
        self._socket.close()
        self._thread.join(10)


def send(parts: list[bytes]) -> Act:
    def act(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return act
