"""What people did to a record of ours: which field, old and new, and what it does to the money."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from operations.reconcile.amounts import Amounts, added, as_status
from operations.reconcile.books import OurHolding, Record, RecordLine
from operations.wording import amount as in_words
from relay.domain.change_order import Status
from relay.domain.sources.procore import STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """``what``: ``line 2 Labor``, or ``status``; ``ours``: it is what a call of ours that is out would do."""

    what: str
    before: str
    after: str
    effect: Amounts
    ours: bool = False

    @property
    def sentence(self) -> str:
        """``line Labor: 6,400.00 → 6,500.00``."""
        return f"{self.what}: {self.before} → {self.after}"


def edits(
    written: OurHolding, records: list[Record], wanted: Collection[Decimal], statuses: Collection[str]
) -> list[Edit]:
    """What differs between what was last accepted and what is there; the effects add up to exactly that.

    ``wanted`` and ``statuses``: amounts of lines, and statuses, that revisions under way would write.
    """
    total = written.total
    there = [record for record in records if not record.deleted]
    held_now = sum((record.total or Decimal(0) for record in there), Decimal(0))
    if total is None:
        return []
    before = written.held
    bucket = before.bucket or counted_as(written.system, written.status)
    found = [_effect_under(edit, bucket) for edit in _amounts(written, there, held_now, wanted)]
    left = added(record.held for record in there) - before - added(edit.effect for edit in found)
    if left and there:
        raw = there[0].status_raw or there[0].status.value
        found.append(Edit(what="status", before=written.status or "?", after=raw, effect=left, ours=raw in statuses))
    return found


def counted_as(system: str, word: str | None) -> Status | None:
    """What a target's own word for a status counts as."""
    if system == "cinx":
        return Status.APPROVED if word == Status.APPROVED.value else None
    return STATUSES.get(word or "")


def _effect_under(edit: Edit, status: Status | None) -> Edit:
    """The edit with its effect under the status that was last accepted: :func:`_amounts` tells all as pending."""
    return replace(edit, effect=as_status(edit.effect.pending, status))


def _amounts(written: OurHolding, there: list[Record], now: Decimal, wanted: Collection[Decimal]) -> Iterator[Edit]:
    lines = _lines(there)
    total = written.total or Decimal(0)
    known = sum((line.amount for line in written.lines.values()), Decimal(0))
    if lines is None or not written.lines or known != total or sum(line.amount for line in lines.values()) != now:
        if now != total:
            yield Edit(
                what="amount",
                before=in_words(total),
                after=in_words(now),
                effect=Amounts(pending=now - total),
                ours=now in wanted,
            )
        return
    yield from _by_line(written, lines, wanted)


def _lines(there: list[Record]) -> dict[str, RecordLine] | None:
    if any(record.lines is None for record in there):
        return None
    return {line.line_id: line for record in there for line in record.lines or ()}


def _by_line(written: OurHolding, lines: dict[str, RecordLine], wanted: Collection[Decimal]) -> Iterator[Edit]:
    for line_id, before in written.lines.items():
        line = lines.get(line_id)
        after = Decimal(0) if line is None else line.amount
        if line is None and before.amount:
            what, shown = f"line {before.name}".strip(), "deleted"
            ours = bool(wanted) and before.amount not in wanted
        elif after != before.amount:
            what, shown, ours = f"line {before.name}".strip(), in_words(after), after in wanted
        else:
            continue
        change = Amounts(pending=after - before.amount)
        yield Edit(what=what, before=in_words(before.amount), after=shown, effect=change, ours=ours)
    for line_id, line in lines.items():
        if line_id not in written.lines and line.amount:
            yield Edit(
                what=f"line {line.name}".strip(),
                before="none",
                after=in_words(line.amount),
                effect=Amounts(pending=line.amount),
                ours=line.amount in wanted,
            )
