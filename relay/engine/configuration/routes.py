"""Routes as the file writes them, and as the domain knows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from relay.domain.change_order import Classification, Status
from relay.domain.commands import CinxDestination, ContractKind, ProcoreDestination
from relay.domain.expression import Expression
from relay.domain.procore_content import ProcoreStatus
from relay.domain.routes import (
    EVERYTHING,
    Amount,
    CinxTarget,
    CrosswalkEntry,
    Match,
    NoItems,
    OwnRecords,
    Pattern,
    ProcoreTarget,
    Remainder,
    Route,
    RouteMode,
    Source,
)
from relay.engine.configuration.rules import (
    CinxTargetRules,
    ProcoreTargetRules,
    RouteRules,
    cinx_rules,
    procore_rules,
)
from relay.engine.configuration.sections import Section
from relay.engine.configuration.values import Day, FileName, Flag, Identifier, Name, Text


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _read_pattern(value: Any) -> Pattern:
    if not isinstance(value, str) or not value:
        raise ValueError("an exact value, or a regular expression between slashes")
    if len(value) < 3 or not (value.startswith("/") and value.endswith("/")):
        return value
    try:
        return Expression(value[1:-1])
    except ValueError as error:
        raise ValueError(
            f"between slashes a regular expression of RE2, which looks neither ahead nor back ({error})"
        ) from None


def _read_tiers(value: Any) -> int:
    if value in ("1", "2", "3"):
        return int(value)
    raise ValueError("1, 2 or 3")


PatternText = Annotated[Pattern, BeforeValidator(_read_pattern)]
Patterns = Annotated[tuple[PatternText, ...], BeforeValidator(_as_list), Field(min_length=1)]
Classifications = Annotated[tuple[Classification, ...], BeforeValidator(_as_list), Field(min_length=1)]


class MatchSection(Section):
    """Which items a target takes: one value or a list for each condition; all conditions must hold."""

    classifications: Classifications | None = None
    cost_codes: Patterns | None = None
    name: Patterns | None = None
    description: Patterns | None = None
    unit: Patterns | None = None

    def match(self) -> Match:
        texts = {"name": self.name, "description": self.description, "unit": self.unit}
        return Match(
            classifications=self.classifications,
            cost_codes=self.cost_codes,
            fields={name: patterns for name, patterns in texts.items() if patterns is not None},
        )


class _Target(Section):
    name: Name = "main"
    account: Name
    match: MatchSection | None = None
    takes_remainder: Flag = False

    def takes(self) -> Match:
        """Its match; without one it takes everything."""
        return self.match.match() if self.match else EVERYTHING


class ProcoreTargetSection(_Target, ProcoreTargetRules):
    """A contract of a Procore project."""

    system: Literal["procore"]
    project_id: Identifier
    contract_id: Identifier
    contract: ContractKind
    tiers: Annotated[int, BeforeValidator(_read_tiers)]
    line_item_type: Text | None = None

    def target(self, route: RouteSection, *, takes_remainder: bool) -> ProcoreTarget:
        by_contract = Amount.CLIENT_PRICE if self.contract is ContractKind.PRIME else Amount.COST
        return ProcoreTarget(
            name=self.name,
            account=self.account,
            destination=ProcoreDestination(
                project_id=self.project_id, contract_id=self.contract_id, contract=self.contract, tiers=self.tiers
            ),
            rules=procore_rules(route, self),
            match=self.takes(),
            amount=self.amount or route.amount or by_contract,
            takes_remainder=takes_remainder,
            line_item_type=self.line_item_type,
        )


class CinxTargetSection(_Target, CinxTargetRules):
    """A CINX purchase order. ``fields`` are dotted paths of the POCO template and their texts."""

    system: Literal["cinx"]
    purchase_order: Text
    fields: dict[Text, Text] = Field(default_factory=dict)

    def target(self, route: RouteSection, *, takes_remainder: bool) -> CinxTarget:
        return CinxTarget(
            name=self.name,
            account=self.account,
            destination=CinxDestination(purchase_order=self.purchase_order),
            rules=cinx_rules(route, self),
            match=self.takes(),
            amount=self.amount or route.amount or Amount.COST,
            takes_remainder=takes_remainder,
            fields=dict(self.fields),
            no_items=self.cinx_no_items or route.cinx_no_items or NoItems.WITHDRAW,
        )


TargetSection = ProcoreTargetSection | CinxTargetSection

TARGETS: dict[str, type[ProcoreTargetSection | CinxTargetSection]] = {
    "procore": ProcoreTargetSection,
    "cinx": CinxTargetSection,
}
"""The systems that can be written to, and what a target of each holds."""


class FromSection(Section):
    """Where a route starts. Without ``project``: every project of the account."""

    system: Literal["constructiononline", "procore", "cinx"]
    account: Name
    project: Text | None = None

    def source(self) -> Source:
        return Source(system=self.system, account=self.account, project=self.project)


class CrosswalkSection(Section):
    """An entry of a crosswalk: what it is for, and what stands there at the targets."""

    code: Text | None = None
    classification: Classification | None = None
    cost_code: Text | None = None
    line_item_type: Text | None = None

    def entry(self) -> CrosswalkEntry:
        return CrosswalkEntry(
            code=self.code,
            classification=self.classification,
            cost_code=self.cost_code,
            line_item_type=self.line_item_type,
        )


class RouteSection(RouteRules):
    """A route without its targets."""

    name: Name | None = None
    start: FromSection = Field(alias="from")
    mode: RouteMode = RouteMode.OBSERVE
    since: Day | None = None
    history: Flag = False
    statuses: dict[Status, ProcoreStatus] | None = None
    cost_codes: dict[Text, Text] = Field(default_factory=dict)
    crosswalk: tuple[CrosswalkSection, ...] = ()
    cost_codes_file: FileName | None = None
    remainder: Remainder = Remainder.LETTER
    own_records: OwnRecords = OwnRecords.SKIP

    def route(self, targets: tuple[TargetSection, ...], of_file: tuple[CrosswalkEntry, ...] = ()) -> Route:
        """``of_file``: what its file of cost codes says, after its own entries."""
        takers = self._takers(targets)
        return Route(
            source=self.start.source(),
            targets=tuple(
                target.target(self, takes_remainder=takes) for target, takes in zip(targets, takers, strict=True)
            ),
            mode=self.mode,
            since=self.since,
            history=self.history,
            cost_codes=dict(self.cost_codes),
            remainder=self.remainder,
            own_records=self.own_records,
            name=self.name,
            crosswalk=(*(section.entry() for section in self.crosswalk), *of_file),
            **self._statuses(),
        )

    def _statuses(self) -> dict[str, dict[str, str]]:
        """Nothing where the domain's default holds."""
        if self.statuses is None:
            return {}
        return {"statuses": {str(status): word for status, word in self.statuses.items()}}

    def _takers(self, targets: tuple[TargetSection, ...]) -> list[bool]:
        """Which target takes the remainder: the one that says so, else the first."""
        if self.remainder is not Remainder.LINE:
            return [False] * len(targets)
        stated = [target.takes_remainder for target in targets]
        return stated if any(stated) else [index == 0 for index in range(len(targets))]
