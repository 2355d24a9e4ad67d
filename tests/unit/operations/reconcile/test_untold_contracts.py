"""What is at a contract and cannot be told is a difference nowhere: not in the file, nor in any sum."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from operations.reconcile.books import StatedAmounts
from operations.reconcile.causes import Cause
from operations.reconcile.compare import Compared, Entry, compare
from operations.reconcile.evidence import Why
from operations.reconcile.statement import ContractStatement, Reconciliation, sides_of
from operations.reconcile.table import table_of
from tests.unit.operations.reconcile.test_rules import PRIME, SETTLED, compared, holding, money, share
from tests.unit.workers.views.tables import AT

MISSING = compare(
    Entry(
        place=PRIME,
        shares=(share(PRIME, "5000"),),
        written=holding(PRIME, "5000"),
        records=(),
        evidence=SETTLED,
        last_read=AT + timedelta(days=1),
    ),
    lambda _: Why(cause=Cause.NO_RULE, sentence=""),
)
NO_AMOUNT = compared(PRIME, "5000", "5000", "0", SETTLED, total=None)


@pytest.mark.parametrize("untold", [MISSING, NO_AMOUNT], ids=["no record", "no amount"])
def test_what_cannot_be_told_is_no_difference(untold: Compared) -> None:
    shown = _report(untold, cannot_tell="not read")
    (side,) = shown.sides
    assert (side.unreconciled, side.gross_unreconciled) == (None, money())
    (row,) = table_of(shown, None).rows
    assert (row[6], row[7], [value for value in row if isinstance(value, Decimal)]) == ("Cannot tell", "not read", [])
    assert not shown.is_reconciled


def test_what_can_be_told_is_one() -> None:
    shown = _report(MISSING)
    (side,) = shown.sides
    assert (side.unreconciled, side.gross_unreconciled) == (money(-5000), money(5000))
    (row,) = table_of(shown, None).rows
    assert [value for value in row if isinstance(value, Decimal)] == [Decimal(-5000)]


def _report(found: Compared, cannot_tell: str | None = None) -> Reconciliation:
    contract = ContractStatement(
        place=PRIME, currency="USD", stated=StatedAmounts(), compared=(found,), cannot_tell=cannot_tell
    )
    return Reconciliation(subject="s", names="P", as_of=AT, live=False, reads=(), sides=sides_of([contract], {}))
