"""The documented properties of each object, in documented order, with the value of an unused one.

Source: ConstructionOnline developers, "Change Orders Overview". The order and the blank values are
those of its sample objects; ``COST_CODE_ID`` of a change order is in the table but in no sample, so
it is not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

Record = dict[str, Any]
"""One object as it is sent: property names to JSON values, money and quantities as Decimal."""

ZERO: Final = Decimal("0.0")

CHANGE_ORDER: Final[Mapping[str, Any]] = {
    "ID": 0,
    "NAME": "",
    "PRJ_ID": 0,
    "PROJECTNAME": "",
    "NUMBER": "",
    "DETAILS": "",
    "CONDITION": 0,
    "COST_MONEY": ZERO,
    "COST_TIME": 0,
    "DATE_CREATED": None,
    "CREATED_BY": None,
    "CREATOR": "",
    "DATE_CLOSED": None,
    "CLOSED_BY": None,
    "CLOSER": "",
    "DATE_MODIFIED": None,
    "MODIFIED_BY": None,
    "MODIFIER": "",
    "NOTES": "",
    "REASONING": "",
    "PRICE": ZERO,
    "QTY": Decimal("1.0"),
    "SUBTITLE": "",
    "IMAGE_ID": 0,
    "URL": "",
    "SUBSTANTIAL_COMMENCEMENT": None,
    "MULTIPLIER": None,
    "MARKUP": ZERO,
    "TAX_PERCENT": ZERO,
    "TAX_METHOD": 3,
    "SALES_TAX": ZERO,
    "CLIENT_PRICE": ZERO,
    "DATE_SUBMITTED": None,
    "GCCO": "",
    "QBO_INVOICE_ID": None,
    "ACCT_INVOICE_ID": None,
    "ACTUAL": ZERO,
    "INVOICED_AMOUNTS": ZERO,
    "COMMITTED_COSTS": ZERO,
    "MARKUP_TYPE": 0,
    "QB_COMMITTED": None,
    "QB_INVOICED": ZERO,
    "QB_ACTUALS": ZERO,
    "UNIT": None,
    "UNIT_NAME": None,
    "RELSUBCATS": None,
    "RELCONIDS": None,
    "RELUSERIDS": None,
}

ITEM: Final[Mapping[str, Any]] = {
    "ID": 0,
    "CHANGE_ORDER_ID": 0,
    "NAME": "",
    "PRJ_ID": 0,
    "PROJECTNAME": "",
    "ROW_NUMBER": 0,
    "DESCRIPTION": "",
    "CLASSIFICATION": 6,
    "STATUS": 0,
    "COST_ESTIMATE": ZERO,
    "COST_TOTAL": None,
    "NOTES_TEAMLINK": None,
    "NOTES_CLIENTLINK": None,
    "NOTES_GENERAL": None,
    "LINE_ITEM_MARKUP": "0",
    "RATE": ZERO,
    "RATE_QTY": Decimal("1.0"),
    "LINE_ITEM_MARKUP_TYPE": 0,
    "ADJUSTMENT": ZERO,
    "TRAFFIC_COLOR": 0,
    "COST_CODE_ID": None,
    "MARKUP": ZERO,
    "COMMITTED_COSTS": ZERO,
    "INVOICED_AMOUNTS": ZERO,
    "ACTUAL": ZERO,
    "QB_COMMITTED": None,
    "QB_INVOICED": None,
    "QB_ACTUAL": None,
    "TAX_PERCENT": ZERO,
    "TAX_METHOD": 3,
    "SALES_TAX": ZERO,
    "CLIENT_PRICE": ZERO,
    "DATE_CREATED": None,
    "CREATED_BY": None,
    "CREATOR": "",
    "DATE_CLOSED": None,
    "CLOSED_BY": None,
    "CLOSER": "",
    "DATE_MODIFIED": None,
    "MODIFIED_BY": None,
    "MODIFIER": "",
    "CUSTOM_UNIT": None,
    "UNIT_NAME": None,
    "RELSUBCATS": None,
}

PROJECT: Final[Mapping[str, Any]] = {
    "ID": 0,
    "NAME": "",
    "CREATED_BY": None,
    "DATE_CREATED": None,
    "ADDRESS": None,
    "CITY": None,
    "STATE": None,
    "ZIP": None,
}
"""Only what is publicly visible of "Projects Overview" and "Update a project"."""

PENDING, APPROVED, REJECTED, DRAFT = range(4)
"""CONDITION of a change order and STATUS of its items ("Change Orders Overview")."""

CHANGE_ORDER_ACCOUNTING: Final = frozenset(
    {
        "ACTUAL",
        "INVOICED_AMOUNTS",
        "COMMITTED_COSTS",
        "QB_COMMITTED",
        "QB_INVOICED",
        "QB_ACTUALS",
        "QBO_INVOICE_ID",
        "ACCT_INVOICE_ID",
    }
)
ITEM_ACCOUNTING: Final = frozenset(
    {"ACTUAL", "INVOICED_AMOUNTS", "COMMITTED_COSTS", "QB_COMMITTED", "QB_INVOICED", "QB_ACTUAL"}
)
"""What bookkeeping writes: it means no new purchase, yet it moves DATE_MODIFIED."""
