"""What becomes of a command at the moment it is received. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from relay.domain.commands import Command, Operation
from relay.domain.ledger import OrderState

P = TypeVar("P")


class Reception(StrEnum):
    """The first three end the command; ``waits`` makes it the next one.

    ``redelivered``: it waits or is current already, and nothing is said twice. ``takes_over``: it becomes the current
    one at once, since it decides about an intent in review.
    """

    SUPERSEDED = "superseded"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    WAITS = "waits"
    REDELIVERED = "redelivered"
    TAKES_OVER = "takes_over"


@dataclass(frozen=True, slots=True)
class Received(Generic[P]):
    """What becomes of a command, with the plan by which it is ``unchanged``."""

    reception: Reception
    plan: P | None = None


def receive(command: Command, order: OrderState, nothing_to_send: Callable[[], P | None]) -> Received[P]:
    """Decides what becomes of ``command``.

    ``nothing_to_send`` returns the plan that ends the command without a call, or ``None`` where there may be
    something to send. It is asked only while nothing is under way, so that ``unchanged`` is never said too early.
    A ``verify`` never waits for a person: it would stand in the way of the decision, which reads the record itself.
    """
    if _is_redelivered(command, order):
        return Received(Reception.REDELIVERED)
    if command.operation.is_decision:
        return Received(_decision(command, order))
    if command.operation is Operation.VERIFY:
        waits = order.is_quiet and order.entry is not None and not order.in_review
        return Received(Reception.WAITS if waits else Reception.SUPERSEDED)
    if order.newest is not None and command.version < order.newest:
        return Received(Reception.SUPERSEDED)
    if command.operation is Operation.WITHDRAW and order.never_sent:
        return Received(Reception.WITHDRAWN)
    plan = nothing_to_send() if order.is_quiet and not order.in_review else None
    return Received(Reception.WAITS) if plan is None else Received(Reception.UNCHANGED, plan)


def _is_redelivered(command: Command, order: OrderState) -> bool:
    kept = (order.waiting, order.current)
    return any(record is not None and record.command_id == command.command_id for record in kept)


def _decision(command: Command, order: OrderState) -> Reception:
    """A person's decision counts only while there is something to decide."""
    if not (order.in_review or _is_open(command.letter_id, order)) or order.current is not None:
        return Reception.SUPERSEDED
    return Reception.TAKES_OVER


def _is_open(letter_id: str | None, order: OrderState) -> bool:
    """Whether the letter that is answered is not settled; its question need not be about anything sent."""
    return letter_id is not None and order.entry is not None and letter_id in order.entry.letters
