"""What the source says of a change order at each place: the shares of today's routes, and what none of them takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from operations.reconcile.amounts import BUCKETS, NOTHING, as_status
from operations.reconcile.books import Place, SourceShare
from operations.reconcile.causes import Cause
from operations.reconcile.evidence import ToldOutcome, Why, refused
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.mapping.decision import Refusal, Skip
from relay.domain.mapping.events import map_event, why_none_is_asked
from relay.domain.mapping.splitting import TOLERANCE, items_of
from relay.domain.outcomes import OutcomeKind
from relay.domain.routes import Routing
from relay.domain.side import Side
from workers.views.amounts import decimal_of
from workers.views.shares import NO_TARGET, shares_of

NOT_ITEMIZED = "\N{INFORMATION SEPARATOR ONE}not itemized"
"""In the place of a target: what the header has beyond its items."""
UNDIVIDED = "\N{INFORMATION SEPARATOR ONE}undivided"
"""In the place of a target: what could not be divided among the targets, since the change order does not add up."""
_DOES_NOT_ADD_UP = (".remainder", ".amount_missing")


def source_shares_of(event: ChangeOrderObserved, routing: Routing) -> list[SourceShare]:
    """All of them. On each side their amounts are the amount of the change order, where the source states it.

    A record of ours has those alone that are carried on of it: its money is its root's.
    """
    rows = [row for row in shares_of(event, routing) if row["target"] != NO_TARGET]
    found = [share for side in Side for share in _of_side(event, side, [row for row in rows if row["side"] == side])]
    return found if event.origin_id is None else carried_on(found)


def carried_on(shares: Iterable[SourceShare]) -> list[SourceShare]:
    """The shares of a record that stands at another contract of the report."""
    return [replace(share, carried_on=True) for share in shares if share.place.is_contract]


def _of_side(event: ChangeOrderObserved, side: Side, rows: list[Mapping[str, Any]]) -> Iterator[SourceShare]:
    total = event.change_order.client_price if side is Side.OWNER else event.change_order.cost
    amounts = [decimal_of(row["amount"]) for row in rows]
    for row, amount in zip(rows, amounts, strict=True):
        yield _share(event, _place(side, row), row["target"], amount, origin_id=row["origin_id"], carried=row["status"])
    if total is None:
        if None in amounts or not rows:
            yield _share(event, Place(side=side.value), NO_TARGET, None)
        return
    left = total - sum((amount for amount in amounts if amount is not None), Decimal(0))
    for target, amount in _left_over(event, side, left, whole=None not in amounts):
        yield _share(event, Place(side=side.value), target, amount)


def _left_over(event: ChangeOrderObserved, side: Side, left: Decimal, *, whole: bool) -> Iterator[tuple[str, Decimal]]:
    beyond = _beyond_items(event, side) if whole else Decimal(0)
    if beyond and (left == beyond or abs(beyond) <= TOLERANCE):
        yield NOT_ITEMIZED, beyond
        left -= beyond
    if left:
        yield (NO_TARGET if whole else UNDIVIDED), left


def _beyond_items(event: ChangeOrderObserved, side: Side) -> Decimal:
    """What the header's amount is beyond the sum of the items; nothing where that cannot be told."""
    shown = event.change_order
    if side is Side.OWNER:
        total, amounts = shown.client_price, [item.client_price for item in items_of(shown)]
    else:
        total, amounts = shown.cost, [item.cost for item in items_of(shown)]
    known = [amount for amount in amounts if amount is not None]
    if total is None or len(known) < len(amounts):
        return Decimal(0)
    return total - sum(known, Decimal(0))


def _place(side: Side, row: Mapping[str, Any]) -> Place:
    return Place(
        side=side.value,
        system=row["system"],
        account=row["account"],
        project=row["project_id"] or "",
        contract=row["contract"] or "",
    )


def _share(
    event: ChangeOrderObserved,
    place: Place,
    target: str,
    amount: Decimal | None,
    *,
    origin_id: str | None = None,
    carried: str | None = None,
) -> SourceShare:
    shown = event.change_order
    deleted = event.change is Change.DELETED
    says = NOTHING if amount is None or deleted else as_status(amount, shown.status)
    return SourceShare(
        key=event.key,
        number=shown.number,
        title=shown.title,
        place=place,
        target=target,
        origin_id=origin_id,
        currency=shown.currency,
        status="deleted" if deleted else shown.status.value,
        amount=amount,
        says=says,
        seen=says,
        status_meant=carried,
        items=max(1, len(shown.items)),
        event=event,
        since=event.observed_at,
        unknown=not place.is_contract and amount is None and counts(event),
    )


def counts(event: ChangeOrderObserved) -> bool:
    """Whether a change order is in the totals at all."""
    return event.change is not Change.DELETED and event.change_order.status in BUCKETS


def merged(seen: Iterable[SourceShare], live: Iterable[SourceShare] | None) -> list[SourceShare]:
    """What was observed, with what the source says now; without ``live``, as it was observed, and so is what is carried
    on from a record.
    """
    observed = {(share.key, share.place, share.target): share for share in seen}
    if live is None:
        return list(observed.values())
    now = {(share.key, share.place, share.target): share for share in live if not share.carried_on}
    now |= {name: share for name, share in observed.items() if share.carried_on}
    found = [
        replace(
            share,
            says=now[name].says,
            amount=now[name].amount,
            status=now[name].status,
            unknown=now[name].unknown,
        )
        if name in now
        else replace(share, says=NOTHING, unknown=False)
        for name, share in observed.items()
    ]
    return found + [replace(share, seen=NOTHING, event=None) for name, share in now.items() if name not in observed]


def why_nowhere(share: SourceShare, routing: Routing) -> Why:
    """Why no destination takes what is left over of a change order."""
    event = share.event
    if event is None or share.target == NOT_ITEMIZED:
        words = "The amount of the change order is not the sum of its items: nothing carries the rest."
        return Why(cause=Cause.NOT_ITEMIZED, sentence=words, since=share.since)
    for piece in _said_of(share, event, routing):
        kind = OutcomeKind.REJECTED if isinstance(piece, Refusal) else OutcomeKind.SKIPPED
        return refused(_as_told(event, kind, piece.reason, piece.sentence))
    words = "No rule of a route takes this part of it."
    return Why(cause=Cause.NO_RULE, sentence=words, since=share.since)


def _said_of(share: SourceShare, event: ChangeOrderObserved, routing: Routing) -> list[Skip | Refusal]:
    """Targets are asked only where one of them may be why: what they would write is much to make of each."""
    if share.target != UNDIVIDED and event.origin_id is None:
        return why_none_is_asked(event, routing)
    decision = map_event(event, routing, event.observed_at)
    # What one target refuses says nothing of what none takes.
    refusals = [
        one
        for one in decision.refusals
        if one.origin_id is None or (share.target == UNDIVIDED and one.reason.endswith(_DOES_NOT_ADD_UP))
    ]
    return [*refusals, *decision.skips]


def _as_told(event: ChangeOrderObserved, kind: OutcomeKind, reason: str, sentence: str) -> ToldOutcome:
    return ToldOutcome(
        kind=kind,
        at=event.observed_at,
        sequence=event.sequence,
        origin_id=None,
        reason=reason,
        sentence=sentence,
        letter_id=None,
    )
