"""Where the change orders of the mock go, and what projects and contracts are called there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from relay.domain.change_order import Classification
from relay.domain.commands import CinxDestination, ContractKind, ProcoreDestination
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.routes import CinxTarget, Match, ProcoreTarget, Route, RouteMode, Routing, Source, Unrouted

NAME = "mock"
"""Of the account at every system."""

PURCHASE_ORDER = "PO-124"
CONTRACTS = {410001: (315, 44023), 410002: (316, 44031), 410003: (317, 44044)}
"""Procore's project and contract for the projects at the source; the fourth has no route."""

_ORIGINAL = Decimal("4800000.00")
_NOTHING = Decimal(0)


def routing() -> Routing:
    material = Match(classifications=(Classification.MATERIAL,))
    return Routing(
        routes=tuple(
            Route(
                source=Source(system="constructiononline", account=NAME, project=str(project)),
                mode=RouteMode.LIVE,
                targets=(
                    ProcoreTarget(
                        name="owner",
                        account=NAME,
                        destination=ProcoreDestination(
                            project_id=at_procore, contract_id=contract, contract=ContractKind.PRIME, tiers=2
                        ),
                    ),
                    CinxTarget(
                        name="steel",
                        account=NAME,
                        destination=CinxDestination(purchase_order=PURCHASE_ORDER),
                        match=material,
                    ),
                ),
            )
            for project, (at_procore, contract) in CONTRACTS.items()
        ),
        unrouted={f"constructiononline:{NAME}": Unrouted.SKIP},
    )


def directory(at: datetime, projects: Iterable[tuple[int, str]]) -> Iterator[DirectoryEntry]:
    for project, title in projects:
        yield DirectoryEntry(
            system="constructiononline",
            account=NAME,
            kind=DirectoryKind.PROJECT,
            entry_id=str(project),
            read_at=at,
            title=title,
        )
        if project in CONTRACTS:
            at_procore, contract = CONTRACTS[project]
            yield DirectoryEntry(
                system="procore",
                account=NAME,
                kind=DirectoryKind.PRIME_CONTRACT,
                entry_id=str(contract),
                read_at=at,
                project_id=str(at_procore),
                number=f"{at_procore}-01",
                title=title,
                status="Approved",
                currency="USD",
                original_amount=_ORIGINAL,
                approved_changes=_NOTHING,
                pending_changes=_NOTHING,
                revised_amount=_ORIGINAL,
            )
    yield DirectoryEntry(
        system="cinx",
        account=NAME,
        kind=DirectoryKind.PURCHASE_ORDER,
        entry_id=PURCHASE_ORDER,
        read_at=at,
        number=PURCHASE_ORDER,
        title="Reinforcing steel",
        vendor="Granite Supply",
        status="Accepted",
        currency="USD",
        original_amount=Decimal("310000.00"),
    )
