"""Who pays: the two sides of money, which are never added up."""

from __future__ import annotations

from enum import StrEnum

from relay.domain.commands import CinxDestination, ContractKind, ProcoreDestination
from relay.domain.directory import DirectoryKind


class Side(StrEnum):
    """The owner pays by prime contracts, at the client price; commitments and purchase orders are cost."""

    OWNER = "owner"
    COST = "cost"


def side_of(destination: ProcoreDestination | CinxDestination) -> Side:
    """The side of what a target or a command writes to."""
    is_prime = isinstance(destination, ProcoreDestination) and destination.contract is ContractKind.PRIME
    return Side.OWNER if is_prime else Side.COST


def side_of_kind(kind: str | None) -> Side:
    """The same by what the directory calls its kind (:class:`DirectoryKind`); ``None``: it does not know it."""
    return Side.OWNER if kind == DirectoryKind.PRIME_CONTRACT else Side.COST
