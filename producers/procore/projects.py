"""Which projects of a company are polled. A company may have hundreds; only those that routes name count. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from relay.domain.routes import ProcoreTarget, Routing
from relay.domain.sources.procore import SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedProjects:
    """Projects by id. ``every``: a route starts at the whole company, so that all its active projects count too."""

    named: frozenset[int]
    every: bool = False


def wanted_projects(routing: Routing, account: str) -> WantedProjects:
    """The projects of one configured company in which routes start or targets write."""
    named, every = set[int](), False
    for route in routing.routes:
        if (route.source.system, route.source.account) == (SYSTEM, account):
            project = route.source.project
            every = every or project is None
            named |= {int(project)} if project is not None and project.isdecimal() else set()
        named |= {
            target.destination.project_id
            for target in route.targets
            if isinstance(target, ProcoreTarget) and target.account == account
        }
    return WantedProjects(named=frozenset(named), every=every)
