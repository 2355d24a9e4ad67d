"""What projects and purchase orders are called, as a POCO's detail says of its own. Pure.

No list of either is read, so none is ever found to be absent; what a purchase order amounts to, the submitter reads.
Source: CINX API docs, "PO Change Orders" (detail).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from relay.clients.cinx import SYSTEM, Poco
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.mapping import in_milliseconds


def entries_of(pocos: Iterable[Poco], account: str, at: datetime) -> tuple[DirectoryEntry, ...]:
    """The projects and purchase orders that have a guid there, each once."""
    entries: dict[str, DirectoryEntry] = {}
    for poco in pocos:
        for entry in (_project(poco, account, at), _purchase_order(poco, account, at)):
            if entry is not None:
                entries[entry.key] = entry
    return tuple(entries.values())


def _project(poco: Poco, account: str, at: datetime) -> DirectoryEntry | None:
    project = poco.project
    if project.guid is None:
        return None
    return DirectoryEntry(
        system=SYSTEM,
        account=account,
        kind=DirectoryKind.PROJECT,
        entry_id=project.guid,
        read_at=in_milliseconds(at),
        number=project.number,
        title=project.name,
    )


def _purchase_order(poco: Poco, account: str, at: datetime) -> DirectoryEntry | None:
    order = poco.purchase_order
    if order.guid is None:
        return None
    return DirectoryEntry(
        system=SYSTEM,
        account=account,
        kind=DirectoryKind.PURCHASE_ORDER,
        entry_id=order.guid,
        read_at=in_milliseconds(at),
        project_id=poco.project.guid,
        number=order.number,
        title=order.name,
        vendor=poco.vendor.name,
    )
