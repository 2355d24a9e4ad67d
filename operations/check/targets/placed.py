"""Where routes and targets stand in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from relay.domain.routes import Route, Routing, Target
from relay.engine.configuration.document import Document, Place, dotted


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedSource:
    """A route's start, at ``place``."""

    route: Route
    place: Place

    @property
    def name(self) -> str:
        """As people call it."""
        source = self.route.source
        return f"source {source.system}:{source.account} project {source.project}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTargetOfRoute:
    """A target, at ``place``."""

    route: Route
    target: Target
    place: Place

    @property
    def name(self) -> str:
        """As people call it: by its route, or by where that starts, and where it goes."""
        source, target = self.route.source, self.target
        start = "" if self.route.name else f"{source.system}:{source.account}:{source.project or '*'}:"
        return f"target {start}{self.route.shown(target)} in {target.system}:{target.account}"


def placed_sources(routing: Routing) -> Iterator[PlacedSource]:
    """Each source project once, where it stands first."""
    seen = set()
    for at, route in enumerate(routing.routes):
        if route.source.project is not None and route.source not in seen:
            seen.add(route.source)
            yield PlacedSource(route=route, place=("routes", at, "from"))


def placed_targets(routing: Routing) -> Iterator[PlacedTargetOfRoute]:
    """Every target, in the order of the file."""
    for at, route in enumerate(routing.routes):
        for number, target in enumerate(route.targets):
            yield PlacedTargetOfRoute(route=route, target=target, place=("routes", at, "targets", number))


def located(document: Document, place: Place, sentence: str) -> str:
    """The sentence behind file, line and key."""
    return f"{document.file}:{document.line(place)}: {dotted(place)}: {sentence}"
