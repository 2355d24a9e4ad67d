"""CINX: purchase orders, PO change orders, and the import jobs that make them.

::

    client        one company: the calls, and the probe
    session       login, the token in the path, three layers of errors
    envelope      the frame around rows
    listing       lists to the end
    jobs, job_status      what became of an import
    template      what the import takes
    records, poco_records, references, subscription      what comes back
"""

from relay.clients.cinx.client import DEFAULT_BASE_URL, SYSTEM, CinxClient, without_nulls
from relay.clients.cinx.jobs import ImportAnswer, Job, JobState
from relay.clients.cinx.listing import Listing
from relay.clients.cinx.poco_records import Poco, PocoLine, PocoRow
from relay.clients.cinx.records import (
    ExternalReference,
    JobCost,
    Link,
    ProjectRow,
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderRow,
    reference_values,
)
from relay.clients.cinx.references import CostEntry, CostList
from relay.clients.cinx.subscription import Subscription
from relay.clients.cinx.template import RequiredField, Template

__all__ = [
    "DEFAULT_BASE_URL",
    "SYSTEM",
    "CinxClient",
    "CostEntry",
    "CostList",
    "ExternalReference",
    "ImportAnswer",
    "Job",
    "JobCost",
    "JobState",
    "Link",
    "Listing",
    "Poco",
    "PocoLine",
    "PocoRow",
    "ProjectRow",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "PurchaseOrderRow",
    "RequiredField",
    "Subscription",
    "Template",
    "reference_values",
    "without_nulls",
]
