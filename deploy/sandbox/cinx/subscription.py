"""The row of ``subs``: who may use which company, and whether its subscription lasts.

Source: CINX API docs, "User Authentication". An expired subscription is a 401 inside the row of a
successful answer.
"""

from __future__ import annotations

from typing import Any

from .catalog import ORG, USER
from .company import Company

Row = dict[str, Any]


def row(company: Company) -> Row:
    """The one company of the one user."""
    return {
        "cinx_api_token": company.token,
        "user": {
            "cinx_user_guid": USER,
            "first_name": "Will",
            "middle_name": None,
            "last_name": "Stone",
            "suffix": None,
        },
        "org": {"cinx_org_id": ORG, "name": "WTS Mechanical"},
        "subscription": subscription(company.settings.subscription_expired),
    }


def subscription(expired: str) -> Row:
    """State of the subscription; ``expired`` is the day on which it ended, or empty."""
    return {
        "status_code": 401 if expired else 200,
        "status_message": "Unauthorized" if expired else "OK",
        "status_message_reason": f"Subscription expired on [{expired}]" if expired else None,
        "start_date": "2017-01-01",
        "end_date": expired or "2099-12-31",
        "catalog_ref": None,
        "apps": [],
    }
