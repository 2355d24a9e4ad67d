"""What people do at the remotes is named, one by one, and adds up to the difference to the cent."""

from __future__ import annotations

from tests.integration.reconcile.conftest import Company, Desk

ZERO = {"approved": "0", "pending": "0"}


def test_all_that_is_carried_reconciles(company: Company, desk: Desk) -> None:
    company.order(1, price=[100, 250])
    company.order(2, condition=0, price=80)
    company.carry()
    ended = desk.reconcile()
    print(ended.out)
    assert ended.code == 0, ended.out
