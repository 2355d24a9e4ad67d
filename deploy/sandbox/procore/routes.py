"""Which path goes to which handler, and the status that its documentation gives to missing rights.

Source: the published endpoint reference. Nested paths such as ``/projects/{id}/change_order_packages``, which some
public clients use, are not in it and answer 404.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from deploy.sandbox.procore.endpoints import account, contracts, lines, modern, packages, pcos, requests
from deploy.sandbox.procore.incoming import Handler
from deploy.sandbox.procore.records import ContractKind, Side

V1: Final = "/rest/v1.0"


@dataclass(frozen=True)
class Route:
    """One endpoint; ``denied`` and ``invalid`` are the documented statuses for missing rights and broken rules."""

    method: str
    path: re.Pattern[str]
    handler: Handler
    denied: int = 403
    invalid: int | None = None
    """Nothing stands for the settings' status."""


def route(method: str, path: str, handler: Handler, denied: int = 403) -> Route:
    """A route whose ``*`` are ids."""
    return Route(method, re.compile(re.escape(path).replace(r"\*", r"(\d{1,19})")), handler, denied)


def account_routes() -> Iterator[Route]:
    """The account and the lists of the company."""
    yield route("GET", f"{V1}/me", account.me)
    yield route("GET", f"{V1}/companies", account.companies)
    yield route("GET", f"{V1}/projects", account.projects)
    yield route("GET", f"{V1}/projects/*", account.project)
    yield route("GET", f"{V1}/line_item_types", account.line_item_types)
    yield route("GET", f"{V1}/cost_codes", account.cost_codes)
    yield route("GET", f"{V1}/companies/*/uoms", account.uoms)
    yield route("GET", f"{V1}/change_order_change_reasons", account.change_reasons)
    yield route("GET", "/rest/v2.0/companies/*/change_order_change_reasons", account.change_reasons_v2)
    yield route("GET", f"{V1}/change_order/statuses", account.statuses)


def contract_routes() -> Iterator[Route]:
    """Contracts of all kinds."""
    kinds: dict[str, ContractKind] = {
        "work_order_contracts": "work_order",
        "purchase_order_contracts": "purchase_order",
        "prime_contracts": "prime",
    }
    for name, kind in kinds.items():
        yield route("GET", f"{V1}/{name}", contracts.listed(kind))
        yield route("GET", f"{V1}/{name}/*", contracts.shown(kind))
    yield route("GET", f"{V1}/prime_contract", contracts.first_prime)
    yield route("GET", f"{V1}/commitments", contracts.commitments)
    yield route("GET", f"{V1}/commitments/*", contracts.commitment)


def pco_routes() -> Iterator[Route]:
    """Potential change orders and their line items."""
    base = f"{V1}/potential_change_orders"
    yield route("GET", base, pcos.listed, denied=404)
    yield route("POST", base, pcos.created)
    yield route("PATCH", f"{base}/sync", pcos.synced, denied=401)
    yield route("GET", f"{base}/*", pcos.shown)
    yield route("PATCH", f"{base}/*", pcos.changed)
    yield route("GET", f"{base}/*/line_items", lines.listed)
    yield route("POST", f"{base}/*/line_items", lines.created)
    yield route("PATCH", f"{base}/*/line_items/sync", lines.synced)
    yield route("GET", f"{base}/*/line_items/*", lines.shown)
    yield route("PATCH", f"{base}/*/line_items/*", lines.changed)
    yield route("DELETE", f"{base}/*/line_items/*", lines.deleted)


def upper_routes() -> Iterator[Route]:
    """Packages and requests."""
    package, request = f"{V1}/change_order_packages", f"{V1}/change_order_requests"
    yield route("GET", package, packages.listed)
    yield route("POST", package, packages.created)
    yield route("GET", f"{package}/*", packages.shown)
    yield route("PATCH", f"{package}/*", packages.changed)
    yield route("GET", request, requests.listed, denied=404)
    yield route("POST", request, requests.created)
    yield route("PATCH", f"{request}/sync", requests.synced, denied=404)
    yield route("GET", f"{request}/*", requests.shown)
    yield route("PATCH", f"{request}/*", requests.changed)


def modern_routes() -> Iterator[Route]:
    """Commitment and prime change orders and their batches."""
    sides: tuple[Side, ...] = ("commitment", "prime")
    for side in sides:
        one = f"{V1}/projects/*/{side}_change_orders"
        yield route("GET", one, modern.listed(side))
        yield route("POST", one, modern.created(side))
        yield route("GET", f"{one}/*", modern.shown(side))
        yield route("PATCH", f"{one}/*", modern.changed(side))
        yield route("DELETE", f"{one}/*", modern.deleted(side))
        batch = f"{V1}/projects/*/{side}_change_order_batches"
        yield route("GET", batch, modern.batches_listed(side))
        yield route("POST", batch, modern.batch_created(side))
        yield route("GET", f"{batch}/*", modern.batch_shown(side))
        yield route("PATCH", f"{batch}/*", modern.batch_changed(side))
        yield route("DELETE", f"{batch}/*", modern.batch_deleted(side))


ROUTES: Final = (
    *account_routes(),
    *contract_routes(),
    *pco_routes(),
    *upper_routes(),
    *(replace(one, invalid=422) for one in modern_routes()),
)
