"""Whether the sections agree: names, accounts and destinations that must not collide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from relay.domain.routes import CrosswalkEntry, OwnRecords, Remainder, RouteMode
from relay.engine.configuration.accounts import Account
from relay.engine.configuration.document import Document, Place, dotted
from relay.engine.configuration.problems import nearest, one_of, shown
from relay.engine.configuration.routes import (
    CinxTargetSection,
    CrosswalkSection,
    FromSection,
    ProcoreTargetSection,
    RouteSection,
    TargetSection,
)
from relay.engine.configuration.rules import ONLY_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedAccount:
    """An account and where it stands; ``account`` is ``None`` if it could not be read."""

    place: Place
    system: str
    name: str
    account: Account | None

    @property
    def key(self) -> str:
        """``{system}:{account}``."""
        return f"{self.system}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTarget:
    """A target and where it stands."""

    place: Place
    section: TargetSection

    @property
    def destination(self) -> tuple[str, ...]:
        """What it writes to."""
        section = self.section
        if isinstance(section, ProcoreTargetSection):
            return ("procore", section.account, str(section.project_id), str(section.contract_id))
        return ("cinx", section.account, section.purchase_order)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRoute:
    """A route and where it stands. ``crosswalk``: what its file of cost codes says."""

    place: Place
    section: RouteSection
    targets: tuple[PlacedTarget, ...]
    crosswalk: tuple[CrosswalkEntry, ...] = ()


def check_agreement(document: Document, accounts: Sequence[PlacedAccount], routes: Sequence[PlacedRoute]) -> None:
    """Notes in the document what does not fit together."""
    check = _Check(document, accounts, routes)
    check.companies()
    check.route_names()
    for route in routes:
        check.known_accounts(route)
        check.targets(route)
        check.remainder(route)
        check.useless_rules(route)
        check.crosswalk(route)
    check.target_names()
    check.fed_twice()


class _Check:
    def __init__(self, document: Document, accounts: Sequence[PlacedAccount], routes: Sequence[PlacedRoute]) -> None:
        self._document = document
        self._accounts = accounts
        self._routes = routes

    def companies(self) -> None:
        """One remote company has one writer, one rate budget, one space of origin ids."""
        first: dict[tuple[str, str], PlacedAccount] = {}
        for one in self._accounts:
            if one.account is None:
                continue
            remote = (one.system, one.account.stands_for())
            other = first.setdefault(remote, one)
            if other is not one:
                self._document.blame(
                    one.place,
                    f"the same remote account as {dotted(other.place)} in line {self._document.line(other.place)}",
                    "one account for each remote company",
                )

    def known_accounts(self, route: PlacedRoute) -> None:
        """A route starts and ends at accounts of this file."""
        start = route.section.start
        self._known((*route.place, "from", "account"), start.system, start.account)
        for target in route.targets:
            self._known((*target.place, "account"), target.section.system, target.section.account)

    def _known(self, place: Place, system: str, name: str) -> None:
        names = [one.name for one in self._accounts if one.system == system]
        if name in names:
            return
        meant = nearest(name, names)
        hint = f" (did you mean {meant}?)" if meant else ""
        allowed = one_of(names) if names else f"none, since accounts.{system} has none"
        self._document.blame(place, f"the unknown {system} account {shown(name)}", f"{allowed}{hint}")

    def targets(self, route: PlacedRoute) -> None:
        """A route that carries has somewhere to carry to."""
        stated = self._document.holds((*route.place, "targets"))
        if route.section.mode is not RouteMode.OBSERVE and not route.targets and not stated:
            self._document.blame(
                (*route.place, "targets"), "no target", f"at least one target with mode: {route.section.mode}"
            )

    def route_names(self) -> None:
        """A route's name is identity."""
        first: dict[str, PlacedRoute] = {}
        for route in self._routes:
            other = first.setdefault(route.section.name or "", route)
            if route.section.name is not None and other is not route:
                place = (*other.place, "name")
                self._document.blame(
                    (*route.place, "name"),
                    f"the route name {shown(route.section.name)} as in line {self._document.line(place)}",
                    "a name of its own for each route",
                )

    def crosswalk(self, route: PlacedRoute) -> None:
        """An entry says something, and the entries before it leave it something to say."""
        before: list[CrosswalkSection] = []
        for at, entry in enumerate(route.section.crosswalk):
            place = (*route.place, "crosswalk", at)
            if entry.cost_code is None and entry.line_item_type is None:
                self._document.blame(place, "neither cost_code nor line_item_type", "at least one of them")
            elif any(_leaves_nothing(earlier, entry) for earlier in before):
                self._document.blame(place, "an entry that those before it never let count", "special entries first")
            before.append(entry)

    def remainder(self, route: PlacedRoute) -> None:
        """One target at most takes what the items do not add up to."""
        takers = [target for target in route.targets if target.section.takes_remainder]
        if takers and route.section.remainder is not Remainder.LINE:
            self._document.blame(
                (*takers[0].place, "takes_remainder"), "true", "true only where the route has remainder: line"
            )
        for target in takers[1:]:
            self._document.blame(
                (*target.place, "takes_remainder"),
                f"true, as at {dotted(takers[0].place)}",
                "true at one target of a route",
            )

    def useless_rules(self, route: PlacedRoute) -> None:
        """A rule that no target of the route knows is a misunderstanding."""
        systems = {target.section.system for target in route.targets}
        for rule, system in ONLY_FOR.items():
            if systems and system not in systems and getattr(route.section, rule) is not None:
                self._document.blame(
                    (*route.place, rule), f"a rule of {system} targets only", f"only at a route with a {system} target"
                )

    def target_names(self) -> None:
        """Within a source a target's name is part of every origin id."""
        seen: list[tuple[FromSection, PlacedTarget]] = []
        for route in self._routes:
            for target in route.targets:
                start, name = route.section.start, target.section.name
                same = (old for source, old in seen if old.section.name == name and _overlap(source, start))
                other = next(same, None)
                if other:
                    self._document.blame(
                        (*target.place, "name"),
                        f"the target name {shown(name)} as in line {self._document.line(other.place)}",
                        "a name of its own for each target that one source feeds",
                    )
                seen.append((start, target))

    def fed_twice(self) -> None:
        """What goes on from our own records must not also come directly from their root."""
        for onward in self._routes:
            if onward.section.own_records is OwnRecords.MAP:
                for feeder in self._feeders(onward):
                    self._compare(onward, feeder)

    def _feeders(self, onward: PlacedRoute) -> Iterator[PlacedRoute]:
        """Routes that share a source with one that writes what ``onward`` reads."""
        roots = [
            route.section.start
            for route in self._routes
            if any(_feeds(target.section, onward.section.start) for target in route.targets)
        ]
        for route in self._routes:
            if route is not onward and any(_overlap(route.section.start, root) for root in roots):
                yield route

    def _compare(self, onward: PlacedRoute, feeder: PlacedRoute) -> None:
        for mine in onward.targets:
            for other in feeder.targets:
                if mine.destination == other.destination or mine.section.name == other.section.name:
                    self._document.blame(
                        mine.place,
                        f"a target that line {self._document.line(other.place)} feeds directly from the same root",
                        "with own_records: map, a target that is not also fed directly, under a name of its own",
                    )


def _leaves_nothing(earlier: CrosswalkSection, entry: CrosswalkSection) -> bool:
    """Whether ``earlier`` fits wherever ``entry`` does, and says all that it says."""
    fits = earlier.code in (None, entry.code) and earlier.classification in (None, entry.classification)
    says_code = entry.cost_code is None or earlier.cost_code is not None
    return fits and says_code and (entry.line_item_type is None or earlier.line_item_type is not None)


def _overlap(one: FromSection, other: FromSection) -> bool:
    """Whether a change order can come from both."""
    same = one.system == other.system and one.account == other.account
    return same and (one.project == other.project or None in (one.project, other.project))


def _feeds(target: TargetSection, start: FromSection) -> bool:
    """Whether what ``target`` writes is read again at ``start``."""
    if target.system != start.system or target.account != start.account:
        return False
    if isinstance(target, CinxTargetSection):
        return True  # A purchase order does not tell its project.
    return start.project in (None, str(target.project_id))
