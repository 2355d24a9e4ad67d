"""Whether the remotes deny what names that are new stand for: such a name would be kept for ever."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from operations.check.targets.answers import Answers, ProvenWrong, Unanswered
from operations.check.targets.history import Wanted
from operations.check.targets.procore import ProcoreCompany
from operations.check.targets.sources import prove_source
from operations.survey.calls import Calls, CallsSpent
from operations.survey.remotes import opened
from relay.clients.procore import ProcoreClient
from relay.domain.route_names import target_of
from relay.domain.routes import ProcoreTarget, Source
from relay.engine.configuration import Configuration
from relay.engine.configuration.pins import PINNED
from relay.engine.settings import Settings


@dataclass(slots=True)
class Proven:
    """``denied`` are sentences about ids that a remote says it does not have, ``untold`` about those nobody told of."""

    denied: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)


def prove_ids(configuration: Configuration, settings: Settings, recorded: Collection[str], calls: Calls) -> Proven:
    """Asks for the projects and contracts of those names that are not ``recorded`` yet. Reads only."""
    proven, known, silent = Proven(), dict[str, Answers](), set[str]()
    with ExitStack() as stack:

        def answers_of(system: str, account: str) -> Answers:
            key = f"{system}:{account}"
            if key not in known:
                accounts = configuration.accounts()
                known[key] = Answers(stack.enter_context(opened(key, accounts[key], settings, calls)))
            return known[key]

        for asked, name in _new(configuration, recorded):
            key = f"{asked.system}:{asked.account}"
            if key in silent:
                proven.untold.append(f"{name}: {key} did not answer before")
                continue
            try:
                if isinstance(asked, Source):
                    prove_source(asked, answers_of(asked.system, asked.account))
                else:
                    _prove_contract(asked, answers_of(asked.system, asked.account))
            except ProvenWrong as wrong:
                # Another kind than is stated is no id that the remote denies: `cor check` says it.
                if wrong.place[-1] in PINNED:
                    proven.denied.append(f"{name}: {wrong}")
            except (Unanswered, CallsSpent, OSError, ValueError) as missing:  # also a secret that cannot be used
                silent.add(key)
                proven.untold.append(f"{name}: {missing}")
    return proven


def _new(configuration: Configuration, recorded: Collection[str]) -> Iterator[tuple[Source | ProcoreTarget, str]]:
    """What is to be asked for, and what people call it."""
    sources: set[Source] = set()
    for route in configuration.routing.routes:
        new = [target for target in route.targets if f"target:{target_of(route, target)}" not in recorded]
        if new and route.source.project is not None and route.source not in sources:
            sources.add(route.source)
            yield route.source, f"source {route.source.system}:{route.source.account} project {route.source.project}"
        for target in new:
            if isinstance(target, ProcoreTarget):
                yield target, f"target {route.shown(target)} in {target.system}:{target.account}"


def _prove_contract(target: ProcoreTarget, answers: Answers) -> None:
    client = answers.remote.client
    if isinstance(client, ProcoreClient):
        next(ProcoreCompany(answers, client, answers.remote.terms).prove(target, Wanted))
