"""The projects that a name means: one, or several that go to the same project at a target; never unrelated ones."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from operations.errors import Refused
from operations.reconcile import recorded
from operations.reconcile.recorded import SourceProject
from operations.reports.named_projects import full_name, read_full_name
from workers.views.tables import CHANGE_ORDERS, SHARES

_Target = tuple[str, str, str]


def projects_meant(connection: Connection, name: str, sources: Collection[tuple[str, str]]) -> set[SourceProject]:
    """By full name ``system:account/project:id``, or as people call them. Raises ``Refused`` for what fits several."""
    whole = read_full_name(name)
    if whole is not None:
        return {whole} & recorded.named_projects(connection, whole[2], sources)
    found = recorded.named_projects(connection, name, sources)
    if len(found) > 1 and not _belong_together(connection, found):
        fit = ", ".join(full_name(project) for project in sorted(found))
        raise Refused(f"{name!r} fits several projects that have no target in common: give one of {fit}")
    return found


def _belong_together(connection: Connection, projects: Collection[SourceProject]) -> bool:
    first, *others = sorted(projects)
    reached = _targets(connection, first)
    waiting = {project: _targets(connection, project) for project in others}
    while near := [project for project, targets in waiting.items() if targets & reached]:
        for project in near:
            reached |= waiting.pop(project)
    return not waiting


def _targets(connection: Connection, project: SourceProject) -> set[_Target]:
    """Projects at targets, and the project itself, which may be one of another's; a purchase order of CINX, which does
    not tell its project, stands for one.
    """
    columns = SHARES.c
    query = (
        select(columns.system, columns.account, columns.project_id, columns.contract)
        .join(CHANGE_ORDERS, CHANGE_ORDERS.c.change_order_key == columns.change_order_key)
        .where(
            CHANGE_ORDERS.c.system == project[0],
            CHANGE_ORDERS.c.account == project[1],
            CHANGE_ORDERS.c.project == project[2],
            columns.system.is_not(None),
        )
        .distinct()
    )
    return {project} | {
        (row.system, row.account, row.project_id or f"contract {row.contract}") for row in connection.execute(query)
    }
