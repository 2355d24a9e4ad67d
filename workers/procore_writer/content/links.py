"""Addresses of Procore's own pages, for people.

Source: Procore docs, "Building Procore Side Panel Applications" (URL paths of the views). A
commitment's potential change order is addressed like its package there, by analogy with the prime
contract's.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from relay.domain.commands import ContractKind, ProcoreDestination

_CONTRACTS = {
    ContractKind.PRIME: "prime_contracts",
    ContractKind.WORK_ORDER: "commitments/work_order_contracts",
    ContractKind.PURCHASE_ORDER: "commitments/purchase_order_contracts",
}


def web_url(api_url: str) -> str:
    """The host of the pages that belongs to an API host; of an unknown host the API host itself."""
    parts = urlsplit(api_url)
    host = parts.netloc.replace("api-", "app-", 1) if parts.netloc.startswith("api-") else parts.netloc
    host = host.replace("api.", "app.", 1) if host.startswith("api.") else host
    return f"{parts.scheme}://{host}"


def _change_orders(base: str, destination: ProcoreDestination) -> str:
    contract = f"{_CONTRACTS[destination.contract]}/{destination.contract_id}"
    return f"{base}/{destination.project_id}/project/{contract}/change_orders"


def order_url(base: str, destination: ProcoreDestination, pco_id: int) -> str:
    """The page of a potential change order."""
    return f"{_change_orders(base, destination)}/potential_change_orders/{pco_id}"


def package_url(base: str, destination: ProcoreDestination, package_id: int) -> str:
    """The page of a package."""
    kind = "change_order_packages"
    if destination.contract is not ContractKind.PRIME:
        kind = "commitment_contract_change_orders"
    return f"{_change_orders(base, destination)}/{kind}/{package_id}"
