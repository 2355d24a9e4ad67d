"""A report for machines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from operations.json_values import plain
from operations.reconcile.amounts import Amounts
from operations.reconcile.compare import ReconcilingItem
from operations.reconcile.signing import SignOff, changes_since
from operations.reconcile.statement import ContractStatement, Reconciliation, SideStatement


def as_object(report: Reconciliation, signed: SignOff | None) -> dict[str, Any]:
    """Amounts as text with four places, times in UTC. Where something cannot be told, it is null."""
    return {
        "project": report.names,
        "subject": report.subject,
        "as_of": plain(report.as_of),
        "live": report.live,
        "reconciled": report.is_reconciled,
        "calls": report.calls,
        "reads": plain(report.reads),
        "sides": [_side(side) for side in report.sides],
        "signed_off": _signed(report, signed),
    }


def _side(side: SideStatement) -> dict[str, Any]:
    return {
        "side": side.side,
        "currency": side.currency,
        "source": _amounts(side.source),
        "expected": _amounts(side.expected),
        "held": _amounts(side.held) if side.unreconciled is not None else None,
        "unreconciled": _amounts(side.unreconciled) if side.unreconciled is not None else None,
        "gross_unreconciled": _amounts(side.gross_unreconciled),
        "gross_items": _amounts(side.gross_items),
        "not_counted": [{**plain(one), "amount": _money(one.amount)} for one in side.not_counted],
        "contracts": [_contract(contract) for contract in side.contracts],
    }


def _contract(contract: ContractStatement) -> dict[str, Any]:
    known = contract.cannot_tell is None
    return {
        "system": contract.place.system,
        "account": contract.place.account,
        "project": contract.place.project,
        "contract": contract.place.contract,
        "number": contract.stated.number,
        "title": contract.stated.title,
        "currency": contract.currency,
        "source": _amounts(contract.source),
        "expected": _amounts(contract.expected),
        "held": _amounts(contract.held) if known else None,
        "cannot_tell": contract.cannot_tell,
        "unknown_amounts": contract.unknown,
        "items": [_item(item) for item in contract.items],
        "unexplained": [
            {
                **_amounts(one.difference),
                "change_order_key": one.key,
                "number": one.number,
                "remote_number": one.remote_number,
            }
            for one in contract.unexplained
        ],
        "in_no_package": _amounts(contract.in_no_package) if known else None,
        "stated": plain(contract.stated),
        "tie": _money(contract.tie) if known else None,
    }


def _item(item: ReconcilingItem) -> dict[str, Any]:
    return {
        "cause": item.cause.value,
        "sentence": item.sentence,
        **_amounts(item.effect),
        "change_order_key": item.key,
        "number": item.number,
        "title": item.title,
        "since": plain(item.since),
        "source_amount": _money(item.source),
        "written_amount": _money(item.written),
        "held_amount": _money(item.held),
        "remote_number": item.remote_number,
    }


def _amounts(amounts: Amounts) -> dict[str, str]:
    return {"approved": f"{amounts.approved:.4f}", "pending": f"{amounts.pending:.4f}"}


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.4f}"


def _signed(report: Reconciliation, signed: SignOff | None) -> dict[str, Any] | None:
    if signed is None:
        return None
    return {
        "who": signed.who,
        "why": signed.why,
        "at": plain(signed.at),
        "as_of": plain(signed.as_of),
        "digest": signed.digest,
        "reconciled": signed.reconciled,
        "not_of": signed.not_of(report.subject),
        "totals": plain(list(signed.totals)),
        "changed_since": plain(changes_since(signed, report)),
    }
