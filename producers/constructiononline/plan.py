"""Which calls read some change orders with the least requests. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

ROWS_PER_REQUEST = 1_000
"""A listing of so many change orders weighs as much as one request more."""

Projects = Mapping[str, str | None]
"""Change orders with their projects; ``None`` where the project is not known."""


class Scope(Enum):
    """What one call lists: one change order, those of a project, or all of the account."""

    EACH = auto()
    PROJECT = auto()
    WHOLE = auto()


def cheapest(wanted: Projects, known: Mapping[str | None, int]) -> Scope:
    """The scope that reads ``wanted`` with the least requests; ``known`` counts change orders per project.

    Of two that take equally many the one with fewer rows is chosen.
    """
    projects = set(wanted.values())
    costs = {Scope.EACH: float(len(wanted))}
    if None not in projects:
        costs[Scope.PROJECT] = len(projects) + _weight(sum(known.get(project, 0) for project in projects))
    costs[Scope.WHOLE] = 1 + _weight(sum(known.values()))
    return min(costs, key=lambda scope: costs[scope])


def _weight(rows: int) -> float:
    return rows / ROWS_PER_REQUEST
