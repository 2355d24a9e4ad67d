"""What waits while a letter is open: of the record that it holds, what people know it by, and its amount."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from relay.domain.commands import CinxCommand, ProcoreCommand, TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.quantities import product, roundings
from relay.domain.side import Side, side_of

HeldRecord = ChangeOrderObserved | TargetCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingAmount:
    """``project`` is the source's id. ``amount``: of the lines that were to be written, or the client price of the
    change order as a whole; ``None``: not known. ``side``: whose it is.
    """

    project: str | None = None
    number: str | None = None
    title: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    side: Side | None = None


def waiting_amount(held: HeldRecord | None) -> WaitingAmount:
    """Of the record that a letter holds; ``None``: it could not be read."""
    match held:
        case ChangeOrderObserved(change_order=shown):
            return WaitingAmount(
                project=held.project,
                number=shown.number,
                title=shown.title,
                amount=shown.client_price,
                currency=shown.currency,
                side=Side.OWNER,
            )
        case ProcoreCommand(payload=None) | CinxCommand(payload=None):
            return WaitingAmount(project=held.project)
        case ProcoreCommand(payload=payload) if payload is not None:
            return WaitingAmount(
                project=held.project,
                number=payload.number,
                title=payload.title,
                amount=sum((line.amount for line in payload.lines), Decimal(0)),
                currency=payload.currency,
                side=side_of(held.destination),
            )
        case CinxCommand(payload=payload) if payload is not None:
            amounts = (roundings(product(line.quantity, line.unit_price))[0] for line in payload.lines)
            return WaitingAmount(
                project=held.project,
                number=payload.number,
                title=payload.title,
                amount=sum(amounts, Decimal(0)),
                currency=payload.currency,
                side=side_of(held.destination),
            )
    return WaitingAmount()
