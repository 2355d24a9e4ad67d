"""Commands to the Procore writer, as the mapper would write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from relay.domain.commands import (
    ContractKind,
    Operation,
    ProcoreCommand,
    ProcoreDestination,
    ProcoreLine,
    ProcorePayload,
    ProcoreRules,
)
from tests.commands import procore_command

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
    return procore_command(
        str(number),
        payload,
        DESTINATION,
        sequence=sequence,
        operation=Operation.APPLY if payload else Operation.WITHDRAW,
        account=ACCOUNT,
        command_id=f"{number}/{sequence}",
        mapped_at=START + timedelta(seconds=sequence),
        rules=ProcoreRules(package="per_change_order", existing="create"),
    )
