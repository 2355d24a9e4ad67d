"""What became of a POCO of ours, for subscribers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from producers.source import StatusChange
from relay.domain.outcomes import RemoteRecord
from relay.domain.records import PollState
from relay.domain.sources import cinx as native
from relay.domain.sources.reading import Reading

KIND = "poco"

_KINDS = (
    ("cinx.", "POCO {poco} is {now} in CINX (it was {before})"),
    ("cinx.procurement_", "The procurement of POCO {poco} is {now} in CINX (it was {before})"),
    ("cinx.erp_status_", "The ERP status of POCO {poco} is {now} in CINX (it was {before})"),
)
"""The reason's prefix and the sentence: of the workflow, of procurement, and of the ERP system, in this order."""


_NAMES = ("workflow_status", "procurement_status", "erp_status")


def status_change(
    reading: Reading, poco: Mapping[str, Any], before: PollState | None, page: str | None
) -> StatusChange | None:
    """The change of a POCO's statuses; ``None`` where none has moved, or the POCO is not ours.

    The workflow goes before procurement, and that before the ERP status; all three are in the sentence. A POCO that was
    never read has moved once it is past the workflow status in which the submitter left it.
    ``page`` is the address of a POCO's page, with ``{guid}`` or ``{number}`` in it.
    """
    last = before.status if before is not None and before.status is not None else native.IN_PROCESS
    own, then, now = reading.own, _statuses(last), _statuses(native.status_text(poco) or "")
    moved = next((kind for kind in range(len(_KINDS)) if _has_moved(then[kind], now[kind])), None)
    if own is None or moved is None:
        return None
    change_order = reading.change_order
    number, guid, order = change_order.number, change_order.change_order_id, change_order.purchase_order or "?"
    reason_prefix, sentence = _KINDS[moved]
    moved_to = sentence.format(poco=f"{number or guid} on purchase order {order}", now=now[moved], before=then[moved])
    return StatusChange(
        own=own,
        reason=reason_prefix + str(now[moved]).lower().replace(" ", "_").replace("-", "_"),
        sentence=f"{moved_to}; all its statuses: {change_order.status_raw}.",
        facts=_facts(now),
        remote=RemoteRecord(kind=KIND, remote_id=guid, number=number, url=_link(page, guid, number)),
    )


def _facts(statuses: list[str | None]) -> dict[str, str]:
    """The three by CINX's own names of them, as far as they are known."""
    return {name: status for name, status in zip(_NAMES, statuses, strict=True) if status is not None}


def _statuses(text: str) -> list[str | None]:
    """The three of :func:`native.status_text`; ``None`` for each that is not known."""
    statuses = [None if status in ("", "?") else status for status in text.split(" / ")]
    return [*statuses, None, None][: len(_KINDS)]


def _has_moved(before: str | None, now: str | None) -> bool:
    return None not in (before, now) and before != now


def _link(page: str | None, guid: str, number: str | None) -> str | None:
    return page.replace("{guid}", guid).replace("{number}", number or "") if page else None
