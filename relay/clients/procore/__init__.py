"""Procore: potential change orders, their lines, what groups them, and what they refer to.

::

    client        one company: everything below, and the probes
    change_orders, packages, references      the calls, by resource
    sync          many records in one call, each with an answer of its own
    paging        lists of several pages
    session       signing, regions, refusals told apart
    tokens        the service account's access token
    records, group_records, reference_records      what comes back
"""

from relay.clients.procore.client import DEFAULT_API_URL, DEFAULT_LOGIN_URL, SYSTEM, ProcoreClient
from relay.clients.procore.group_records import ChangeOrderRequest, ContractChangeOrder, Package
from relay.clients.procore.records import (
    EmbeddedLine,
    LineItem,
    PotentialChangeOrder,
    PotentialChangeOrderRow,
)
from relay.clients.procore.reference_records import (
    ChangeReason,
    Contract,
    CostCode,
    LineItemType,
    Login,
    Project,
    UnitOfMeasure,
)
from relay.clients.procore.sync import MOST_ELEMENTS, Refusal, SyncAnswer

__all__ = [
    "DEFAULT_API_URL",
    "DEFAULT_LOGIN_URL",
    "MOST_ELEMENTS",
    "SYSTEM",
    "ChangeOrderRequest",
    "ChangeReason",
    "Contract",
    "ContractChangeOrder",
    "CostCode",
    "EmbeddedLine",
    "LineItem",
    "LineItemType",
    "Login",
    "Package",
    "PotentialChangeOrder",
    "PotentialChangeOrderRow",
    "ProcoreClient",
    "Project",
    "Refusal",
    "SyncAnswer",
    "UnitOfMeasure",
]
