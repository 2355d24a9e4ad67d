"""Commands with their identities and hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relay.domain import identity
from relay.domain.commands import (
    CinxCommand,
    CinxPayload,
    Mode,
    Operation,
    ProcoreCommand,
    ProcorePayload,
    TargetCommand,
)
from relay.domain.events import ChangeOrderObserved, EventReference
from relay.domain.routes import CinxTarget, ProcoreTarget, RouteMode, Target

Payload = ProcorePayload | CinxPayload


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When and why an event is mapped.

    ``mapped_at`` is in whole milliseconds; ``letter_id`` is the letter that a redrive answers.
    ``reference`` is where the event stands.
    """

    mapped_at: datetime
    reference: EventReference | None = None
    letter_id: str | None = None


def in_milliseconds(moment: datetime) -> datetime:
    """Without what a command's ``mapped_at`` cannot carry over the wire."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def root_of(event: ChangeOrderObserved) -> str:
    """The change order that it all comes from: the event's own, unless we wrote the record."""
    if event.root is not None:
        return event.root
    root = identity.root_of(event.origin_id) if event.origin_id else None
    return root[0] if root else event.key


def build(
    event: ChangeOrderObserved,
    target: Target,
    occasion: Occasion,
    *,
    operation: Operation,
    mode: RouteMode = RouteMode.LIVE,
    payload: Payload | None = None,
    reason: str | None = None,
    unplaced: tuple[str, ...] = (),
    change_order_key: str | None = None,
    observed: dict[str, str] | None = None,
) -> TargetCommand:
    """One command to one target."""
    root = root_of(event)
    origin = identity.origin_id(root, target.name)
    payload_hash = identity.content_hash(payload)
    shared: dict[str, Any] = {
        "command_id": identity.command_id(event.event_id, origin, occasion.mapped_at, operation.value),
        "operation": operation,
        "change_order_key": change_order_key or event.key,
        "root": root,
        "system": target.system,
        "account": target.account,
        "target": target.name,
        "origin_id": origin,
        "project": event.project,
        "sequence": event.sequence,
        "mapped_at": occasion.mapped_at,
        "event": occasion.reference,
        "idempotency_key": identity.idempotency_key(
            target=f"{target.system}:{target.account}:{target.name}",
            destination=target.destination.name,
            origin=origin,
            operation=operation.value,
            sequence=event.sequence,
            payload_hash=payload_hash,
        ),
        "payload_hash": payload_hash,
        "mode": Mode.DRY_RUN if mode is RouteMode.DRY_RUN else Mode.LIVE,
        "reason": reason,
        "unplaced": unplaced,
        "letter_id": occasion.letter_id,
        "observed": observed,
    }
    return _of_target(target, payload, shared)


def _of_target(target: Target, payload: Payload | None, shared: dict[str, Any]) -> TargetCommand:
    if isinstance(target, ProcoreTarget) and not isinstance(payload, CinxPayload):
        return ProcoreCommand(destination=target.destination, rules=target.rules, payload=payload, **shared)
    if isinstance(target, CinxTarget) and not isinstance(payload, ProcorePayload):
        return CinxCommand(destination=target.destination, rules=target.rules, payload=payload, **shared)
    raise TypeError(f"a payload of another system for the target {target.name!r}")
