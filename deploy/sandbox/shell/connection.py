"""The two ends of an answer: bytes on the wire, and connections that end before their time."""

from __future__ import annotations

import gzip
import os
import socket
import struct
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import BinaryIO

from deploy.sandbox.shell.exchange import Answer, Call

REASONS = {status.value: status.phrase for status in HTTPStatus}


class Connection:
    """One client's connection for one request; whoever ends it early says so in ``ended``.

    ``note`` is told whether the whole answer goes out, before the last byte does or the connection
    ends: what a client has seen must already be on record.
    """

    def __init__(
        self, sock: socket.socket, out: BinaryIO, now: Callable[[], datetime], note: Callable[[bool], None]
    ) -> None:
        self._socket = sock
        self._out = out
        self._now = now
        self._note = note
        self.ended = False

    def send(self, call: Call, answer: Answer) -> None:
        """Sends a whole answer, if somebody is there to take it."""
        head, body = self._encoded(call, answer)
        self.send_last(head + body)

    def send_last(self, data: bytes) -> None:
        """Sends the bytes that complete an answer."""
        here = not self._left()
        self._note(here)
        if here and not self.write(data):
            self._note(False)

    def send_half(self, call: Call, answer: Answer) -> None:
        """Sends the head, which promises the whole body, and half of the body."""
        head, body = self._encoded(call, answer)
        self.write(head + body[: len(body) // 2])

    def pieces(self, call: Call, answer: Answer, size: int) -> list[bytes]:
        """The answer's bytes in pieces; the head is one of its own."""
        head, body = self._encoded(call, answer)
        return [head, *(body[at : at + size] for at in range(0, len(body), size))]

    def write(self, data: bytes) -> bool:
        """Sends bytes now; whether that was possible."""
        try:
            self._out.write(data)
            self._out.flush()
        except (OSError, ValueError):
            self.ended = True
            return False
        return True

    def end(self, how: str) -> None:
        """Ends the connection: in good order (``close``) or with a reset."""
        self._note(False)
        if not self.ended and how == "reset":
            self._reset()
        self.ended = True

    def _reset(self) -> None:
        """Closes the descriptor itself, lingering for no time, which is what sends a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self._socket.detach())

    def _left(self) -> bool:
        """Whether the client has closed its end."""
        try:
            return self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _encoded(self, call: Call, answer: Answer) -> tuple[bytes, bytes]:
        body, headers = answer.content, {"Date": format_datetime(self._now(), usegmt=True), **answer.headers}
        if answer.gzip and body and "gzip" in call.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        return head, b"" if call.method == "HEAD" or answer.status in (204, 304) else body
