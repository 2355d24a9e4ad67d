"""What a contract is called and amounts to, as a look at it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from relay.clients.procore import Contract
from relay.domain.commands import ContractKind, ProcoreCommand
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.mapping import in_milliseconds
from relay.domain.sources.native_fields import LARGEST, PLACES

_KINDS = {
    ContractKind.PRIME: DirectoryKind.PRIME_CONTRACT,
    ContractKind.WORK_ORDER: DirectoryKind.SUBCONTRACT,
    ContractKind.PURCHASE_ORDER: DirectoryKind.PURCHASE_ORDER,
}


def contract_entry(
    contract: Contract | None, kind: ContractKind, command: ProcoreCommand, at: datetime
) -> DirectoryEntry:
    """The contract that the command's destination names, as it was read ``at``; a deleted one is absent, as is one that
    the list of its kind does not show (``None``).
    """
    entry = DirectoryEntry(
        system="procore",
        account=command.account,
        kind=_KINDS[kind],
        entry_id=str(command.destination.contract_id),
        read_at=in_milliseconds(at),
        project_id=str(command.destination.project_id),
        absent=contract is None or contract.deleted_at is not None,
    )
    return entry if contract is None else _as_shown(entry, contract)


def _as_shown(entry: DirectoryEntry, contract: Contract) -> DirectoryEntry:
    return replace(
        entry,
        number=contract.number,
        title=contract.title,
        vendor=contract.vendor,
        status=contract.status,
        currency=contract.currency,
        original_amount=_money(contract.original_amount),
        approved_changes=_money(contract.approved_changes),
        pending_changes=_money(contract.pending_changes),
        revised_amount=_money(contract.revised_amount),
    )


def _money(amount: Decimal | None) -> Decimal | None:
    return None if amount is None or amount.copy_abs() >= LARGEST else amount.quantize(PLACES)
