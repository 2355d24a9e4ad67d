"""What the projects of a company are called, where all of them are listed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from relay.clients.procore import Project
from relay.domain.directory import DirectoryEntry, DirectoryKind, Listed
from relay.domain.mapping import in_milliseconds
from relay.domain.sources.procore import SYSTEM


def projects_of(projects: Iterable[Project], account: str, at: datetime) -> tuple[DirectoryEntry, ...]:
    """An entry for each."""
    return tuple(
        DirectoryEntry(
            system=SYSTEM,
            account=account,
            kind=DirectoryKind.PROJECT,
            entry_id=str(project.id),
            read_at=in_milliseconds(at),
            number=project.number,
            title=project.name or project.display_name,
        )
        for project in projects
    )


def all_projects(account: str) -> Listed:
    """What the list of active projects is the whole of ("List Projects")."""
    return Listed(system=SYSTEM, account=account, kind=DirectoryKind.PROJECT)
