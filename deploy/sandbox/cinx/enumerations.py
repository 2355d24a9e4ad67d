"""The documented enumerations, in their exact spelling.

Source: CINX API docs, "PO Change Orders", "Purchase Orders", "Additional Info"; FOB types, price
sources and units from samples; the charge and credit types are nowhere shown and made up here.
"""

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
WORKFLOW_STATUS: Final = (
    "IN-PROCESS",
    "SUBMITTED",
    "RECEIVED",
    "ACCEPTED",
    "DECLINED",
    "ERP PENDING",
    "ERP ACCEPTED",
    "ERP FAILED",
)
ERP_STATUS: Final = ("NOT SUBMITTED", "PENDING", "SUBMITTED", "APPLIED")
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
PRICE_UOM: Final = ("E", "C", "M", "FT", "LB", "LOT")
PRICE_SOURCE_TYPE: Final = ("USER", "MFR LIST")
CHARGE_TYPE: Final = ("FREIGHT", "HANDLING")
CREDIT_TYPE: Final = ("RETURN", "PRICE ADJUSTMENT")
CURRENCY: Final = ("USD", "CAD")
