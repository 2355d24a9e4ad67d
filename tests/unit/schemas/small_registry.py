"""A small schema registry that says what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]


class SmallRegistry:
    """Subjects with versions, compatibility levels, and a record of every request."""

    def __init__(self) -> None:
        self.subjects: dict[str, list[int]] = {}
        self.schemas: dict[int, str] = {}
        self.levels: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.authorizations: list[str | None] = []
        self.instead: Answer | None = None
        self.refused: set[str] = set()

    def answer(self, method: str, path: str, body: Any) -> Answer:
        self.asked.append((method, path))
        if self.instead:
            return self.instead
        if path in self.refused:
            return 403, {"error_code": 403, "message": "not for you"}
        found: Answer = 404, {"error_code": 40403, "message": "not found"}
        match method, path.strip("/").split("/"):
            case "GET", ["config"]:
                found = 200, {"compatibilityLevel": "BACKWARD"}
            case "GET", ["config", subject]:
                found = 200, {"compatibilityLevel": self.levels[subject]}
            case "PUT", ["config", subject] if subject in self.subjects:
                self.levels[subject] = body["compatibility"]
                found = 200, body
            case "GET", ["subjects", subject, "versions"] if subject in self.subjects:
                found = 200, list(range(1, len(self.subjects[subject]) + 1))
            case "POST", ["subjects", subject, "versions"]:
                found = 200, {"id": self.add(subject, body["schema"])}
            case "POST", ["subjects", subject]:
                found = self._find(subject, body["schema"])
            case "GET", ["schemas", "ids", number] if int(number) in self.schemas:
                found = 200, {"schema": self.schemas[int(number)]}
        return found

    def add(self, subject: str, text: str) -> int:
        """Registers a schema. The same content has the same id in every subject, and is no new version of one."""
        alike = (number for number, known in self.schemas.items() if json.loads(known) == json.loads(text))
        number = next(alike, len(self.schemas) + 1)
        self.schemas.setdefault(number, text)
        versions = self.subjects.setdefault(subject, [])
        if number not in versions:
            versions.append(number)
        return number

    def _find(self, subject: str, text: str) -> Answer:
        for version, number in enumerate(self.subjects.get(subject, []), start=1):
            if json.loads(self.schemas[number]) == json.loads(text):
                return 200, {"subject": subject, "id": number, "version": version, "schema": text}
        return 404, {"error_code": 40403, "message": "Schema not found"}


@contextmanager
def listening(registry: SmallRegistry) -> Iterator[str]:
    """Its address, at which it answers."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            registry.authorizations.append(self.headers.get("Authorization"))
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, said = registry.answer(self.command, self.path, json.loads(sent or b"null"))
            spelt = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(spelt)))
            self.end_headers()
            self.wfile.write(spelt)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
