"""The Partner Integration Gateway: takes an import as a job, runs it when it is due.

Source: CINX API docs, "Introduction" (PUT/POST Processing) and "Jobs". Nothing here looks for
duplicates: the documentation names no protection, so a repeated POST makes a second POCO.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from .catalog import ORG
from .company import Company
from .envelope import ApiError
from .importing import run_import
from .jobs import FAILED, PROCESSED, QUEUED, Job
from .purchase_orders import submit
from .resolution import ImportRefused

Row = dict[str, Any]

APP: Final = "json-poco-import"


def accept(company: Company, method: str, payload: Any, query: Mapping[str, str]) -> Job:
    """Queues an import; a synchronous one has run when this returns."""
    now = company.now()
    delay = timedelta(seconds=company.settings.job_seconds)
    job = Job(company.new_guid(), method, APP, payload, dict(query), now, now + delay)
    company.jobs[job.id] = job
    if synchronous(company, query):
        run(company, job)
    return job


def synchronous(company: Company, query: Mapping[str, str]) -> bool:
    """Whether the import runs before its answer."""
    return company.settings.synchronous and query.get("synchronous") == "1"


def work(company: Company) -> None:
    """Runs the queued jobs that are due, in the order in which they came."""
    now = company.now()
    for job in company.jobs.values():
        if job.state == QUEUED and job.due_at <= now and not company.settings.hold_jobs:
            run(company, job)


def run(company: Company, job: Job) -> None:
    """Runs one job; a refusal becomes a failed job and nothing else."""
    fails, created = bool(company.failures), False
    if fails:
        created = company.failures.pop(0)
    if fails and not created:
        job.state, job.reason = FAILED, "arranged failure"
        return
    try:
        poco = run_import(company, job.method, job.payload, job.id)
    except ImportRefused as refusal:
        job.state, job.reason = FAILED, str(refusal)
        return
    job.poco_guid = poco.guid
    job.state = FAILED if fails else PROCESSED
    job.reason = "arranged failure although created" if fails else None
    if company.settings.auto_submit and job.query.get("auto_submit") == "1":
        submit(company, poco.content)


def answer(company: Company, job: Job) -> tuple[list[Row], Row]:
    """The rows and the further members of the immediate answer.

    Raises ApiError for a synchronous import that failed.
    """
    if synchronous(company, job.query):
        if job.state != PROCESSED:
            raise ApiError(500, "Internal Server Error")
        return [{"cinx_id": {"type": "BOM-PO-MEMO", "domain": ORG, "id": job.poco_guid}}], {}
    place = company.settings.job_id_place
    if place == "rows.cinx_id":
        return [{"cinx_id": {"type": "PIG-UPLOAD", "domain": "pig", "id": job.id}}], {}
    if place == "rows.job_id":
        return [{"job_id": job.id}], {}
    if place == "response.job_id":
        return [], {"response": {"job_id": job.id}}
    return [], {"job_id": job.id}


def status_rows(company: Company, job_id: str) -> list[Row]:
    """The rows of a job's status answer; raises ApiError for an id that is not known."""
    job = company.jobs.get(job_id.lower())
    pending = job is not None and job.state == QUEUED
    shape = company.settings.pending_shape
    if job is None or (pending and shape == "unknown_job"):
        raise ApiError(500, f"Failed to find a job with the given id of [{job_id}]")
    return job.pending_rows(shape) if pending else [job.row()]
