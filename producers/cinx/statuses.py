"""What became of a POCO of ours, for subscribers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from producers.telling import StatusChange
from relay.domain.outcomes import RemoteRecord
from relay.domain.records import PollState
from relay.domain.sources import cinx as native
from relay.domain.sources.reading import Reading

KIND = "poco"


def status_change(
    reading: Reading, poco: Mapping[str, Any], state: PollState | None, page: str | None
) -> StatusChange | None:
    """What is told of the workflow status; ``None`` where it has not moved, or the POCO is not ours.

    A POCO that was never seen has moved once it is past the status in which the submitter left it.
    ``page`` is the address of a POCO's page, with ``{guid}`` or ``{number}`` in it.
    """
    workflow, own = native.workflow_status(poco), reading.own
    before = state.status if state is not None and state.status is not None else native.IN_PROCESS
    if own is None or workflow is None or workflow == before:
        return None
    change_order = reading.change_order
    number, guid, order = change_order.number, change_order.change_order_id, change_order.purchase_order or "?"
    return StatusChange(
        own=own,
        reason=f"cinx.{workflow.lower().replace(' ', '_').replace('-', '_')}",
        sentence=f"POCO {number or guid} on purchase order {order} is {workflow} in CINX (it was {before}); all its "
        f"statuses: {change_order.status_raw}.",
        remote=RemoteRecord(kind=KIND, remote_id=guid, number=number, url=_link(page, guid, number)),
    )


def _link(page: str | None, guid: str, number: str | None) -> str | None:
    return page.replace("{guid}", guid).replace("{number}", number or "") if page else None
