"""Imports as jobs: what an import answers immediately, and what became of it.

Source: CINX API docs, "Introduction" (PUT/POST Processing), "Jobs". No sample of the immediate
answer exists, so the job's id is taken from every place that the texts and the related sample hint
at; a job that is not finished has no documented shape, so whatever is not final counts as pending.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from relay.clients.cinx.envelope import Envelope
from relay.clients.cinx.records import LONGEST_ID
from relay.clients.native_json.values import Members

_UPLOAD = "PIG-UPLOAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAnswer:
    """What an import answers: the id of its job, or where it was synchronous the guid of what it made.

    ``failure``: it was to be synchronous, and CINX says, in these words, that it has failed.
    """

    job_id: str | None = None
    guid: str | None = None
    kind: str | None = None
    failure: str | None = None


class JobState(StrEnum):
    """``unknown``: CINX does not know the id. It says nothing about what was made."""

    PROCESSED = "processed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as its status call shows it; it never names what was made nor why it failed."""

    state: JobState
    message: str
    started_at: str | None = None


def read_import_answer(body: Any) -> ImportAnswer | None:
    """Reads the JSON of the immediate answer; ``None`` where it names neither a job nor a record."""
    if not isinstance(body, dict):
        return None
    top = Members(body)
    (first, *_) = (*top.each("rows"), Members({}))
    for place in (top, top.inner("response"), first):
        if job := _id(place, "job_id"):
            return ImportAnswer(job_id=job)
    return _from_id(first.inner("cinx_id"), first) or _from_id(top.inner("cinx_id"), top)


def _from_id(named: Members, row: Members) -> ImportAnswer | None:
    number, kind = _id(named, "id"), named.label("type")
    if number and (kind == _UPLOAD or named.text("domain") == "pig"):
        return ImportAnswer(job_id=number)
    guid = number or _id(row, "cinx_guid")
    return ImportAnswer(guid=guid.lower(), kind=kind) if guid else None


def _id(members: Members, name: str) -> str | None:
    """An id, as the intent keeps it; one of any length is none."""
    text = members.text(name)
    return text if text is not None and len(text) <= LONGEST_ID else None


def read_job(envelope: Envelope) -> Job:
    """Reads the status call's envelope, whose own code is 200 or means an unknown job."""
    rows: Iterator[Members] = (Members(row.data) for row in envelope.rows)
    first = next(rows, None)
    if first is None:
        is_known = 200 <= envelope.code < 300
        return Job(state=JobState.PENDING if is_known else JobState.UNKNOWN, message=envelope.message)
    message = first.text("status_message", "message") or ""
    return Job(
        state=_state(first.number("status_code"), message),
        message=message,
        started_at=first.label("command_started_at"),
    )


def _state(code: int | None, message: str) -> JobState:
    if code == 200 and message.strip().lower() == "processed":
        return JobState.PROCESSED
    return JobState.FAILED if code == 500 else JobState.PENDING
