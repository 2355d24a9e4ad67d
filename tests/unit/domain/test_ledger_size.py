from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from relay.domain.commands import ContractKind, ProcoreDestination, ProcoreLine, ProcorePayload
from relay.domain.ledger import Intent, LedgerEntry, Part, new_entry
from relay.domain.ledger_size import entry_size, estimated_entry_size
from relay.engine.record_codec import record_codec
from relay.engine.topics import PROCORE
from tests.commands import procore_command

DESTINATION = ProcoreDestination(project_id=315, contract_id=44021, contract=ContractKind.WORK_ORDER, tiers=2)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def entry_of(lines: int, item_id: str) -> tuple[int, LedgerEntry]:
    """The estimate for a command of so many lines, and the fullest entry that it can come to."""
    items = tuple(
        ProcoreLine(item_id=f"{item_id}{at}", position=at, description="", amount=Decimal(1)) for at in range(lines)
    )
    command = procore_command("1", ProcorePayload(title="t", status="pending", lines=items), DESTINATION)
    names = [f"item:{line.item_id}" for line in items]
    parts = dict.fromkeys(names, "0" * 24)
    intent = Intent(
        origin_id=command.origin_id,
        command_id=command.command_id,
        step="lines",
        parts=parts,
        bytes_hash="0" * 64,
        intended_at=NOW,
        sent=True,
    )
    remote = {f"line:{line.item_id}": "598134325500032" for line in items}
    entry = replace(
        new_entry(command),
        parts={name: Part(hash=found) for name, found in parts.items()},
        remote=remote,
        review=intent,
    )
    return estimated_entry_size(command), entry


@pytest.mark.parametrize("lines", [0, 1, 1000])
@pytest.mark.parametrize("item_id", ["", "x" * 200, "é" * 100])
def test_no_entry_is_larger_than_was_estimated(lines: int, item_id: str) -> None:
    estimated, entry = entry_of(lines, item_id)
    written = len(record_codec().encode(entry, PROCORE.ledger.base))
    assert written <= estimated
    assert entry_size(replace(entry, review=None)) > written / 4
