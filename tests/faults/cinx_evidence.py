"""By what a run against CINX is judged: what the company holds, what it was asked, and what the relay says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from relay.domain.cinx_content import CinxMark, read_cinx_mark
from relay.domain.commands import CinxCommand
from relay.domain.letters import DeadLetter
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.writes.remote_writes import RemoteWrite

Row = Mapping[str, Any]

DECLINED = "DECLINED"


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a person has held, named as at the command line.

    ``since``: when ``cor hold`` had said that every owner obeys; ``until``: when somebody began to release it.
    """

    named: str
    since: datetime
    until: datetime

    def bars(self, one: CinxCommand) -> bool:
        """Whether it is about the command's change order, its project or its account."""
        source = one.change_order_key.rpartition(":")[0]
        return self.named in (one.change_order_key, f"{source}/project:{one.project}", one.tenant)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """``commands`` as they were written, ``letters`` that are open, ``state`` and ``history`` of the simulator.

    ``decisions``: of which change order a person has decided what is in doubt, and when. ``writes``: ``None`` where a
    history has none to be judged. ``holds``: those that were obeyed.
    """

    commands: Sequence[CinxCommand]
    decisions: Sequence[tuple[str, datetime]]
    outcomes: Sequence[ChangeOrderOutcome]
    letters: Sequence[DeadLetter]
    state: Row
    history: Sequence[Row]
    writes: Sequence[RemoteWrite] | None = None
    holds: Sequence[Held] = ()


def marks_of(state: Row) -> dict[str, CinxMark]:
    """The mark with which each imported POCO was made, by guid, also where CINX keeps no references."""
    made = {job["job_id"]: job["payload"] for job in jobs_of(state)}
    return {
        poco["cinx_guid"]: mark
        for poco in pocos_of(state)
        if poco["created_by"] == "import" and (mark := mark_in(made[poco["job_id"]]))
    }


def written_by(state: Row, key: str) -> list[str]:
    """The POCOs that are there and that a submission or change with this key has written."""
    there = {poco["cinx_guid"] for poco in state["pocos"]}
    jobs = [job for job in jobs_of(state) if (mark := mark_in(job["payload"])) and mark.key == key]
    return [job["poco"] for job in jobs if job["poco"] in there]


def mark_in(document: Row) -> CinxMark | None:
    """What the relay's references in a document say."""
    entries = document.get("external_references") or document.get("links") or []
    return read_cinx_mark({entry["type"]: entry["value"] for entry in entries})


def pocos_of(state: Row) -> list[Row]:
    """All that were ever there."""
    return [*state["pocos"], *state["deleted_pocos"]]


def jobs_of(state: Row) -> list[Row]:
    """All imports, the earliest first, also those that CINX no longer tells of."""
    return sorted([*state["jobs"], *state["forgotten_jobs"]], key=lambda job: str(job.get("submitted_at", "")))


def orders_of(state: Row, origin_id: str) -> list[Row]:
    """The POCOs of a change order that are there."""
    marks = marks_of(state)
    return [poco for poco in state["pocos"] if (mark := marks.get(poco["cinx_guid"])) and mark.origin_id == origin_id]


def is_declined(poco: Row) -> bool:
    """Whether the vendor has declined it."""
    return bool(poco["detail"]["workflow_status"] == DECLINED)


def worth_of(items: Sequence[Row]) -> Decimal:
    """What the lines of a POCO, or of a document, order in money."""
    amounts = (Decimal(str(item["quantity"])) * Decimal(str(item["unit_price"])) for item in items)
    return sum(amounts, Decimal(0))
