"""What a person decides about counts as long as there is something to decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from relay.domain.commands import Operation, ProcoreCommand
from relay.domain.ledger import Intent, LedgerEntry, OrderState
from relay.domain.mapping import map_event
from relay.domain.receiving import Reception, receive
from tests.unit.domain.mapping.samples import NOW, event, routing

AT = datetime(2026, 3, 1, tzinfo=UTC)


def decision(operation: Operation, letter_id: str | None) -> ProcoreCommand:
    (command,) = map_event(event(), routing(), NOW).commands
    assert isinstance(command, ProcoreCommand)
    return replace(command, operation=operation, letter_id=letter_id)


def entry(letters: tuple[str, ...] = (), *, review: bool = False) -> LedgerEntry:
    intent = Intent(origin_id="o", command_id="c", step="package", parts={}, bytes_hash="b", intended_at=AT, sent=True)
    return LedgerEntry(
        origin_id="o",
        change_order_key="k",
        destination="315/44021",
        seen_sequence=10,
        seen_mapped_at=AT,
        parts={},
        remote={},
        letters=letters,
        review=intent if review else None,
    )


@pytest.mark.parametrize("operation", [Operation.ADOPT, Operation.RESUBMIT])
@pytest.mark.parametrize(
    ("kept", "letter_id", "reception"),
    [
        (entry(review=True), None, Reception.TAKES_OVER),
        (entry(("l",)), "l", Reception.TAKES_OVER),
        (entry(("l",)), "other", Reception.SUPERSEDED),
        (entry(), "l", Reception.SUPERSEDED),
        (None, "l", Reception.SUPERSEDED),
    ],
)
def test_a_decision_counts_while_its_letter_or_a_review_is_open(
    operation: Operation, kept: LedgerEntry | None, letter_id: str | None, reception: Reception
) -> None:
    order = OrderState(entry=kept)
    assert receive(decision(operation, letter_id), order, lambda: None).reception is reception
