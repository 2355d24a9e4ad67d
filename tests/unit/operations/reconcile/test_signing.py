"""What is signed of a report, and what has changed since."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from operations.reconcile.books import StatedAmounts, SystemRead
from operations.reconcile.signing import SignOff, changes_since, lines_of, totals_of
from operations.reconcile.statement import ContractStatement, Reconciliation, sides_of
from operations.reconcile.table import facts_of
from tests.unit.operations.reconcile.test_rules import PRIME, SETTLED, compared
from tests.unit.workers.views.tables import AT

PROJECT = "constructiononline:acme/project:7"


def report(held: str = "250", *, subject: str = PROJECT, **more: Any) -> Reconciliation:
    contract = ContractStatement(
        place=PRIME,
        currency="USD",
        stated=StatedAmounts(),
        compared=(compared(PRIME, "250", "250", held, SETTLED),),
        **more,
    )
    reads = (SystemRead(system="procore", account="acme", at=AT),)
    return Reconciliation(
        subject=subject, names="Tower B (7)", as_of=AT, live=False, reads=reads, sides=sides_of([contract], {})
    )


def signed(of: Reconciliation, **more: Any) -> SignOff:
    made = SignOff(
        sign_off_id="s",
        who="anna",
        why="Month end",
        at=AT,
        as_of=of.as_of,
        digest="d",
        totals=tuple(totals_of(of)),
        lines=lines_of(of),
    )
    return replace(made, **more)


def test_what_cannot_be_told_is_not_zero_in_totals_lines_and_the_workbook() -> None:
    unread = report(cannot_tell="not read")
    (total,) = totals_of(unread)
    assert (total["held_approved"], total["source_approved"]) == (None, "250")
    assert list(lines_of(unread).values()) == [("250", "0", None, None)]
    assert ("owner, held, approved, USD", "cannot tell") in facts_of(unread, "UTC")
    assert ("owner, held, approved, USD", "250") in facts_of(report(), "UTC")


def test_what_cannot_be_told_has_not_changed() -> None:
    unread = report(cannot_tell="not read")
    assert not changes_since(signed(report()), unread)
    assert not changes_since(signed(unread), report())
    empty = replace(unread, sides=sides_of([replace(unread.sides[0].contracts[0], compared=())], {}))
    assert [one.what for one in changes_since(signed(report()), empty)] == ["approved in the source"]
    (change,) = changes_since(signed(report()), report("300"))
    assert (change.what, str(change.before), str(change.after)) == ("approved there", "250", "300")
