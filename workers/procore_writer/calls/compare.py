"""Our own records and their lines, read anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from relay.clients.procore import LineItem, Package, PotentialChangeOrder
from relay.domain import identity
from relay.domain.ledger import LedgerEntry
from relay.domain.ledger_facts import LedgerFact, ProcoreFact, ProcorePart, is_line, line_part
from relay.domain.procore_content import LineContent, plain_text, read_mark
from relay.domain.sources.native_values import number_of
from relay.engine.writer.adapter import Accepted, ReadDone
from workers.procore_writer.cache.cache import Comparison
from workers.procore_writer.calls.context import CallContext, Results
from workers.procore_writer.calls.survey import shown_order
from workers.procore_writer.content import parts
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.typed_lines import REPLACE, is_ours, may_replace
from workers.procore_writer.situation import PlanContext, doubted_parts

_CALCULATED = "calculated"
_GONE = ""
"""The hash of a line that a call was to delete."""
_STRAY = "stray"
"""The hash of a line that is there although nothing asks for it: equal to none."""


def compare_with_ledger(
    entry: LedgerEntry, origin_id: str, shown: PotentialChangeOrder, lines: Sequence[LineItem], package: Package | None
) -> Comparison:
    """What the remote shows beside what the ledger says."""
    ours = _Comparer(entry)
    if package is None:
        ours.order(shown)
    else:
        ours.package(package)
    ours.lines(origin_id, lines)
    return Comparison(
        person=frozenset(ours.person),
        overwritten_by_late_write=frozenset(ours.overwritten_by_late_write),
        found=ours.found,
        sides=(side_of(shown),) if ours.person or ours.overwritten_by_late_write else (),
    )


class _Comparer:
    """Sorts the parts that differ."""

    def __init__(self, entry: LedgerEntry) -> None:
        self._entry = entry
        self._doubted = doubted_parts(entry)
        self.found: dict[str, str] = {}
        self.person: set[str] = set()
        self.overwritten_by_late_write: set[str] = set()

    def order(self, shown: PotentialChangeOrder) -> None:
        content = elements.content_of(
            shown.title,
            shown.description if self._owns("description") else None,
            shown.due_date if self._owns("due_date") else None,
            shown.schedule_days if self._owns("schedule_days") else None,
        )
        mark = read_mark(shown.origin_data)
        untouched = mark is not None and mark.content == content.with_status(shown.status)
        self._compare(ProcorePart.HEADER, content.hash, untouched=untouched)
        self._compare(ProcorePart.STATUS, parts.status_hash(shown.status or ""), untouched=untouched)
        if "number" not in shown.native.data:
            return
        number = self._entry.remote.get(ProcoreFact.NUMBER)
        if shown.number != number and self._is_found(ProcorePart.NUMBER, parts.number_hash(shown.number or "")):
            return
        if number is not None and ProcorePart.NUMBER in self._entry.parts and shown.number != number:
            self.person.add(ProcorePart.NUMBER)

    def package(self, shown: Package) -> None:
        content = elements.content_of(
            shown.title,
            shown.description if self._owns("description") else None,
            shown.due_date if self._owns("due_date") else None,
            number_of(shown.native.data.get("schedule_impact_amount")) if self._owns("schedule_days") else None,
        )
        mark = read_mark(shown.origin_data)
        said = parts.package_content_hash(content, shown.origin_code)
        self._compare(ProcorePart.PACKAGE, said, untouched=mark is not None and mark.content == said)
        self._compare(ProcorePart.PACKAGE_STATUS, parts.status_hash(shown.status or ""), untouched=False)

    def lines(self, origin_id: str, listed: Sequence[LineItem]) -> None:
        by_part = our_lines(origin_id, listed)
        for part in [part for part, line in by_part.items() if self._is_found_line(part, line)]:
            del by_part[part]
        for part in filter(is_line, self._entry.parts.keys() - self.found.keys()):
            if part in by_part:
                self._line(part, by_part.pop(part))
            elif self._doubted.get(part) == _GONE:
                self.found[part] = _GONE
            elif ProcoreFact.UNCLAIMED not in self._entry.remote:
                self.person.add(part)
        # A line of ours that the ledger has removed came back with a late request.
        self.overwritten_by_late_write |= by_part.keys()

    def _line(self, part: str, line: LineItem) -> None:
        mark = read_mark(line.origin_data)
        if mark is None or mark.content != line_content(line).hash:
            self.person.add(part)
        elif mark.part != self._entry.parts[part].hash:
            self.overwritten_by_late_write.add(part)

    def _owns(self, name: str) -> bool:
        return name in (self._entry.remote.get(ProcoreFact.FIELDS) or "").split(",")

    def _is_found_line(self, part: str, line: LineItem) -> bool:
        mark = read_mark(line.origin_data)
        is_ours = mark is not None and mark.content == line_content(line).hash
        return is_ours and mark is not None and self._is_found(part, mark.part or "")

    def _is_found(self, part: str, shown: str) -> bool:
        """Whether the part says what a call in doubt was to write, and not what was known before."""
        accepted = self._entry.parts.get(part)
        if self._doubted.get(part) != shown or (accepted is not None and accepted.hash == shown):
            return False
        self.found[part] = shown
        return True

    def _compare(self, part: str, shown: str, *, untouched: bool) -> None:
        accepted = self._entry.parts.get(part)
        if self._is_found(part, shown):
            return
        if accepted is not None and accepted.hash != shown and not accepted.person:
            (self.overwritten_by_late_write if untouched else self.person).add(part)


def our_lines(origin_id: str, listed: Sequence[LineItem]) -> dict[str, LineItem]:
    """The lines that carry origin ids of this change order, by part."""
    prefix = identity.item_origin_id(origin_id, "")
    ours = [line for line in listed if line.origin_id is not None and line.origin_id.startswith(prefix)]
    return {line_part((line.origin_id or "").removeprefix(prefix)): line for line in ours}


def line_content(line: LineItem) -> LineContent:
    """What a line of the remote says, in the comparable form."""
    amount = line.amount if line.amount is not None else Decimal(0)
    manual = LineContent(description=plain_text(line.description), amount=amount)
    calculated = replace(manual, quantity=line.quantity, unit_cost=line.unit_cost, unit=line.uom)
    if "extended_type" in line.native.data:
        return calculated if line.extended_type == _CALCULATED else manual
    mark = read_mark(line.origin_data)  # Where the list does not tell which of the two it is, our mark may.
    return calculated if mark is not None and mark.content == calculated.hash else manual


def side_of(shown: PotentialChangeOrder) -> str:
    """A record as JSON text for the person who has to decide."""
    held = {
        "number": shown.number,
        "title": shown.title,
        "description": shown.description,
        "due_date": shown.due_date,
        "status": shown.status,
        "grand_total": None if shown.grand_total is None else str(shown.grand_total),
    }
    return json.dumps(held, ensure_ascii=False)


def list_lines(call: CallContext) -> Results:
    """The lines of an adopted record; once all of them are ours, nothing is left to be claimed."""
    origin_id, pco_id = call.command.origin_id, call.batch.calls[0].element
    if not isinstance(pco_id, int):
        return call.skip_call()
    listed = call.client.line_items.find(call.destination.project_id, pco_id, terms=call.read_terms())
    if all(is_ours(origin_id, line) for line in listed):
        call.cache.lines.drop(origin_id)
        return call.same_for_all(Accepted(remote={ProcoreFact.UNCLAIMED: ""}))
    call.cache.lines.put(origin_id, tuple(listed))
    context = call.plan_context(call.batch.tasks[0])
    if context.ledger_fact(ProcoreFact.UNCLAIMED) != REPLACE and may_replace(context, listed):
        return call.same_for_all(Accepted(remote={ProcoreFact.UNCLAIMED: REPLACE}))
    return call.same_for_all(ReadDone())


def read_and_compare(call: CallContext) -> Results:
    """Our own record, read anew and compared with the ledger."""
    task = call.batch.tasks[0]
    context, where = call.plan_context(task), call.destination
    if context.entry is None or context.pco_id is None:
        return call.skip_call()
    shown = shown_order(call, context.pco_id)
    if shown is None or shown.deleted_at is not None:
        call.cache.comparisons.put(task.command.command_id, Comparison(deleted=True))
        return call.same_for_all(ReadDone())
    lines = call.client.line_items.find(where.project_id, context.pco_id, terms=call.read_terms())
    package = _own_package(call, context) if context.tiers == 1 else None
    comparison = compare_with_ledger(context.entry, task.command.origin_id, shown, lines, package)
    call.cache.comparisons.put(task.command.command_id, comparison)
    struck = comparison.overwritten_by_late_write
    if task.command.rules.person_edit == "overwrite":
        struck |= comparison.person
    looked = {LedgerFact.REBUILT: "", LedgerFact.DOUBTED: ""}
    if not (struck or comparison.person or comparison.found):
        compared = Accepted(remote=looked, was_there=True, written=False)
        return call.same_for_all(compared if context.is_rebuilt or context.doubted else ReadDone())
    gone = {part for part, said in comparison.found.items() if said == _GONE}
    taken = {part: said for part, said in comparison.found.items() if part not in gone}
    known = {*context.entry.parts, *taken}
    ids = {part: str(line.id) for part, line in our_lines(task.command.origin_id, lines).items()}
    strays = {part: line_id for part, line_id in ids.items() if part not in known}
    found = {part: ids[part] for part in taken if part in ids} | dict.fromkeys(gone, "")
    number = {ProcoreFact.NUMBER: shown.number or ""} if ProcorePart.NUMBER in taken else {}
    return call.same_for_all(
        Accepted(
            parts=dict.fromkeys(strays, _STRAY) | taken,
            removed=(struck | gone) - strays.keys(),
            remote={**strays, **found, **number, **looked},
            person=comparison.person - struck,
            written=True if strays or comparison.found else None,
        )
    )


def _own_package(call: CallContext, context: PlanContext) -> Package | None:
    if context.package_id is None:
        return None
    return call.client.packages.show(call.destination.project_id, context.package_id, terms=call.read_terms())
