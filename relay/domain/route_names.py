"""What targets are called to people: by their route's name, also once that route is gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from relay.domain.commands import Command
from relay.domain.routes import Route, Target

_EVERY_PROJECT = "*"


def start_of(route: Route) -> str:
    """Where a route starts, as it is written down under its name: ``constructiononline:acme:1321036``, or ``…:*``."""
    source = route.source
    return f"{source.system}:{source.account}:{source.project or _EVERY_PROJECT}"


def target_of(route: Route, target: Target) -> str:
    """A target as it is written down: where its route starts, and its own name."""
    return f"{start_of(route)}:{target.name}"


@dataclass(frozen=True, slots=True)
class RouteNames:
    """``routes`` of today go first; ``recorded`` are names with where their routes started, the newest last."""

    routes: Sequence[Route] = ()
    recorded: Sequence[tuple[str, str]] = ()

    def shown(self, account: str, project: str | None, target: str) -> str:
        """``tower/owner``; the target's own name where no route of a name has ever started there.

        ``account``: the source's, ``system:name``. ``project`` ``None``: it is not known, and the target is called by
        a route only if no other one could be meant.
        """
        today = [
            route.shown(one)
            for route in self.routes
            for one in route.targets
            if one.name == target and _fits(start_of(route), account, project)
        ]
        if today:
            return _only(today, target)
        former = [(name, start) for name, start in self.recorded if _fits(start, account, project)]
        if project is not None:
            former = ([one for one in former if not one[1].endswith(f":{_EVERY_PROJECT}")] or former)[-1:]
        return _only([f"{name}/{target}" for name, _ in former], target)

    def of_command(self, command: Command) -> str:
        """The target of a command."""
        account = ":".join(command.change_order_key.split(":")[:2])
        return self.shown(account, command.project, command.target)

    def of_target(self, target: str) -> str:
        """A target of which only its own name is known; it is called by a route where one alone has it."""
        return _only([route.shown(one) for route in self.routes for one in route.targets if one.name == target], target)


def _fits(start: str, account: str, project: str | None) -> bool:
    if project is None:
        return start.startswith(f"{account}:")
    return start in {f"{account}:{project}", f"{account}:{_EVERY_PROJECT}"}


def _only(names: Iterable[str], otherwise: str) -> str:
    """The one name that there is, else another."""
    different = set(names)
    return different.pop() if len(different) == 1 else otherwise
