"""The two generations of the answer's frame around ``rows``.

Source: CINX API docs, "Introduction" (older sample) and "Jobs" (newer). ``total_count`` is 0 in
samples that have rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .settings import Settings

Row = dict[str, Any]

ELAPSED = 0.01
"""Seconds that an answer claims to have taken."""


class ApiError(Exception):
    """An answer that is an error: the envelope's status code and its sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Call:
    """What the newer envelope repeats of the request."""

    method: str
    uri: str


def envelope(
    call: Call,
    rows: list[Row],
    settings: Settings,
    now: datetime,
    status: int = 200,
    message: str = "OK",
    total: int | None = None,
) -> Row:
    """The answer around ``rows``; ``total`` is the number before paging."""
    truth = len(rows) if total is None else total
    meta: Row = {
        "status_code": status,
        "message": message,
        "record_count": len(rows),
        "total_count": truth if settings.total_count == "true" else 0,
    }
    started = round(now.timestamp(), 4)
    if settings.envelope == "old":
        meta.update(server_response_time=ELAPSED, total_elapsed_time=ELAPSED)
        return {"start_time": started, "response": meta, "rows": rows}
    meta = {
        "start_time": started,
        **meta,
        "total_time": ELAPSED,
        "method": call.method,
        "uri": call.uri,
        "format": "json",
    }
    return {"response": meta, "rows": rows}
