"""The frame around CINX's rows, and the three places where it says that something failed.

Source: CINX API docs, "Introduction" (older sample) and "Jobs" (newer). The HTTP status line, the
envelope's ``response.status_code`` and a row's own ``status_code`` may each disagree with the
others; which goes with which is not documented, so all three are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.clients.http.messages import Response
from relay.clients.native_json import json_text
from relay.clients.native_json.records import NativeRecord, member_records
from relay.clients.native_json.values import Members
from relay.domain.sources.native_values import number_of, text_of

_FAILED = 500
# "Failed to find a job with the given id of [GUID]" comes with 500, not with 404 ("Jobs").
_ABSENT_CODES = frozenset({400, 404, 410, 500})
_ABSENT = re.compile(r"\b(find|found|exists?|no such)\b|\bunknown (\w+ )?(gu)?id\b", re.IGNORECASE)
_NOT_THE_RECORD = re.compile(
    r"\b(users?|tokens?|services?|servers?|hosts?|pages?|templates?|company|companies|organi[sz]ations?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """``code`` and ``message`` are the envelope's own; ``extra`` holds what stands beside the rows."""

    code: int
    message: str
    rows: tuple[NativeRecord, ...]
    extra: Mapping[str, Any]

    @property
    def row_failure(self) -> tuple[int, str] | None:
        """Code and words of the first row that says of itself that it failed; 0 and 102 are no failures yet."""
        for row in self.rows:
            members = Members(row.data)
            code = members.number("status_code")
            if code is not None and code >= 300:
                return code, members.text("status_message", "message") or ""
        return None

    @property
    def says_failed(self) -> bool:
        """Whether CINX itself says that it failed, as of a job that ran and failed ("Jobs")."""
        row = self.row_failure
        return self.code == _FAILED or (row is not None and row[0] == _FAILED)

    @property
    def says_absent(self) -> bool:
        """Whether the envelope's error means that there is no such record.

        An unknown error, or a user or a service that is not found, says nothing about the record.
        """
        if self.rows or self.code not in _ABSENT_CODES or _NOT_THE_RECORD.search(self.message):
            return False
        return self.code == 404 or bool(_ABSENT.search(self.message))


def read_envelope(answer: Response) -> Envelope | None:
    """The envelope of an answer of any status; ``None`` where there is none.

    Raises ``ValueError`` where the body is an object whose rows are no objects.
    """
    try:
        body = json_text.parse(answer.body)
    except ValueError:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("response"), dict):
        return None
    meta = body["response"]
    code = number_of(meta.get("status_code"))
    return Envelope(
        code=200 if code is None else code,  # Samples show an empty "response" beside good rows.
        message=text_of(meta.get("message")) or "",
        rows=tuple(member_records(answer.body, "rows")),
        extra={**body, "response": meta},
    )
