"""Projects by what people call them: a number, an id or a name, the source's own or the target's."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from operations.reports.log_sums import SourceProject
from operations.reports.tables import ReadTables

_NAMED: Final = text("""
SELECT DISTINCT s.system, s.account, s.project FROM sums s
WHERE s.project = :words OR s.target_project = :words OR LOWER(s.project_name) = :lower OR EXISTS (
    SELECT 1 FROM directory d WHERE d.kind = 'project' AND d.number = :words
    AND ((d.system = s.system AND d.account = s.account AND d.named = s.project)
         OR (d.system = s.target_system AND d.account = s.target_account AND d.named = s.target_project)))
ORDER BY s.system, s.account, s.project
""")


def projects_named(tables: ReadTables, words: str) -> list[SourceProject]:
    """The sources' projects that are called so, or whose change orders go to one that is."""
    rows = tables.rows(_NAMED, words=words, lower=words.lower())
    return [(row.system, row.account, row.project) for row in rows]
