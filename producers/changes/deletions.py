"""Which missing change orders may be taken for deleted. Pure.

A listing that lacks rows may also come from a login that lost its rights, or from a remote that is
unwell. So single calls confirm what is missing, and when too much is, a person has to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from producers.source import DeletionQuestion
from relay.domain.records import PollState

LARGEST_SHARE = 0.10
"""Of an account's known change orders; more than this, and more than :data:`FEW`, is suspicious."""

FEW = 20
"""Missing change orders that are confirmed by single calls whatever their share: a small account loses a tenth soon."""

BELIEVED_AT_ONCE = 5
"""Deletions that an ordinary poll may notice by itself; more are left to the next sweep, which lists everything."""


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
        lost = Counter(self.projects.values())
        return tuple(project for project, count in lost.items() if count >= self.known.get(project, 0))

    @property
    def is_too_much(self) -> bool:
        """Whether the share alone is suspicious."""
        return len(self.projects) > FEW and len(self.projects) > LARGEST_SHARE * self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionCheck:
    """What a poll makes of missing change orders.

    ``deleted`` certainly are; ``question`` is for a person. ``complete``: none is left to the next poll.
    """

    deleted: tuple[str, ...] = ()
    question: DeletionQuestion | None = None
    complete: bool = True


def missing(alive: Iterable[PollState], listed: Iterable[str]) -> MissingChangeOrders:
    """What of ``alive`` is not ``listed``.

    What is known by its key alone, since nothing about it could be read, is left out: a stranger may have written it,
    and of something that never was, no listing proves anything.
    """
    poll_states = [poll_state for poll_state in alive if poll_state.fingerprint is not None]
    listed_ids = set(listed)
    return MissingChangeOrders(
        projects={
            poll_state.change_order_id: poll_state.project
            for poll_state in poll_states
            if poll_state.change_order_id is not None and poll_state.change_order_id not in listed_ids
        },
        known=Counter(poll_state.project for poll_state in poll_states),
    )


def unexplained(lacking: MissingChangeOrders, deleted_projects: frozenset[str]) -> MissingChangeOrders:
    """What no deleted project explains."""
    left = {number: project for number, project in lacking.projects.items() if project not in deleted_projects}
    return MissingChangeOrders(projects=left, known=lacking.known)


def where_some_is_left(lacking: MissingChangeOrders) -> MissingChangeOrders:
    """Leaves out projects of which nothing is left: they are a sweep's question, and keep no other from being told."""
    emptied = set(lacking.emptied)
    left = {number: project for number, project in lacking.projects.items() if project not in emptied}
    return MissingChangeOrders(projects=left, known=lacking.known)


def suspicion(lacking: MissingChangeOrders) -> str | None:
    """Why these must not be taken for deleted without a person; ``None`` where they may."""
    if lacking.is_too_much:
        return (
            f"{len(lacking.projects)} of the account's {lacking.total} known change orders, more than a tenth, are "
            "missing from the full listing"
        )
    if lacking.emptied:
        names = ", ".join(sorted(str(project) for project in lacking.emptied))
        return (
            f"every known change order of project {names} is missing from the full listing, and the list of deleted "
            "projects does not name it"
        )
    return None


def question(lacking: MissingChangeOrders, sentence: str) -> DeletionQuestion:
    """Asks about all that a full listing lacks; ``sentence`` says why."""
    return DeletionQuestion(missing=tuple(sorted(lacking.projects)), known=lacking.total, sentence=sentence)
