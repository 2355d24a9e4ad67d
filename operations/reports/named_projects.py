"""Projects by what people call them: a number, an id or a name, the source's own or the target's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import bindparam, text

from operations.reports.log_sums import OF_PROJECTS, SourceProject
from operations.reports.tables import ReadTables
from relay.domain.text_folding import folded

_WHOLE: Final = re.compile(r"([^:/]+):([^:/]+)/project:(.+)")
_NAMED: Final = text("""
SELECT DISTINCT s.system, s.account, s.project FROM sums s
WHERE s.project = :words OR s.target_project = :words OR EXISTS (
    SELECT 1 FROM directory d WHERE d.kind = 'project' AND d.number = :words
    AND ((d.system = s.system AND d.account = s.account AND d.named = s.project)
         OR (d.system = s.target_system AND d.account = s.target_account AND d.named = s.target_project)))
""")
_NAMES: Final = text("SELECT DISTINCT project, project_name, account, system FROM sums WHERE project_name IS NOT NULL")
_COUNTED: Final = text(
    f"SELECT MAX(project_name) AS name, SUM(change_orders) AS change_orders FROM sums WHERE {OF_PROJECTS}"  # noqa: S608 - of our own words
).bindparams(bindparam("projects", expanding=True))


def projects_named(tables: ReadTables, words: str) -> list[SourceProject]:
    """The sources' projects that are called so, or whose change orders go to one that is; or the one of a full name."""
    whole = read_full_name(words)
    if whole is not None:
        return [project for project in projects_named(tables, whole[2]) if project == whole]
    named = {(row.system, row.account, row.project) for row in tables.rows(_NAMED, words=words)}
    # Databases know capitals and accents each in a way of their own.
    sought = folded(words)
    names: Iterable[tuple[str, ...]] = map(tuple, tables.rows(_NAMES))
    named |= {(system, account, project) for project, name, account, system in names if folded(name) == sought}
    return sorted(named, key=lambda one: (one[0], one[1], one[2] or ""))


def count_change_orders(tables: ReadTables, words: str) -> tuple[str | None, int]:
    """What a project that is called so is called at its source, and how many change orders it has there."""
    named = [(system, account, project or "") for system, account, project in projects_named(tables, words)]
    if not named:
        return None, 0
    (row,) = tables.rows(_COUNTED, projects=named)
    return row.name, int(row.change_orders or 0)


def of_projects(projects: Collection[SourceProject], values: dict[str, Any], before: str = "") -> str:
    """The condition that a change order is of one of them; what it compares with is added to ``values``. ``before``:
    stands before the names of the columns.
    """
    if not projects:
        return "1 = 0"
    parts = []
    for place, one in enumerate(projects):
        names = ("system", "account", "project")
        values |= {f"{name}{place}": value for name, value in zip(names, one, strict=True)}
        parts.append(f"({' AND '.join(f'{before}{name} = :{name}{place}' for name in names)})")
    return f"({' OR '.join(parts)})"


def full_name(project: SourceProject) -> str:
    """``constructiononline:acme/project:7``: what no other project is called."""
    return f"{project[0]}:{project[1]}/project:{project[2]}"


def read_full_name(words: str) -> tuple[str, str, str] | None:
    """The project of a full name; ``None``: it is none."""
    found = _WHOLE.fullmatch(words.strip())
    return (found[1], found[2], found[3]) if found else None
