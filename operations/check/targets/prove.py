"""One line for each source project and each target of the routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cached_property, partial
from itertools import chain
from typing import Any

from operations.check.result import CheckResult, Exchange
from operations.check.targets.answers import Answers, ProvenWrong, Unanswered
from operations.check.targets.cinx import CinxCompany
from operations.check.targets.codes import UnknownNames
from operations.check.targets.history import Wanted, of_source, wanted_by
from operations.check.targets.placed import (
    PlacedSource,
    PlacedTargetOfRoute,
    located,
    placed_sources,
    placed_targets,
)
from operations.check.targets.procore import ProcoreCompany
from operations.check.targets.sources import prove_source
from operations.stated_codes import StatedCodes
from operations.survey.calls import Calls, CallsSpent
from operations.survey.remotes import opened
from operations.survey.seen_items import SeenItem, listed_items
from relay.clients.cinx import CinxClient
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.procore import ProcoreClient
from relay.domain.change_order import Item
from relay.domain.routes import CinxTarget, ProcoreTarget, Source
from relay.engine.configuration import Configuration
from relay.engine.configuration.accounts import Account
from relay.engine.configuration.document import Document, Place
from relay.engine.configuration.pins import PINNED
from relay.engine.settings import Settings

Observed = Callable[[], Iterable[SeenItem] | None]


def prove_targets(
    configuration: Configuration,
    document: Document,
    settings: Settings,
    calls: Calls,
    observed: Observed | None,
) -> Iterator[CheckResult]:
    """Each as soon as it is proven. ``document``: the file, for its lines; ``observed`` reads what was observed."""
    with ExitStack() as stack:
        proof = _Proof(configuration.accounts(), document, settings, calls, observed, stack)
        for source in placed_sources(configuration.routing):
            yield proof.source(source)
        for target in placed_targets(configuration.routing):
            yield proof.target(target)


class _Proof:
    def __init__(
        self,
        accounts: Mapping[str, Account],
        document: Document,
        settings: Settings,
        calls: Calls,
        observed: Observed | None,
        stack: ExitStack,
    ) -> None:
        self._accounts, self._document, self._settings, self._calls = accounts, document, settings, calls
        self._read_observed, self._stack = observed, stack
        self._answers: dict[str, Answers] = {}
        self._stated = StatedCodes(document)

    @cached_property
    def _observed(self) -> Iterable[SeenItem]:
        return (self._read_observed() if self._read_observed is not None else None) or ()

    def source(self, placed: PlacedSource) -> CheckResult:
        """Whether the project of a route's start is there."""
        source = placed.route.source
        answers = self._answers_of(source.system, source.account)
        return self._judged(placed.name, placed.place, lambda: iter([prove_source(source, answers)]))

    def target(self, placed: PlacedTargetOfRoute) -> CheckResult:
        """Whether a target is as it is stated, and knows what it would get."""
        return self._judged(placed.name, placed.place, partial(self._parts, placed))

    def _parts(self, placed: PlacedTargetOfRoute) -> Iterator[str]:
        target, history = placed.target, _History(self, placed)
        answers = self._answers_of(target.system, target.account)
        client, terms = answers.remote.client, answers.remote.terms
        if isinstance(target, ProcoreTarget) and isinstance(client, ProcoreClient):
            yield from ProcoreCompany(answers, client, terms).prove(target, history.wanted)
        elif isinstance(target, CinxTarget) and isinstance(client, CinxClient):
            yield from CinxCompany(answers, client, terms).prove(target, history.wanted)
        yield history.said

    def _judged(self, name: str, place: Place, parts: Callable[[], Iterator[str]]) -> CheckResult:
        said: list[str] = []
        try:
            said.extend(parts())
        except ProvenWrong as wrong:
            return _wrong(name, self._sentence(place, wrong), wrong.exchange)
        except Unanswered as refused:
            if refused.is_our_budget:
                return CheckResult(check=name, ok=True, said="; ".join([*said, f"cannot tell more: {refused}"]))
            return _wrong(name, located(self._document, place, f"could not be proven: {refused}"), refused.exchange)
        except CallsSpent as spent:
            said.append(f"cannot tell more: {spent}")
        return CheckResult(check=name, ok=True, said="; ".join(said))

    def _sentence(self, place: Place, wrong: ProvenWrong) -> str:
        """What is wrong, behind where it stands: each name where it is stated, be it in a spreadsheet."""
        at = (*place, *wrong.place)
        sentence = located(self._document, at, f"{wrong}{_pinned(self._document, at)}")
        if not isinstance(wrong, UnknownNames) or wrong.names.stated_as is None:
            return sentence
        route, what = int(place[1]), wrong.names.stated_as
        found = ((text, self._stated.place_of(route, what, text)) for text in wrong.faults)
        places = {text: stated for text, stated in found if stated is not None}
        first = next(iter(wrong.faults))
        told = wrong.told(places)
        return f"{places[first]}: {told}" if first in places else located(self._document, place, told)

    def items(self, source: Source) -> tuple[Iterable[Item], str]:
        """What was seen of a source, and where: as it was observed, else as ConstructionOnline lists it."""
        observed = of_source(self._observed, source)
        for first in observed:
            return chain([first], observed), "observed"
        answers = self._answers_of(source.system, source.account)
        client, terms = answers.remote.client, answers.remote.terms
        if not isinstance(client, ConstructionOnlineClient):
            return [], "observed"
        if source.project is not None and not source.project.isdecimal():
            return [], "listed"
        read = partial(listed_items, client, source.account, source.project, terms)
        return of_source(answers.ask(("items", source.project), read).value, source), "listed"

    def _answers_of(self, system: str, account: str) -> Answers:
        key = f"{system}:{account}"
        if key not in self._answers:
            remote = self._stack.enter_context(opened(key, self._accounts[key], self._settings, self._calls))
            self._answers[key] = Answers(remote)
        return self._answers[key]


class _History:
    """The items that a target is proven by, read when they are first needed."""

    def __init__(self, proof: _Proof, placed: PlacedTargetOfRoute) -> None:
        self._proof, self._placed = proof, placed
        self.said = ""

    def wanted(self) -> Wanted:
        return self._wanted

    @cached_property
    def _wanted(self) -> Wanted:
        route = self._placed.route
        try:
            items, where = self._proof.items(route.source)
        except (Unanswered, CallsSpent) as missing:
            self.said = f"cannot tell what it would get: {missing}"
            return Wanted()
        wanted = wanted_by(route, self._placed.target, items)
        self.said = (
            f"by {wanted.items} {where} items" if wanted.items else f"cannot tell codes: no {where} item is for it"
        )
        return wanted


def _pinned(document: Document, place: Place) -> str:
    """Of what the file calls by number or name how that comes to be an id, and how it comes to be another."""
    stated: Any = document.content
    for key in place:
        stated = stated[key] if isinstance(key, int) else stated.get(key)
        if stated is None:
            return ""
    if place[-1] not in PINNED or not isinstance(stated, dict):
        return ""
    ((way, text),) = list(stated.items())[:1]
    return (
        f". Its {way} {text!r} was looked up when it was pinned to that id (`cor names list`); where another is meant "
        "now, `cor names forget` the pin, then `cor topics apply`"
    )


def _wrong(name: str, sentence: str, exchange: Exchange | None) -> CheckResult:
    return CheckResult(check=name, ok=False, said=sentence, exchanges=() if exchange is None else (exchange,))
