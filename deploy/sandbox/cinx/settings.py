"""What the documentation leaves open, as settings with the likeliest answer as default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from deploy.sandbox.shell import Adjustable


@dataclass
class Settings(Adjustable):
    """How this simulated company answers; changed under ``/_sandbox/settings``."""

    CHOICES: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "envelope": ("new", "old"),
        "total_count": ("zero", "true"),
        "error_http": ("same", "ok"),
        "reference_spelling": ("documented", "external_references", "links"),
        "list_number": ("suffix", "full"),
        "number_base": ("name", "number"),
        "poco_number_filter": ("full", "suffix", "both"),
        "offset_counts": ("rows", "pages", "pages_from_1"),
        "unpaged_lists": ("whole", "first_page", "paged"),
        "order": ("created", "shuffle"),
        "job_id_place": ("job_id", "response.job_id", "rows.job_id", "rows.cinx_id"),
        "pending_shape": (
            "empty_rows",
            "row_102",
            "row_without_status",
            "row_null_status",
            "row_0",
            "row_200_queued",
            "unknown_job",
        ),
        "unknown_fields": ("fail", "ignore"),
        "put_items": ("merge", "replace"),
    }

    envelope: str = "new"
    """Where the metadata stand: the 2019 introduction (``old``) or later samples (``new``)."""
    total_count: str = "zero"
    """``total_count`` is 0 in the samples whatever the number of rows, or the ``true`` number."""
    error_http: str = "same"
    """HTTP status of an error: that of the envelope, or always 200 (``ok``)."""
    booleans_as_text: bool = False
    """Booleans of items and taxes as ``"0"`` and ``"1"``, as ``locked`` always is."""
    numbers_as_text: bool = False
    """Amounts and quantities as text."""
    separators: bool = False
    """Whether such text has separators of thousands."""
    escaped_texts: bool = False
    """Descriptions, comments, names and references with the escapes of HTML."""
    upper_guids: bool = False
    """Guids in capital letters, which are the same guids."""
    days_with_time: bool = False
    """Days as ``2019-06-21 00:00:00Z``, as in the list of invoices."""
    keep_references: bool = True
    """Whether the POCO import stores external references at all."""
    keep_descriptions: bool = True
    """Whether a POCO has the description that was submitted, or that of its purchase order."""
    references_in_lists: bool = True
    """Whether list rows carry them (the samples show only empty ones)."""
    reference_spelling: str = "documented"
    """``documented``: ``links`` under ``po/{guid}/pocos``, ``external_references`` elsewhere."""
    list_number: str = "suffix"
    """A list row's ``number``: the suffix alone, as in the sample, or the full number."""
    number_base: str = "name"
    """What a POCO's number begins with: the PO's name, as in the sample, or its number."""
    poco_number_filter: str = "full"
    """What ``pocos?number=`` compares with."""
    offset_counts: str = "rows"
    """What ``offset`` counts; pages from 0 or from 1."""
    unpaged_lists: str = "whole"
    """Lists for which no paging is documented: ``whole`` or their ``first_page``, and refusing ``offset`` and
    ``limit``; or ``paged`` like the others."""
    order: str = "created"
    """Order of list results; ``shuffle`` gives another order at each call."""
    synchronous: bool = True
    """Whether ``synchronous=1`` is honoured for POCOs; otherwise it is ignored."""
    auto_submit: bool = False
    """Whether ``auto_submit=1`` is honoured for POCOs; otherwise it is ignored."""
    job_id_place: str = "job_id"
    """Where the immediate answer to an import holds the job id; no sample exists."""
    pending_shape: str = "empty_rows"
    """The status answer for a job that has not run yet; not documented."""
    job_seconds: int = 0
    """How long a job takes."""
    poco_late_seconds: int = 0
    """How long after its job says Processed a new POCO becomes visible."""
    hold_jobs: bool = False
    """Jobs stay queued until this is false again."""
    job_status_plain: bool = True
    """Whether ``/1.0/partner/exec/{job_id}/status`` exists."""
    job_status_sub: bool = True
    """Whether ``/1.0/sub/{token}/partner/exec/{job_id}/status`` exists."""
    poco_import: bool = True
    """Whether ``json-poco-import`` still exists (it left the documentation in 2019)."""
    unsubmitted_po_allowed: bool = False
    """Whether a POCO may be made for a PO that was created but not submitted."""
    unknown_fields: str = "fail"
    """What the import does with a field that its template does not have."""
    line_reference: str = "cinx_po_item_guid"
    """The item field that names the changed PO line."""
    put_items: str = "merge"
    """Items that a PUT does not name stay (``merge``) or go (``replace``)."""
    subscription_expired: str = ""
    """Day on which the subscription expired; empty while it is valid."""
    expired_status: int = 401
    """Status of every other call of a company whose subscription has expired."""
    auto_number: bool = True
    """Whether ``auto-number/po`` is switched on; otherwise it answers 406."""
