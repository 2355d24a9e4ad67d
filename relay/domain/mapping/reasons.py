"""Machine-readable reasons that mapping gives. Those about one target begin with its system's name."""

from __future__ import annotations

from typing import Final

ROUTE_MISSING: Final = "route.missing"
ROUTE_AMBIGUOUS: Final = "route.ambiguous"
ROUTE_OBSERVES: Final = "route.observe"
ROUTE_HAS_NO_TARGETS: Final = "route.no_targets"
SYSTEM_NOT_ROUTED: Final = "route.system_not_routed"
BEFORE_SINCE: Final = "route.before_since"
OWN_RECORD: Final = "route.own_record"

DELETED: Final = "source.deleted"
STATUS_NOT_CARRIED: Final = "status.not_carried"
NO_ITEMS: Final = "match.no_items"

ABOUT_A_TARGET: Final = (
    "status_unreadable",
    "remainder",
    "amount_missing",
    "amount_precision",
    "item_unreadable",
    "due_date_unreadable",
    "command_too_large",
)


def about(system: str, what: str) -> str:
    """The reason of a refusal for one target, such as ``procore.amount_missing``."""
    if what not in ABOUT_A_TARGET:
        raise ValueError(f"{what!r} is no reason that mapping gives")
    return f"{system}.{what}"
