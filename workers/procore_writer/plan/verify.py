"""Comparing our own record with what the ledger says of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from relay.clients.native_json.values import number_of
from relay.clients.procore import LineItem, Package, PotentialChangeOrder
from relay.domain import identity
from relay.domain.ledger import LedgerEntry
from relay.domain.outcomes import OutcomeKind
from relay.domain.procore_content import LineContent, plain_text, read_mark
from relay.engine.writer.adapter import Done, Plan, Refuse, Review
from workers.procore_writer.cache.cache import Finding
from workers.procore_writer.content import parts
from workers.procore_writer.letters import refusals
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.destination import by_its_route
from workers.procore_writer.plan.steps import Step, read
from workers.procore_writer.situation import Fact, Situation

_CALCULATED = "calculated"


def plan_verify(s: Situation) -> Plan | None:
    """Reads the record, then acts on what was found; ``None``: the payload has to be written again."""
    if s.pco_id is None:
        return Done(kind=OutcomeKind.UNCHANGED, sentence="Nothing of it is known to be in Procore.")
    if is_as_we_know(s):
        return _as_it_was(s)
    step = by_its_route(s)
    if step is not None:
        return step
    finding = s.known.finding
    if finding is None:
        return read(s, Step.LOOK, s.command.origin_id, s.pco_id)
    if finding.is_equal and not _is_half_written(s):
        return _as_it_was(s)
    if finding.deleted:
        return _deleted(s, finding)
    if finding.person and s.command.rules.person_edit != "overwrite":
        return _person(s, finding)
    return _write_again(s, finding)


def _as_it_was(s: Situation) -> Done:
    failed = s.entry is not None and s.entry.letters
    words = "Procore says what it has accepted so far; an open letter says what it has not." if failed else None
    return Done(kind=OutcomeKind.UNCHANGED, sentence=words)


def _deleted(s: Situation, finding: Finding) -> Plan:
    return replace(refusals.deleted(s), sides=finding.sides)


def _person(s: Situation, finding: Finding) -> Plan:
    if s.command.rules.person_edit == "keep_theirs":
        return replace(kept_theirs(finding.person), kind=OutcomeKind.UNCHANGED)
    changed = parts.in_words(sorted(finding.person))
    return Review(
        reason="procore.person_edit",
        sentence=f"Somebody changed {changed} of change order {s.fact(Fact.NUMBER) or s.pco_id} in Procore. Decide "
        "which is right: set person_edit on the route (keep_theirs or overwrite) and send the letter again, or make "
        "both sides equal.",
        sides=finding.sides,
    )


def kept_theirs(edited: Iterable[str]) -> Done:
    """Nothing is left to send, but parts that a person changed say something else than the source."""
    changed = parts.in_words(sorted(edited))
    return Done(
        reason="procore.kept_theirs", sentence=f"Somebody changed {changed} in Procore; the route keeps their change."
    )


def is_as_we_know(s: Situation) -> bool:
    """Whether what was observed is what the ledger says, so that Procore need not be asked.

    With one tier the header is the package's, and a person's part is not as we wrote it.
    """
    seen, entry = s.command.observed, s.entry
    if seen is None or entry is None or s.tiers == 1 or entry.remote.get(Fact.UNCLAIMED):
        return False
    held = entry.parts
    if any(part.person for part in held.values()) or seen.get(parts.PCO) != s.fact(Fact.PCO):
        return False
    if parts.NUMBER in held and seen.get(parts.NUMBER) != s.fact(Fact.NUMBER):
        return False
    said = {parts.HEADER: seen.get(parts.HEADER), parts.STATUS: parts.status_hash(seen.get(parts.STATUS, ""))}
    said |= {part: told for part, told in seen.items() if parts.is_line(part)}
    known = {
        part: one.hash for part, one in held.items() if part in (parts.HEADER, parts.STATUS) or parts.is_line(part)
    }
    return said == known


def _is_half_written(s: Situation) -> bool:
    """Whether an earlier look has struck parts that nobody has written again since."""
    if s.entry is None or s.entry.letters or s.entry.withdrawn:
        return False
    header = (parts.PACKAGE, parts.PACKAGE_STATUS) if s.tiers == 1 else (parts.HEADER, parts.STATUS)
    lines = (fact for fact in s.entry.remote if parts.is_line(fact))
    return any(part not in s.entry.parts for part in (*header, *lines))


def _write_again(s: Situation, finding: Finding) -> Plan | None:
    """``None`` where the content is at hand; a letter where it cannot be found any more."""
    again = s.known.again.command if s.known.again else None
    if s.command.payload is not None or (again is not None and again.payload is not None):
        return None
    changed = parts.in_words(sorted(finding.person | finding.overtaken))
    why = "An older writing of ours came after a newer one" if finding.overtaken else "Somebody changed our record"
    what = "Our record is not written to its end" if finding.is_equal else f"{why} ({changed})"
    return Refuse(
        reason="procore.write_again",
        sentence=f"{what}; the newest version has to be written again: run `{refusals.replay_of(s)}`, "
        "for which its route has to be live.",
    )


# -- what was read


def judge(
    entry: LedgerEntry, origin_id: str, shown: PotentialChangeOrder, lines: Sequence[LineItem], package: Package | None
) -> Finding:
    """What the remote shows beside what the ledger says."""
    ours = _Judgement(entry)
    if package is None:
        ours.order(shown)
    else:
        ours.package(package)
    ours.lines(origin_id, lines)
    return Finding(
        person=frozenset(ours.person),
        overtaken=frozenset(ours.overtaken),
        sides=(_side(shown),) if ours.person or ours.overtaken else (),
    )


class _Judgement:
    """Sorts the parts that differ."""

    def __init__(self, entry: LedgerEntry) -> None:
        self._entry = entry
        self.person: set[str] = set()
        self.overtaken: set[str] = set()

    def order(self, shown: PotentialChangeOrder) -> None:
        content = elements.content_of(
            shown.title,
            shown.description if self._owns("description") else None,
            shown.due_date if self._owns("due_date") else None,
            shown.schedule_days if self._owns("schedule_days") else None,
        )
        mark = read_mark(shown.origin_data)
        untouched = mark is not None and mark.content == content.with_status(shown.status)
        self._compare(parts.HEADER, content.hash, untouched=untouched)
        self._compare(parts.STATUS, parts.status_hash(shown.status or ""), untouched=untouched)
        number = self._entry.remote.get(Fact.NUMBER)
        if number is not None and parts.NUMBER in self._entry.parts and shown.number != number:
            self.person.add(parts.NUMBER)

    def package(self, shown: Package) -> None:
        content = elements.content_of(
            shown.title,
            shown.description if self._owns("description") else None,
            shown.due_date if self._owns("due_date") else None,
            number_of(shown.native.data.get("schedule_impact_amount")) if self._owns("schedule_days") else None,
        )
        mark = read_mark(shown.origin_data)
        said = parts.package_content_hash(content, shown.origin_code)
        self._compare(parts.PACKAGE, said, untouched=mark is not None and mark.content == said)
        self._compare(parts.PACKAGE_STATUS, parts.status_hash(shown.status or ""), untouched=False)

    def lines(self, origin_id: str, found: Sequence[LineItem]) -> None:
        by_part = our_lines(origin_id, found)
        for part in filter(parts.is_line, self._entry.parts):
            if part in by_part:
                self._line(part, by_part.pop(part))
            elif Fact.UNCLAIMED not in self._entry.remote:
                self.person.add(part)
        # A line of ours that the ledger has removed came back with a late request.
        self.overtaken |= by_part.keys()

    def _line(self, part: str, line: LineItem) -> None:
        mark = read_mark(line.origin_data)
        if mark is None or mark.content != line_content(line).hash:
            self.person.add(part)
        elif mark.part != self._entry.parts[part].hash:
            self.overtaken.add(part)

    def _owns(self, name: str) -> bool:
        return name in (self._entry.remote.get(Fact.FIELDS) or "").split(",")

    def _compare(self, part: str, shown: str, *, untouched: bool) -> None:
        known = self._entry.parts.get(part)
        if known is not None and known.hash != shown and not known.person:
            (self.overtaken if untouched else self.person).add(part)


def our_lines(origin_id: str, found: Sequence[LineItem]) -> dict[str, LineItem]:
    """The lines that carry origin ids of this change order, by part."""
    prefix = identity.item_origin_id(origin_id, "")
    ours = [line for line in found if line.origin_id is not None and line.origin_id.startswith(prefix)]
    return {parts.line_part((line.origin_id or "").removeprefix(prefix)): line for line in ours}


def stray_lines(entry: LedgerEntry, origin_id: str, found: Sequence[LineItem]) -> dict[str, int]:
    """Lines of ours that the ledger does not know, with their ids: they have to be removed again."""
    ours = our_lines(origin_id, found)
    return {part: line.id for part, line in ours.items() if part not in entry.parts}


def line_content(line: LineItem) -> LineContent:
    """What a line of the remote says, in the comparable form."""
    amount = line.amount if line.amount is not None else Decimal(0)
    description = plain_text(line.description)
    if line.extended_type != _CALCULATED:
        return LineContent(description=description, amount=amount)
    return LineContent(
        description=description,
        amount=amount,
        quantity=line.quantity,
        unit_cost=line.unit_cost,
        unit=line.uom,
    )


def _side(shown: PotentialChangeOrder) -> str:
    held = {
        "number": shown.number,
        "title": shown.title,
        "description": shown.description,
        "due_date": shown.due_date,
        "status": shown.status,
        "grand_total": None if shown.grand_total is None else str(shown.grand_total),
    }
    return json.dumps(held, ensure_ascii=False)
