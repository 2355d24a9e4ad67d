"""Prime contracts are the owner's; all else is cost."""

from __future__ import annotations

import pytest

from relay.domain.commands import CinxDestination, ContractKind, ProcoreDestination
from relay.domain.directory import DirectoryKind
from relay.domain.side import Side, side_of, side_of_kind


@pytest.mark.parametrize("kind", ContractKind)
def test_of_the_contracts_prime_ones_alone_are_the_owners(kind: ContractKind) -> None:
    contract = ProcoreDestination(project_id=315, contract_id=44023, contract=kind, tiers=1)
    assert side_of(contract) is (Side.OWNER if kind is ContractKind.PRIME else Side.COST)


def test_a_purchase_order_of_cinx_is_cost() -> None:
    assert side_of(CinxDestination(purchase_order="PO-123")) is Side.COST


@pytest.mark.parametrize(
    ("kind", "side"),
    [
        (DirectoryKind.PRIME_CONTRACT, Side.OWNER),
        ("prime_contract", Side.OWNER),
        (DirectoryKind.SUBCONTRACT, Side.COST),
        (DirectoryKind.PURCHASE_ORDER, Side.COST),
        (None, Side.COST),
    ],
)
def test_the_directory_tells_the_side_by_the_kind(kind: str | None, side: Side) -> None:
    assert side_of_kind(kind) is side
