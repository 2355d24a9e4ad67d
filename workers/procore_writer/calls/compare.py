"""Our own records and their lines, read anew."""

from __future__ import annotations

from dataclasses import replace

from relay.clients.procore import Package
from relay.engine.writer.adapter import Accepted, Learned
from workers.procore_writer.cache.cache import Finding
from workers.procore_writer.calls.context import Calling, Results
from workers.procore_writer.calls.survey import shown_order
from workers.procore_writer.plan.typed_lines import REPLACE, is_ours, may_replace
from workers.procore_writer.plan.verify import judge, stray_lines
from workers.procore_writer.situation import Fact, Situation

_STRAY = "stray"
"""The hash of a line that is there although nothing asks for it: equal to none."""


def list_lines(calling: Calling) -> Results:
    """The lines of an adopted record; once all of them are ours, nothing is left to be claimed."""
    origin_id, pco_id = calling.command.origin_id, calling.batch.sends[0].element
    if not isinstance(pco_id, int):
        return calling.nothing_to_ask()
    found = calling.client.line_items.find(calling.destination.project_id, pco_id, terms=calling.read_terms)
    if all(is_ours(origin_id, line) for line in found):
        calling.memory.lines.drop(origin_id)
        return calling.everybody(Accepted(remote={Fact.UNCLAIMED: ""}))
    calling.memory.lines.put(origin_id, tuple(found))
    s = calling.situation(calling.batch.tasks[0])
    if s.fact(Fact.UNCLAIMED) != REPLACE and may_replace(s, found):
        return calling.everybody(Accepted(remote={Fact.UNCLAIMED: REPLACE}))
    return calling.everybody(Learned())


def look(calling: Calling) -> Results:
    """Our own record, read anew and compared with the ledger."""
    task = calling.batch.tasks[0]
    s, where = calling.situation(task), calling.destination
    if s.entry is None or s.pco_id is None:
        return calling.nothing_to_ask()
    shown = shown_order(calling, s.pco_id)
    if shown is None or shown.deleted_at is not None:
        calling.memory.findings.put(task.command.command_id, Finding(deleted=True))
        return calling.everybody(Learned())
    further = replace(calling.read_terms, admitted=False)
    lines = calling.client.line_items.find(where.project_id, s.pco_id, terms=further)
    package = _own_package(calling, s) if s.tiers == 1 else None
    finding = judge(s.entry, task.command.origin_id, shown, lines, package)
    calling.memory.findings.put(task.command.command_id, finding)
    struck = finding.overtaken
    if task.command.rules.person_edit == "overwrite":
        struck |= finding.person
    if not (struck or finding.person):
        return calling.everybody(Learned())
    strays = stray_lines(s.entry, task.command.origin_id, lines)
    return calling.everybody(
        Accepted(
            parts=dict.fromkeys(strays, _STRAY),
            removed=struck - strays.keys(),
            remote={Fact.line(part): str(line_id) for part, line_id in strays.items()},
            person=finding.person - struck,
        )
    )


def _own_package(calling: Calling, s: Situation) -> Package | None:
    if s.package_id is None:
        return None
    further = replace(calling.read_terms, admitted=False)
    return calling.client.packages.show(calling.destination.project_id, s.package_id, terms=further)
