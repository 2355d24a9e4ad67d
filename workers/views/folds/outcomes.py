"""Outcomes: each of them, and for each destination the newest that tells its state, amount, records and facts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.routes import Routing
from workers.views.amounts import milliseconds, ten_thousandths
from workers.views.folds import Decoded
from workers.views.tables import DESTINATIONS, OUTCOMES
from workers.views.upserts import NEVER, keep_newest

_SAYS_NO_STATE = frozenset({OutcomeKind.REMOTE_STATUS, OutcomeKind.SUPERSEDED})
"""News of the remote's own, and the end of what something newer takes the place of."""
_RECORDS = ("potential_change_order", "poco")
_PACKAGES = ("change_order_package", "package")
_GROUPS = {
    "state_offset": ("state", "reason", "sentence", "letter_id", "state_at"),
    "amount_offset": ("amount", "currency", "amount_at"),
    "record_offset": ("record_number", "record_id", "record_link"),
    "package_offset": ("package_number", "package_id"),
    "facts_offset": ("facts", "facts_at", "remote_status", "executed", "erp_state", "remote_package"),
}
_LONGEST = 400
_OF_ITS_OWN = {"outcome_id", "offset"}


def fold(connection: Connection, read: Sequence[Decoded[ChangeOrderOutcome]], routing: Routing) -> None:
    """Takes outcomes over."""
    told = [(one.value, one.record.offset) for one in read if one.value is not None]
    columns = [column.name for column in OUTCOMES.c if column.name not in _OF_ITS_OWN]
    keep_newest(connection, OUTCOMES, [_outcome(*one) for one in told], {"offset": columns})
    rows = [_destination(outcome, offset) for outcome, offset in told if outcome.origin_id is not None]
    keep_newest(connection, DESTINATIONS, rows, _GROUPS)


def _outcome(outcome: ChangeOrderOutcome, offset: int) -> dict[str, Any]:
    return {
        "outcome_id": outcome.outcome_id,
        "offset": offset,
        "at": milliseconds(outcome.at),
        "sequence": outcome.sequence,
        "amount": ten_thousandths(outcome.amount),
        "kind": outcome.kind.value,
        "stage": outcome.stage,
        "change_order_key": outcome.change_order_key,
        "system": outcome.system,
        "account": outcome.account,
        "target": outcome.target,
        "origin_id": outcome.origin_id,
        "command_id": outcome.command_id,
        "reason": outcome.reason,
        "sentence": outcome.sentence,
        "letter_id": outcome.letter_id,
        "currency": outcome.currency,
        "changed_parts": json.dumps(outcome.changed_parts),
        "facts": None if outcome.facts is None else json.dumps(outcome.facts, sort_keys=True),
    }


def _destination(outcome: ChangeOrderOutcome, offset: int) -> dict[str, Any]:
    record, package = _first(outcome.remote, _RECORDS), _first(outcome.remote, _PACKAGES)
    says_state = outcome.kind not in _SAYS_NO_STATE
    at, facts = milliseconds(outcome.at), outcome.facts or {}
    return {
        "origin_id": outcome.origin_id,
        "change_order_key": outcome.change_order_key,
        "target": outcome.target,
        "system": outcome.system,
        "account": outcome.account,
        "state": outcome.kind.value if says_state else None,
        "reason": outcome.reason if says_state else None,
        "sentence": outcome.sentence if says_state else None,
        "letter_id": outcome.letter_id if says_state else None,
        "state_at": at if says_state else None,
        "state_offset": offset if says_state else NEVER,
        "amount": ten_thousandths(outcome.amount),
        "currency": None if outcome.amount is None else outcome.currency,
        "amount_at": None if outcome.amount is None else at,
        "amount_offset": NEVER if outcome.amount is None else offset,
        "record_number": _cut(record.number) if record else None,
        "record_id": _cut(record.remote_id) if record else None,
        "record_link": record.url if record else None,
        "record_offset": offset if record else NEVER,
        "package_number": _cut(package.number) if package else None,
        "package_id": package.remote_id if package else None,
        "package_offset": offset if package else NEVER,
        "facts": None if outcome.facts is None else json.dumps(outcome.facts, sort_keys=True),
        "facts_at": None if outcome.facts is None else at,
        "facts_offset": NEVER if outcome.facts is None else offset,
        "remote_status": facts.get("status"),
        "executed": facts.get("executed"),
        "erp_state": facts.get("erp_status"),
        "remote_package": facts.get("package"),
    }


def _cut(text: str | None) -> str | None:
    """What is looked for by has an end, as the databases' indices ask."""
    return None if text is None else text[:_LONGEST]


def _first(records: Sequence[RemoteRecord], kinds: Sequence[str]) -> RemoteRecord | None:
    return next((record for record in records if record.kind in kinds), None)
