"""What a difference between the source and a remote may come from."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from operations.wording import system_name


class Cause(StrEnum):
    """In the order in which they are shown: what is not carried, what is on its way, what people did there."""

    CARRIED_ON = "carried on from a record"
    NOT_ROUTED = "not routed"
    NOT_LIVE = "route not live"
    BEFORE_SINCE = "before since"
    NO_RULE = "item that no rule takes"
    NOT_ITEMIZED = "amount not itemized"
    STATUS_NOT_CARRIED = "status not carried"
    NOT_ORDERED = "not ordered before approval"
    OPEN_ITEM = "open item"
    CLOSED = "closed without sending"
    IN_DOUBT = "sent, not confirmed"
    ON_HOLD = "on hold"
    WAITING = "waiting"
    IN_TRANSIT = "in transit at cut-off"
    ROUNDING = "rounding"
    LEFT = "left there by rule"
    ENTERED = "entered there by people"
    EDITED = "edited there by people"
    DELETED = "deleted there"


_THERE: Final = {Cause.ENTERED: "Entered in", Cause.EDITED: "Edited in", Cause.DELETED: "Deleted in"}
RANK: Final = {cause: place for place, cause in enumerate(Cause)}


def title_of(cause: Cause, system: str | None) -> str:
    """``Edited in Procore``: the cause for people."""
    if cause in _THERE and system:
        return f"{_THERE[cause]} {system_name(system)}"
    return f"{cause.value[0].upper()}{cause.value[1:]}"
