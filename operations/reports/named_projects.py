"""Projects by what people call them: a number, an id or a name, the source's own or the target's."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import text

from operations.reports.log_sums import SourceProject
from operations.reports.tables import ReadTables

_WHOLE: Final = re.compile(r"([^:/]+):([^:/]+)/project:(.+)")
_NAMED: Final = text("""
SELECT DISTINCT s.system, s.account, s.project FROM sums s
WHERE s.project = :words OR s.target_project = :words OR LOWER(s.project_name) = :lower OR EXISTS (
    SELECT 1 FROM directory d WHERE d.kind = 'project' AND d.number = :words
    AND ((d.system = s.system AND d.account = s.account AND d.named = s.project)
         OR (d.system = s.target_system AND d.account = s.target_account AND d.named = s.target_project)))
ORDER BY s.system, s.account, s.project
""")


def projects_named(tables: ReadTables, words: str) -> list[SourceProject]:
    """The sources' projects that are called so, or whose change orders go to one that is; or the one of a full name."""
    whole = read_full_name(words)
    if whole is not None:
        return [project for project in projects_named(tables, whole[2]) if project == whole]
    rows = tables.rows(_NAMED, words=words, lower=words.lower())
    return [(row.system, row.account, row.project) for row in rows]


def full_name(project: SourceProject) -> str:
    """``constructiononline:acme/project:7``: what no other project is called."""
    return f"{project[0]}:{project[1]}/project:{project[2]}"


def read_full_name(words: str) -> tuple[str, str, str] | None:
    """The project of a full name; ``None``: it is none."""
    found = _WHOLE.fullmatch(words.strip())
    return (found[1], found[2], found[3]) if found else None
