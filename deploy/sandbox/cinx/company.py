"""The company account: reference data, purchase orders, POCOs and import jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from . import catalog, guids
from .jobs import Job
from .settings import Settings
from .templates import Templates

Row = dict[str, Any]


class NoSuchRecord(LookupError):
    """A record is named that is not there."""


@dataclass
class Poco:
    """One PO change order: the object that is served, and what only a test may know."""

    content: Row
    created_by: str
    """``import`` or ``person``."""
    job_id: str | None = None
    visible_from: datetime | None = None
    list_row: Row = field(default_factory=dict)
    """What its list row shows otherwise than its detail (the samples disagree)."""

    @property
    def guid(self) -> str:
        """Its ``cinx_guid``."""
        return str(self.content["cinx_guid"])

    @property
    def po_guid(self) -> str:
        """The purchase order that it changes."""
        return str(self.content["purchase_order"]["cinx_guid"])

    def visible(self, now: datetime) -> bool:
        """Whether calls show it yet."""
        return self.visible_from is None or now >= self.visible_from

    def dump(self) -> Row:
        """What a test judges by."""
        return {
            "cinx_guid": self.guid,
            "number": self.content["number"],
            "purchase_order": self.content["purchase_order"],
            "items": self.content["items"],
            "external_references": self.content["external_references"],
            "job_id": self.job_id,
            "created_by": self.created_by,
            "detail": self.content,
        }


@dataclass
class Company:
    """State of one company; not synchronised, the server holds one lock per request."""

    now: Callable[[], datetime]
    email: str
    password: str
    token: str
    settings: Settings = field(default_factory=Settings)
    templates: Templates = field(default_factory=Templates)
    job_costing: dict[str, list[Row]] = field(default_factory=catalog.job_costing)
    vendors: list[Row] = field(default_factory=catalog.vendors)
    projects: list[Row] = field(default_factory=catalog.projects)
    currencies: list[Row] = field(default_factory=catalog.currencies)
    pos: dict[str, Row] = field(default_factory=dict)
    pocos: dict[str, Poco] = field(default_factory=dict)
    deleted_pocos: list[Poco] = field(default_factory=list)
    suffixes: dict[str, int] = field(default_factory=dict)
    """The last suffix given out per purchase order; a deleted POCO's is not used again."""
    jobs: dict[str, Job] = field(default_factory=dict)
    forgotten_jobs: list[Job] = field(default_factory=list)
    """Jobs that ran, and that the status call no longer knows."""
    failures: list[bool] = field(default_factory=list)
    """The next jobs fail: with True although the POCO was created, with False without one."""
    new_guid: Callable[[], str] = field(default_factory=guids.Generator)

    @property
    def users(self) -> list[Row]:
        """Rows of ``users``."""
        return catalog.users(self.email)

    def today(self) -> str:
        """The date as documents state it."""
        return self.now().strftime("%Y-%m-%d")

    def po(self, guid: str) -> Row:
        """The purchase order of that guid; raises NoSuchRecord."""
        if guid not in self.pos:
            raise NoSuchRecord(f"Failed to find a PO with the given id of [{guid}]")
        return self.pos[guid]

    def po_numbered(self, number: str) -> Row:
        """The purchase order of exactly that number; raises NoSuchRecord."""
        for po in self.pos.values():
            if po["number"] == number:
                return po
        raise NoSuchRecord(f"Failed to find a PO with the given number of [{number}]")

    def poco(self, guid: str) -> Poco:
        """The POCO of that guid, also one that calls do not show yet; raises NoSuchRecord."""
        if guid not in self.pocos:
            raise NoSuchRecord(f"Failed to find a PO CO with the given id of [{guid}]")
        return self.pocos[guid]

    def visible_pocos(self) -> list[Poco]:
        """The POCOs that calls show, oldest first."""
        now = self.now()
        return [poco for poco in self.pocos.values() if poco.visible(now)]

    def next_number(self, po: Row) -> str:
        """The number of the next POCO of ``po``: its name or number with a suffix of its own."""
        suffix = self.suffixes.get(po["cinx_guid"], 0) + 1
        self.suffixes[po["cinx_guid"]] = suffix
        return f"{po[self.settings.number_base]}-{suffix:02d}"

    def store(self, poco: Poco) -> Poco:
        """Keeps a new POCO; one made by a job may become visible later than the job ends."""
        if poco.job_id is not None and self.settings.poco_late_seconds:
            poco.visible_from = self.now() + timedelta(seconds=self.settings.poco_late_seconds)
        self.pocos[poco.guid] = poco
        return poco

    def dump(self) -> Row:
        """Everything a test judges by, also what no call of the service shows."""
        return {
            "token": self.token,
            "credentials": {"email": self.email, "password": self.password},
            "pos": list(self.pos.values()),
            "pocos": [poco.dump() for poco in self.pocos.values()],
            "deleted_pocos": [poco.dump() for poco in self.deleted_pocos],
            "jobs": [job.dump() for job in self.jobs.values()],
            "forgotten_jobs": [job.dump() for job in self.forgotten_jobs],
            "settings": self.settings.dump(),
            "templates": self.templates.rows,
            "gone_templates": dict(self.templates.gone),
            "vendors": self.vendors,
            "projects": self.projects,
            "job_costing": self.job_costing,
        }
