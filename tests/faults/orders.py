"""Commands to the Procore writer, as the mapper would write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from relay.domain import identity
from relay.domain.commands import (
    ContractKind,
    Operation,
    ProcoreCommand,
    ProcoreDestination,
    ProcoreLine,
    ProcorePayload,
    ProcoreRules,
)

ACCOUNT = "acme"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
DESTINATION = ProcoreDestination(project_id=315, contract_id=44021, contract=ContractKind.WORK_ORDER, tiers=2)


def change_order(number: int, sequence: int, *, status: str = "pending", lines: int = 2) -> ProcoreCommand:
    """Revision ``sequence`` of change order ``number``; its title, amounts and lines tell the revision."""
    payload = ProcorePayload(
        title=f"Change {number} revision {sequence}",
        status=status,
        number=f"T-{number}",
        description=f"Revision {sequence}",
        lines=tuple(_line(number, sequence, at) for at in range(1, lines + 1)),
    )
    return _command(number, sequence, payload)


def withdrawal(number: int, sequence: int) -> ProcoreCommand:
    """It is not carried any more."""
    return _command(number, sequence, None)


def _line(number: int, sequence: int, at: int) -> ProcoreLine:
    return ProcoreLine(
        item_id=str(at),
        position=at,
        description=f"Line {at} of {number}",
        amount=Decimal(100 * number + 10 * at + sequence),
    )


def _command(number: int, sequence: int, payload: ProcorePayload | None) -> ProcoreCommand:
    key = identity.change_order_key("constructiononline", "acme", str(number))
    origin = identity.origin_id(key, "main")
    operation = Operation.APPLY if payload else Operation.WITHDRAW
    payload_hash = identity.content_hash(payload)
    return ProcoreCommand(
        command_id=f"{number}/{sequence}",
        operation=operation,
        change_order_key=key,
        root=key,
        system="procore",
        account=ACCOUNT,
        target="main",
        origin_id=origin,
        project="1321036",
        sequence=sequence,
        mapped_at=START + timedelta(seconds=sequence),
        event=None,
        idempotency_key=identity.idempotency_key(
            target="main",
            destination=DESTINATION.name,
            origin=origin,
            operation=operation.value,
            sequence=sequence,
            payload_hash=payload_hash,
        ),
        payload_hash=payload_hash,
        destination=DESTINATION,
        rules=ProcoreRules(package="per_change_order", existing="create"),
        payload=payload,
    )
