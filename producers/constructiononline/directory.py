"""What projects are called, as the rows of change orders say beside their ids. Pure.

No listing of projects is read, so none is ever found to be absent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from producers.constructiononline.rows import Row
from relay.domain.directory import DirectoryEntry, DirectoryKind
from relay.domain.mapping import in_milliseconds
from relay.domain.sources import constructiononline as native


def projects_of(rows: Iterable[Row], account: str, at: datetime) -> tuple[DirectoryEntry, ...]:
    """An entry for each project that the rows name; where a row was written before a new name, the latest counts."""
    names: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: row.modified or ""):
        name = native.project_name(row.data)
        if row.project is not None and name is not None:
            names[row.project] = name
    return tuple(
        DirectoryEntry(
            system=native.SYSTEM,
            account=account,
            kind=DirectoryKind.PROJECT,
            entry_id=project,
            read_at=in_milliseconds(at),
            title=name,
        )
        for project, name in names.items()
    )
