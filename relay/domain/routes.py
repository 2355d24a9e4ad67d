"""Routes: which change orders go where, and what is done where there is a choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from relay.domain.change_order import Classification
from relay.domain.commands import CinxDestination, CinxRules, ProcoreDestination, ProcoreRules
from relay.domain.expression import Expression


class RouteMode(StrEnum):
    """``observe`` publishes events only; ``dry_run`` says what would be sent; ``live`` sends."""

    OBSERVE = "observe"
    DRY_RUN = "dry_run"
    LIVE = "live"


class Amount(StrEnum):
    """Which amount of an item is carried."""

    COST = "cost"
    CLIENT_PRICE = "client_price"


class Remainder(StrEnum):
    """What happens where the header's total is not the sum of the items."""

    LETTER = "letter"
    LINE = "line"


class NoItems(StrEnum):
    """What becomes of an approved change order of which a CINX target's ``match`` leaves no item."""

    WITHDRAW = "withdraw"
    LETTER = "letter"


class OwnRecords(StrEnum):
    """What a route does with records that we ourselves wrote into its source."""

    SKIP = "skip"
    MAP = "map"


Pattern = str | Expression
"""A value, compared as people read it, or an expression (written between slashes in the configuration)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Conditions on an item; all that are given must hold. Each is a list of which one must fit.

    ``fields`` are further named text fields of an item (``name``, ``description``, ``unit``).
    A lump-sum change order is one item of class ``unclassified``, which a class filter takes
    only if it names that class.
    """

    classifications: tuple[Classification, ...] | None = None
    cost_codes: tuple[Pattern, ...] | None = None
    fields: dict[str, tuple[Pattern, ...]] = field(default_factory=dict)


EVERYTHING = Match()
"""Takes every item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcoreTarget:
    """A Procore contract as a target. ``line_item_type`` is looked up for every line."""

    name: str
    account: str
    destination: ProcoreDestination
    rules: ProcoreRules = ProcoreRules()
    match: Match = EVERYTHING
    amount: Amount = Amount.COST
    takes_remainder: bool = False
    line_item_type: str | None = None

    system = "procore"


@dataclass(frozen=True, slots=True, kw_only=True)
class CinxTarget:
    """A CINX purchase order as a target. ``fields`` are dotted POCO template paths and their text.

    ``no_items`` ``letter``: every approved change order is expected to order something here.
    """

    name: str
    account: str
    destination: CinxDestination
    rules: CinxRules = CinxRules()
    match: Match = EVERYTHING
    amount: Amount = Amount.COST
    takes_remainder: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    no_items: NoItems = NoItems.WITHDRAW

    system = "cinx"


Target = ProcoreTarget | CinxTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a route starts; ``project`` ``None`` means every project of the account."""

    system: str
    account: str
    project: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrosswalkEntry:
    """What stands for a source's cost code and classification at the targets: a cost code, a cost type, or both.

    ``code`` or ``classification`` ``None``: whatever the item has; ``code`` ``""``: none. ``line_item_type`` is
    Procore's word for the type.
    """

    code: str | None = None
    classification: Classification | None = None
    cost_code: str | None = None
    line_item_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """From a source to its targets. ``name`` is identity; to people its targets are ``{name}/{target}``.

    ``statuses`` maps canonical statuses to Procore's words; a status that is not in it is not
    carried. ``cost_codes`` maps the source's codes to the targets' codes; an entry of ``crosswalk`` goes before it,
    and the first one that fits and says anything counts.
    """

    source: Source
    targets: tuple[Target, ...]
    mode: RouteMode = RouteMode.OBSERVE
    since: date | None = None
    history: bool = False
    statuses: dict[str, str] = field(
        default_factory=lambda: {"pending": "pending", "approved": "approved", "rejected": "rejected"}
    )
    cost_codes: dict[str, str] = field(default_factory=dict)
    remainder: Remainder = Remainder.LETTER
    own_records: OwnRecords = OwnRecords.SKIP
    name: str | None = None
    crosswalk: tuple[CrosswalkEntry, ...] = ()

    @property
    def label(self) -> str:
        """What people call it: its name, else where it starts."""
        if self.name is not None:
            return self.name
        project = f"/project:{self.source.project}" if self.source.project is not None else ""
        return f"{self.source.system}:{self.source.account}{project}"

    def shown(self, target: Target) -> str:
        """How a target is called to people: ``tower/owner``, or its own name where the route has none."""
        return target.name if self.name is None else f"{self.name}/{target.name}"


class Unrouted(StrEnum):
    """What becomes of a change order of an account that no route takes."""

    LETTER = "letter"
    SKIP = "skip"


class DestinationName(NamedTuple):
    """A destination of one system, by its account and its own name."""

    account: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """All routes, and per ``{system}:{account}`` what becomes of what they do not take (default: letter).

    ``pilots``: a route's label and the key of a change order that is carried as if the route were live.
    """

    routes: tuple[Route, ...]
    unrouted: dict[str, Unrouted] = field(default_factory=dict)
    pilots: frozenset[tuple[str, str]] = frozenset()

    def destinations(self, system: str) -> frozenset[DestinationName]:
        """Every destination in ``system`` that a route names, whatever its mode."""
        targets = (target for route in self.routes for target in route.targets if target.system == system)
        return frozenset(DestinationName(target.account, target.destination.name) for target in targets)
