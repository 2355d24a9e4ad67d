"""Reads the whole file, section by section, so that one wrong section hides no other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator

from relay.domain.commands import Operation
from relay.domain.redrive import RedriveRule
from relay.domain.routes import CrosswalkEntry, Route, Routing, Unrouted
from relay.engine.configuration.accounts import (
    MODELS,
    Account,
    CinxAccount,
    ConstructionOnlineAccount,
    ProcoreAccount,
)
from relay.engine.configuration.agreement import PlacedAccount, PlacedRoute, PlacedTarget, check_agreement
from relay.engine.configuration.cost_codes_file import read_entries
from relay.engine.configuration.document import Document, Place, read_document
from relay.engine.configuration.file_stamp import Stamp, stamp_of
from relay.engine.configuration.pins import Pins, nothing_pinned, with_pins
from relay.engine.configuration.problems import ConfigurationError, nearest, one_of, shown
from relay.engine.configuration.routes import TARGETS, RouteSection
from relay.engine.configuration.second_person import read_second_person
from relay.engine.configuration.sections import Context, Section, allowed_keys, found, read_section
from relay.engine.configuration.values import FOLDER, PROVE_SECRETS, Text, at_least, read_identifier, read_name


class RedriveSection(Section):
    """``reason`` is a letter's reason, with ``*`` for any part of it; ``most`` counts all attempts."""

    reason: Text
    every: Annotated[float, at_least(60, "1m")] = 3600.0
    most: Annotated[int, BeforeValidator(read_identifier)] = 24

    def rule(self) -> RedriveRule:
        return RedriveRule(reason=self.reason, every=self.every, most=self.most)


