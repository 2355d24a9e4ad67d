"""A remote that answers as a simulated one does, and spoils many of its answers.

What an answer becomes is drawn from a seed and from the corpus in :mod:`tests.hostile_answers`.
"""

from __future__ import annotations

import gzip
import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import urlsplit

from tests.hostile_answers import ANSWERS, CODINGS, HEADER_NAMES, HEADER_VALUES, SIZES, STATUSES, TOKENS, UNITS

_VALUE = re.compile(rb'(?<=":)\s?("(?:[^"\\]|\\.)*"|-?[0-9.eE+-]+|true|false|null)')
_NAME = re.compile(rb'"(\w+)":')
_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "server", "date"})
_SPOILT_OF_TEN = 4
_ASKS_TO_WAIT = (429, 503)
_WAITS = ("retry-after", "x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")
_LOGINS = ("/oauth/token", "/users/login", "/subs")


@dataclass
class Answer:
    """What goes over the wire; ``length`` is stated where it is not the body's own."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    length: int | None = None


@dataclass
class Spoiler:
    """Draws what becomes of each answer. Thread-safe."""

    seed: int
    honest: bool = False
    spoilt: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)
        self._lock = threading.Lock()
        self._ways = [
            self._odd_value,
            self._odd_value,
            self._odd_name,
            self._other_answer,
            self._page,
            self._odd_headers,
            self._compressed,
            self._cut,
            self._other_status,
        ]

    def made_of(self, path: str, answer: Answer) -> Answer:
        """The answer as it goes out."""
        with self._lock:
            chance = self._chance
            # Without a login there is nothing behind it that could be spoilt.
            share = 1 if any(login in path for login in _LOGINS) else _SPOILT_OF_TEN
            if self.honest or chance.randrange(10) >= share:
                return answer
            way = chance.choice(self._ways)
            name = way.__name__.strip("_")
            self.spoilt[name] = self.spoilt.get(name, 0) + 1
            return _soon_over(way(answer))

    def _odd_value(self, answer: Answer) -> Answer:
        for _ in range(self._chance.randint(1, 3)):
            places = list(_VALUE.finditer(answer.body))
            if places:
                start, end = self._chance.choice(places).span(1)
                token = self._chance.choice(TOKENS).encode("utf-8", "surrogatepass")
                answer.body = answer.body[:start] + token + answer.body[end:]
        return answer

    def _odd_name(self, answer: Answer) -> Answer:
        places = list(_NAME.finditer(answer.body))
        if places:
            start, end = self._chance.choice(places).span(1)
            answer.body = (
                answer.body[:start] + self._chance.choice([b"", b"id", b"\\ud83d", b"x" * 9000]) + answer.body[end:]
            )
        return answer

    def _other_answer(self, answer: Answer) -> Answer:
        status, headers, body = self._chance.choice(ANSWERS)
        return Answer(status, list(headers.items()), body)

    def _page(self, answer: Answer) -> Answer:
        unit, size = self._chance.choice(UNITS), self._chance.choice(SIZES)
        return Answer(self._chance.choice(STATUSES), answer.headers, unit * (size // len(unit)))

    def _odd_headers(self, answer: Answer) -> Answer:
        for _ in range(self._chance.randint(1, 3)):
            answer.headers.append((self._chance.choice(HEADER_NAMES), self._chance.choice(HEADER_VALUES)))
        return answer

    def _compressed(self, answer: Answer) -> Answer:
        coding = self._chance.choice(CODINGS)
        body = gzip.compress(answer.body * self._chance.choice([1, 1, 20_000 // (len(answer.body) + 1) + 1]), 1)
        if self._chance.random() < 0.5:
            body = gzip.compress(bytes(48 * 1024 * 1024), 9)
        return Answer(answer.status, [*answer.headers, ("Content-Encoding", coding)], body)

    def _cut(self, answer: Answer) -> Answer:
        at = self._chance.randint(0, len(answer.body))
        return Answer(
            answer.status, answer.headers, answer.body[:at], length=len(answer.body) + self._chance.choice([0, 9])
        )

    def _other_status(self, answer: Answer) -> Answer:
        answer.status = self._chance.choice(STATUSES)
        return answer


def _soon_over(answer: Answer) -> Answer:
    """The answer without what makes the account wait for an hour, in which nothing else could be spoilt."""
    answer.headers = [(name, value) for name, value in answer.headers if name.lower() not in _WAITS]
    if answer.status in _ASKS_TO_WAIT:
        answer.headers.append(("Retry-After", "1"))
    return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle of a large page is right to."""


@contextmanager
def hostile_remote(upstream: str, spoiler: Spoiler) -> Iterator[str]:
    """The address of a remote that asks ``upstream`` and spoils what it says; for the length of the block."""
    place = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            sent = {
                name: value for name, value in self.headers.items() if name.lower() not in ("host", "accept-encoding")
            }
            connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
            try:
                connection.request(self.command, self.path, body, sent)
                got = connection.getresponse()
                headers = [(name, value) for name, value in got.getheaders() if name.lower() not in _HOP]
                answer = spoiler.made_of(self.path, Answer(got.status, headers, got.read()))
            finally:
                connection.close()
            self._send(answer)

        def _send(self, answer: Answer) -> None:
            lines = [f"HTTP/1.1 {answer.status} -", *(f"{name}: {value}" for name, value in answer.headers)]
            lines += [
                f"Content-Length: {len(answer.body) if answer.length is None else answer.length}",
                "Connection: close",
            ]
            with suppress(OSError):
                self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + answer.body)
            self.close_connection = True

        def __getattr__(self, name: str) -> Any:
            """Every method is passed on; the base class looks for ``do_GET`` and its like."""
            if name.startswith("do_"):
                return self._pass_on
            raise AttributeError(name)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
            """The relay's log says enough."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
