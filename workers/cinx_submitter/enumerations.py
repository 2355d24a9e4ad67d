"""The documented spelling of CINX's enumerations, for fields whose options the live template does not state.

Sources: CINX API docs, "PO Change Orders", "Purchase Orders" (statuses, location types, ship via); the sample of a
requisition template of 2019 (FOB types). Other values than these occur in samples, so none is refused.
"""

from __future__ import annotations

from typing import Final

PROCUREMENT_STATUS: Final = (
    "NOT ORDERED",
    "ORDER PENDING",
    "ORDERED",
    "BACK-ORDERED",
    "DELIVERED",
    "RETURNED",
    "CANCELLED",
    "CLOSED",
    "ON-HOLD",
    "INVOICE-APPROVED",
)
LOCATION_TYPE: Final = ("JOB SITE", "FABRICATION SHOP", "OFFICE", "WAREHOUSE", "FABRICATOR")
SHIP_VIA: Final = (
    "SUPPLIER TRUCK",
    "MOTOR COMMON CARRIER",
    "CUSTOMER PICKUP",
    "TRACKING GROUND",
    "GROUND",
    "AIR EXPRESS",
    "AIR",
    "PRIVATE PARCEL SERVICE",
)
FOB_TYPE: Final = (
    "PREPAID AND CHARGED TO CUSTOMER",
    "PREPAID",
    "PICK-UP",
    "COLLECT",
    "DEFINED BY BUYER AND SELLER",
)

_BY_NAME: Final = {
    "procurement_status": PROCUREMENT_STATUS,
    "location_type": LOCATION_TYPE,
    "ship_via": SHIP_VIA,
    "fob_type": FOB_TYPE,
}


def documented_spelling(path: str, value: str) -> str:
    """The documented value that ``value`` means, or itself."""
    known = _BY_NAME.get(path.rpartition(".")[2], ())
    return next((one for one in known if one.casefold() == value.strip().casefold()), value)
