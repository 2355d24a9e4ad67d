"""What a rebuilt ledger is given: entries that were folded, claims that were lost, and questions about doubts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from relay.domain.commands import Command
from relay.domain.identity import tenant_partition
from relay.domain.ledger import Hold, LedgerEntry, Slot
from relay.domain.ledger_facts import LedgerFact
from relay.domain.ledger_size import entry_size
from relay.domain.writes.ledger_fold import FoldedEntry, to_compare
from relay.engine.topics import CINX, MEBIBYTE
from relay.engine.writer.adapter import NeedsReview
from relay.engine.writer.state.claims import claim_of
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.transactions import TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps.settle import settle_sent
from workers.cinx_submitter.adapter import order_scope

REASON: Final = "ledger.rebuilt"
_MOST_ENTRIES: Final = 500
_MOST_BYTES: Final = 8 * MEBIBYTE
"""Of one transaction."""


@dataclass(slots=True)
class _Pending:
    """What the next transaction of a partition writes, and the bytes that its entries take."""

    entries: list[LedgerEntry] = field(default_factory=list)
    claims: list[Hold] = field(default_factory=list)
    size: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.entries) + len(self.claims) >= _MOST_ENTRIES or self.size >= _MOST_BYTES


def put_folded(
    owners: Sequence[PartitionState[Any]], folded: Iterable[FoldedEntry], *, is_inbox_gone: bool
) -> Counter[str]:
    """Commits the entries that the ledgers of ``owners``, one of each partition, do not hold; counts what they are."""
    counts: Counter[str] = Counter(entries=0, to_compare=0, in_review=0, in_doubt=0)
    pending = [_Pending() for _ in owners]
    for account, fold, is_open in folded:
        number = tenant_partition(owners[0].adapter.system, account, len(owners))
        owner, held = owners[number], owners[number].store.entry(fold.origin_id)
        entry = fold if held is None else to_compare(held, fold)
        is_cinx = owner.adapter.system == CINX.system
        if is_inbox_gone and is_cinx and entry.review is not None and entry.review.sent:
            pending[number].claims.append(_claim(owner, account, entry))
        if held is None or (is_open and LedgerFact.REBUILT not in held.remote):
            counts["entries"] += 1
            counts["to_compare"] += LedgerFact.REBUILT in entry.remote
            counts["in_review"] += entry.review is not None
            pending[number].entries.append(entry)
            pending[number].size += entry_size(entry)
        if pending[number].is_full:
            pending[number] = _put(owner, pending[number])
    for owner, rest in zip(owners, pending, strict=True):
        _put(owner, rest)
    return counts


def slots(owner: PartitionState[Any]) -> Iterator[tuple[Slot, str]]:
    """Iterates over the slots that the inbox holds, with their subjects."""
    return ((slot, subject) for slot, subject, _ in owner.store.iter_inbox())


def _claim(owner: PartitionState[Any], account: str, entry: LedgerEntry) -> Hold:
    """The hold that was lost with the inbox: while a person reviews the entry, no other is sent to its place."""
    destination = order_scope(entry.destination) if entry.destination else ""
    tenant = f"{CINX.system}:{account}"
    return claim_of(tenant, destination, entry.change_order_key, entry.origin_id, owner.clock.now())


def _put(owner: PartitionState[Any], pending: _Pending) -> _Pending:
    """Commits what is pending; returns what is pending then."""
    work = UnitOfWork(owner.store)
    for entry in pending.entries:
        work.put_entry(entry)
    for claim in pending.claims:
        work.put_hold(claim.scope, claim)
    if not work.is_empty:
        owner.commit(work, TransactionKind.NOTE)
    return _Pending()


def ask_about_doubts(owner: PartitionState[Any]) -> int:
    """Leaves to a person what had been sent without an answer; returns how many such there are.

    What is followed by its job, and what was cut off without a doubt about it, the writer takes up as after any
    restart.
    """
    asked = 0
    for slot, origin_id in list(slots(owner)):
        order = owner.store.order(origin_id) if slot is Slot.INTENT else None
        intent = order.open_intent if order is not None and not order.frozen else None
        if order is None or order.record is None or intent is None or intent.job_id or intent.ambiguous_at is None:
            continue
        command, work = owner.command(order.record.command), UnitOfWork(owner.store)
        settle_sent(owner, work, order, command, NeedsReview(reason=REASON, sentence=_sentence(command), held=True))
        owner.commit(work, TransactionKind.SETTLE)
        asked += 1
    return asked


def _sentence(command: Command) -> str:
    return (
        f"Whether {command.system} had taken what was sent for this change order was not known when the relay's ledger "
        "was lost, and what it held before is not known any more either. Nothing is sent before a person decides. If "
        "the record is there, say `cor letters adopt` with its number or id; if it is not, or does not say what it "
        "should, say `cor letters resubmit`."
    )