def read_redriving(document: Document, value: Any, context: Context) -> tuple[RedriveRule, ...]:
    """The rules, in order; the first that fits a letter counts."""
    if value is None:
        return ()
    if not isinstance(value, list):
        document.blame(("redrive",), found(value), "a list of rules, each with a reason")
        return ()
    read = [
        read_section(document, ("redrive", at), content, RedriveSection, context) for at, content in enumerate(value)
    ]
    return tuple(section.rule() for section in read if section is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Accounts by name, per system, the routes between them, and which letters are sent again by themselves.

    ``second_person``: the decisions that one person proposes and another approves. ``files``: what else was read for
    it, with the stamps of before.
    """

    constructiononline: Mapping[str, ConstructionOnlineAccount]
    procore: Mapping[str, ProcoreAccount]
    cinx: Mapping[str, CinxAccount]
    routing: Routing
    redrive: tuple[RedriveRule, ...] = ()
    second_person: frozenset[Operation] = frozenset()
    files: Mapping[Path, Stamp | None] = field(default_factory=dict, compare=False)

    def accounts(self) -> dict[str, Account]:
        """All accounts, by ``{system}:{account}``."""
        by_system: dict[str, Mapping[str, Account]] = {
            "constructiononline": self.constructiononline,
            "procore": self.procore,
            "cinx": self.cinx,
        }
        return {f"{system}:{name}": one for system, accounts in by_system.items() for name, one in accounts.items()}


def load_configuration(
    path: str | Path, *, secrets_of: Collection[str] = tuple(MODELS), pins: Pins = nothing_pinned
) -> Configuration:
    """Reads and checks the file. Raises ``ConfigurationError`` with every problem that it has.

    ``secrets_of``: the systems whose accounts are used, and whose files of secrets are read, too. Who calls
    no remote needs none of them. ``pins``: what projects and contracts stand for that are called by number or name;
    asked only where there are any.
    """
    file = Path(path)
    document = read_document(file)
    loader = _Loader(document, file.parent, secrets_of, pins)
    accounts, routes, redrive, second_person = loader.read()
    if document.problems:
        raise ConfigurationError(
            sorted(document.problems, key=lambda problem: (problem.file != str(file), problem.line, problem.key))
        )
    configuration = _configuration(accounts, routes)
    return replace(configuration, redrive=redrive, second_person=second_person, files=loader.files)


A = TypeVar("A")


def _configuration(accounts: list[PlacedAccount], routes: list[PlacedRoute]) -> Configuration:
    return Configuration(
        constructiononline=_of(ConstructionOnlineAccount, accounts),
        procore=_of(ProcoreAccount, accounts),
        cinx=_of(CinxAccount, accounts),
        routing=Routing(
            routes=tuple(_route(route) for route in routes),
            unrouted={one.key: Unrouted(one.account.unrouted) for one in accounts if one.account},
        ),
    )


def _of(kind: type[A], accounts: list[PlacedAccount]) -> dict[str, A]:
    return {one.name: one.account for one in accounts if isinstance(one.account, kind)}


def _route(route: PlacedRoute) -> Route:
    return route.section.route(tuple(target.section for target in route.targets), route.crosswalk)


class _Loader:
    """One reading of one document."""

    def __init__(self, document: Document, folder: Path, secrets_of: Collection[str], pins: Pins) -> None:
        self._document = document
        self._context = {FOLDER: folder}
        self._secrets_of = secrets_of
        self._pins = pins
        self.files: dict[Path, Stamp | None] = {}

    def read(self) -> tuple[list[PlacedAccount], list[PlacedRoute], tuple[RedriveRule, ...], frozenset[Operation]]:
        """What could be read; the document holds the problems."""
        content = self._mapping((), self._document.content, ["accounts", "routes", "redrive", "second_person"])
        accounts = self._accounts(content.get("accounts"))
        routes = self._routes(content.get("routes"))
        redrive = read_redriving(self._document, content.get("redrive"), self._context)
        second_person = read_second_person(self._document, content.get("second_person"))
        check_agreement(self._document, accounts, routes)
        return accounts, routes, redrive, second_person

    def _mapping(self, place: Place, value: Any, known: list[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._document.blame(place, found(value), f"a mapping with {one_of(known)}")
            return {}
        for key in value:
            if key not in known:
                self._document.blame((*place, key), "an unknown key", allowed_keys(key, known))
        return value

    def _accounts(self, value: Any) -> list[PlacedAccount]:
        by_system = self._mapping(("accounts",), value, list(MODELS))
        placed = [
            self._account(system, name, content)
            for system in MODELS
            for name, content in self._named(("accounts", system), by_system.get(system, {})).items()
        ]
        if isinstance(value, dict) and not placed and value.keys() <= MODELS.keys():
            self._document.blame(("accounts",), "no account", "at least one account")
        return placed

    def _named(self, place: Place, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._document.blame(place, found(value), "account names, each with a mapping of its keys")
            return {}
        return value

    def _account(self, system: str, name: str, content: Any) -> PlacedAccount:
        place = ("accounts", system, name)
        try:
            read_name(name)
        except ValueError as error:
            self._document.blame(place, f"the account name {shown(name)}", str(error))
        context = {**self._context, PROVE_SECRETS: system in self._secrets_of}
        account = read_section(self._document, place, content, MODELS[system], context)
        return PlacedAccount(place=place, system=system, name=name, account=account)

    def _routes(self, value: Any) -> list[PlacedRoute]:
        if value is None:
            return []
        if not isinstance(value, list):
            self._document.blame(("routes",), found(value), "a list of routes")
            return []
        routes = [self._route(("routes", index), content) for index, content in enumerate(value)]
        return [route for route in routes if route is not None]

    def _route(self, place: Place, content: Any) -> PlacedRoute | None:
        if not isinstance(content, dict):
            self._document.blame(place, found(content), "a mapping with from and targets")
            return None
        content = with_pins(self._document, place, content, self._pins)
        header = {key: value for key, value in content.items() if key != "targets"}
        section = read_section(self._document, place, header, RouteSection, self._context)
        targets = self._targets((*place, "targets"), content.get("targets"))
        if section is None:
            return None
        named = section.cost_codes_file
        crosswalk = self._crosswalk((*place, "cost_codes_file"), named) if named else ()
        return PlacedRoute(place=place, section=section, targets=tuple(targets), crosswalk=crosswalk)

    def _crosswalk(self, place: Place, path: Path) -> tuple[CrosswalkEntry, ...]:
        """What a file of cost codes says; several routes may name one, whose problems are noted once.

        What is wrong with no line of it is blamed on the place that names it.
        """
        known = path in self.files
        self.files.setdefault(path, stamp_of(path))
        entries, problems = read_entries(path)
        for problem in () if known else problems:
            if problem.line:
                self._document.problems.append(problem)
            else:
                self._document.blame(place, f"{path}, {problem.found}", problem.allowed)
        return entries

    def _targets(self, place: Place, value: Any) -> list[PlacedTarget]:
        if value is None:
            return []
        if not isinstance(value, list):
            self._document.blame(place, found(value), "a list of targets")
            return []
        targets = [self._target((*place, index), content) for index, content in enumerate(value)]
        return [target for target in targets if target is not None]

    def _target(self, place: Place, content: Any) -> PlacedTarget | None:
        if not isinstance(content, dict):
            self._document.blame(place, found(content), "a mapping with system and account")
            return None
        system = content.get("system")
        if system not in TARGETS:
            meant = nearest(str(system), list(TARGETS))
            hint = f" (did you mean {meant}?)" if meant else ""
            self._document.blame((*place, "system"), found(system), f"{one_of(list(TARGETS))}{hint}")
            return None
        section = read_section(self._document, place, content, TARGETS[system], self._context)
        return PlacedTarget(place=place, section=section) if section else None
