"""Which missing change orders may be taken for deleted. Pure.

A listing that lacks rows may also come from a login that lost its rights, or from a remote that is
unwell. So single calls confirm what is missing, and when too much is, a person has to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from relay.domain.records import PollState

LARGEST_SHARE = 0.10
"""Of an account's known change orders; more than this, and more than :data:`FEW`, is suspicious."""

FEW = 20

BELIEVED_AT_ONCE = 5
"""Deletions that an ordinary poll may notice by itself; more are left to the next sweep, which sees the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingChangeOrders:
    """Change orders that a full listing lacks, with their projects; ``known``: per project, all that are alive."""

    projects: Mapping[str, str | None]
    known: Mapping[str | None, int]

    @property
    def total(self) -> int:
        """How many change orders of the account are alive, as far as is known."""
        return sum(self.known.values())

    @property
    def emptied(self) -> tuple[str | None, ...]:
        """Projects of which nothing is left."""
        gone = Counter(self.projects.values())
        return tuple(project for project, count in gone.items() if count >= self.known.get(project, 0))

    @property
    def is_too_much(self) -> bool:
        """Whether the share alone is suspicious."""
        return len(self.projects) > FEW and len(self.projects) > LARGEST_SHARE * self.total


def missing(alive: Iterable[PollState], listed: Iterable[str]) -> MissingChangeOrders:
    """What of ``alive`` is not ``listed``."""
    states = list(alive)
    there = set(listed)
    return MissingChangeOrders(
        projects={
            state.change_order_id: state.project
            for state in states
            if state.change_order_id is not None and state.change_order_id not in there
        },
        known=Counter(state.project for state in states),
    )


def unexplained(found: MissingChangeOrders, deleted_projects: frozenset[str]) -> MissingChangeOrders:
    """What no deleted project explains."""
    left = {one: project for one, project in found.projects.items() if project not in deleted_projects}
    return MissingChangeOrders(projects=left, known=found.known)


def where_some_is_left(found: MissingChangeOrders) -> MissingChangeOrders:
    """Without the projects of which nothing is left: they are a sweep's question, and keep no other from being told."""
    emptied = set(found.emptied)
    left = {one: project for one, project in found.projects.items() if project not in emptied}
    return MissingChangeOrders(projects=left, known=found.known)


def suspicion(found: MissingChangeOrders) -> str | None:
    """Why the rest must not be taken for deleted without a person; ``None`` where it may."""
    if found.is_too_much:
        return (
            f"{len(found.projects)} of the account's {found.total} known change orders, more than a tenth, are missing "
            "from the full listing"
        )
    if found.emptied:
        names = ", ".join(sorted(str(project) for project in found.emptied))
        return (
            f"every known change order of project {names} is missing from the full listing, and the list of deleted "
            "projects does not name it"
        )
    return None
