"""Commands of both targets, made once for all tests. Identity, hashes and keys follow from what a test states."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from relay.domain import identity
from relay.domain.commands import (
    CinxCommand,
    CinxDestination,
    CinxPayload,
    Operation,
    ProcoreCommand,
    ProcoreDestination,
    ProcorePayload,
)

MAPPED_AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def procore_command(
    change_order: str,
    payload: ProcorePayload | None,
    destination: ProcoreDestination,
    *,
    sequence: int = 1,
    operation: Operation = Operation.APPLY,
    target: str = "main",
    **more: Any,
) -> ProcoreCommand:
    """A command about ConstructionOnline's change order ``change_order`` of the account ``acme``."""
    stated = _stated("procore", change_order, payload, destination.name, sequence, operation, target, more)
    return ProcoreCommand(**stated, destination=destination, payload=payload)


def cinx_command(
    change_order: str,
    payload: CinxPayload | None,
    purchase_order: str,
    *,
    sequence: int = 1,
    operation: Operation = Operation.APPLY,
    target: str = "steel",
    **more: Any,
) -> CinxCommand:
    """A command about ConstructionOnline's change order ``change_order`` of the account ``acme``."""
    stated = _stated("cinx", change_order, payload, purchase_order, sequence, operation, target, more)
    return CinxCommand(**stated, destination=CinxDestination(purchase_order=purchase_order), payload=payload)


def _stated(
    system: str,
    change_order: str,
    payload: object,
    destination: str,
    sequence: int,
    operation: Operation,
    target: str,
    more: dict[str, Any],
) -> dict[str, Any]:
    root = identity.change_order_key("constructiononline", "acme", change_order)
    origin = identity.origin_id(root, target)
    account = more.get("account", "acme")
    payload_hash = identity.content_hash(payload)
    key = identity.idempotency_key(
        target=f"{system}:{account}:{target}",
        destination=destination,
        origin=origin,
        operation=operation.value,
        sequence=sequence,
        payload_hash=payload_hash,
    )
    stated: dict[str, Any] = {
        "system": system,
        "target": target,
        "operation": operation,
        "sequence": sequence,
        "command_id": f"{change_order}/{sequence}/{operation.value}",
        "change_order_key": root,
        "root": root,
        "account": account,
        "origin_id": origin,
        "project": "1321036",
        "mapped_at": MAPPED_AT,
        "event": None,
        "payload_hash": payload_hash,
        "idempotency_key": key,
    }
    return stated | more
