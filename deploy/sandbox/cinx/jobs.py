"""Import jobs: queued, then processed or failed, and what their status answer tells.

Source: CINX API docs, "Jobs": the first row of the answer has 200 / Processed or 500 / Internal
Server Error, and never names the document or the reason. What it says before is not documented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .catalog import ORG, USER

Row = dict[str, Any]

QUEUED: Final = "queued"
PROCESSED: Final = "processed"
FAILED: Final = "failed"

OUTCOMES: Final = {PROCESSED: (200, "Processed"), FAILED: (500, "Internal Server Error")}


@dataclass
class Job:
    """One accepted POST or PUT. ``payload`` is the body as it came."""

    id: str
    method: str
    app: str
    payload: Any
    query: dict[str, str]
    submitted_at: datetime
    due_at: datetime
    state: str = QUEUED
    poco_guid: str | None = None
    reason: str | None = None
    """Why it failed; for tests only, no answer tells it."""

    @property
    def done(self) -> bool:
        """Whether it has run."""
        return self.state != QUEUED

    def dump(self) -> Row:
        """What a test judges by."""
        return {
            "job_id": self.id,
            "method": self.method,
            "state": self.state,
            "poco": self.poco_guid,
            "reason": self.reason,
            "submitted_at": self.submitted_at.isoformat(),
            "query": self.query,
            "payload": self.payload,
        }

    def row(self) -> Row:
        """The row of the status answer, without a status while it has not run."""
        outcome: Row = {}
        if self.state != QUEUED:
            code, message = OUTCOMES[self.state]
            outcome = {"status_code": code, "status_message": message}
        return {
            "app": self.app,
            "args": self._args(),
            "cinx_id": {"domain": "pig", "id": self.id, "type": "PIG-UPLOAD"},
            "command_started_at": self.submitted_at.strftime("%Y-%m-%d %H:%M:%SZ"),
            "file_count": 1,
            "partner": "cinx",
            **outcome,
        }

    def _args(self) -> Row:
        """The call's arguments, each wrapped in an array."""
        told = {name: [value] for name, value in self.query.items()}
        return {
            **told,
            "api_version": ["2.0"],
            "archive": [1],
            "org_name": ["WTS Mechanical"],
            "sub_id": [ORG],
            "user_id": [USER],
            "user_name": ["Will Stone"],
        }

    def pending_rows(self, shape: str) -> list[Row]:
        """The rows of the status answer before it ran, in the shape that the setting names."""
        if shape == "row_102":
            return [{**self.row(), "status_code": 102, "status_message": "Processing"}]
        if shape == "row_0":
            return [{**self.row(), "status_code": 0, "status_message": ""}]
        if shape == "row_200_queued":
            return [{**self.row(), "status_code": 200, "status_message": "Queued"}]
        if shape == "row_null_status":
            return [{**self.row(), "status_code": None, "status_message": None}]
        if shape == "row_without_status":
            return [self.row()]
        return []
