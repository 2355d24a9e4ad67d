"""Targets that are new by name, while what they write to was written to by a target that the file has no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from operations.environment import Environment
from operations.wording import system_name
from relay.domain.identity import root_of
from relay.domain.ledger import LedgerEntry
from relay.domain.route_names import start_of, target_of
from relay.domain.routes import Route, Target
from relay.engine.configuration import Configuration
from relay.engine.kafka import read_to_end
from relay.engine.provision import NamesUnrecorded
from relay.engine.topics import FAMILIES
from schemas import Unreadable

_TARGET = "target:"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenamedTarget:
    """``shown``: the new target of ``route`` as people call it, and ``former_shown`` the one that is gone; ``former``:
    its own name, by which ``change_orders`` were written to ``where``.
    """

    route: str
    shown: str
    former: str
    former_shown: str
    where: str
    change_orders: int

    @property
    def sentence(self) -> str:
        """What is asked, and what to do."""
        many = "1 change order was" if self.change_orders == 1 else f"{self.change_orders} change orders were"
        return (
            f"was the target {self.former_shown} renamed to {self.shown}? {many} written to {self.where} by the name "
            f"{self.former}, which the file has no more. The name is part of what marks a record as ours: by another "
            "one all is written there once more, as that of another target. If it was renamed, call it "
            f"{self.former} again in the file; if another target is meant, say so: `cor topics apply "
            f"--accept-new-target {self.shown} --why ...`, and start the stages again"
        )


class TargetsRenamed(NamesUnrecorded):
    """It is not written down what some names stand for, and it looks as if targets were renamed."""

    def __init__(self, renamed: Sequence[RenamedTarget]) -> None:
        self.sentences = tuple(one.sentence for one in renamed)
        super().__init__("; ".join(self.sentences))


def renamed_targets(
    environment: Environment, configuration: Configuration, recorded: Mapping[str, str]
) -> list[RenamedTarget]:
    """Those of the file that are not ``recorded``. What was written by a name, the ledgers tell."""
    found = []
    for route, target, formers in list(_asked(configuration, recorded)):
        written = _written(environment, route, target, formers)
        found += [
            RenamedTarget(
                route=route.label,
                shown=route.shown(target),
                former=former,
                former_shown=former if route.name is None else f"{route.name}/{former}",
                where=f"{system_name(target.system)} {target.destination.name}",
                change_orders=written[former],
            )
            for former in sorted(written)
        ]
    return found


def _asked(configuration: Configuration, recorded: Mapping[str, str]) -> Iterator[tuple[Route, Target, set[str]]]:
    """New targets, with the names for the same account that routes of the same start had and have no more."""
    every = [(route, target) for route in configuration.routing.routes for target in route.targets]
    named = {f"{_TARGET}{target_of(route, target)}" for route, target in every}
    for route, target in every:
        start, account = f"{_TARGET}{start_of(route)}:", f"{target.system}:{target.account}"
        formers = {
            name.removeprefix(start)
            for name, stands_for in recorded.items()
            if name.startswith(start) and stands_for == account and name not in named
        }
        if formers and f"{start}{target.name}" not in recorded:
            yield route, target, formers


def _written(environment: Environment, route: Route, target: Target, formers: Collection[str]) -> Counter[str]:
    """By name how many change orders were written to where the target goes."""
    source, ledger = f"{route.source.system}:{route.source.account}:", FAMILIES[target.system].ledger
    sent: dict[bytes, str] = {}  # The records themselves are not kept.
    partitions = environment.every(ledger, environment.counts([ledger])[ledger])
    for record in read_to_end(environment.connection, partitions):
        key = record.key or b""
        root = root_of(key.decode(errors="replace"))
        if root is None or not root[0].startswith(source) or root[1] not in formers:
            continue
        sent.pop(key, None)
        with suppress(Unreadable):
            entry = None if record.value is None else environment.codec.decode(record.value, LedgerEntry)
            if entry is not None and entry.was_sent and entry.destination == target.destination.name:
                sent[key] = root[1]
    return Counter(sent.values())
