"""What a target system is to be made to say: one command per event and target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from relay.domain.events import EventReference


class Operation(StrEnum):
    """``adopt`` and ``resubmit`` are a person's decisions about something that needs review."""

    APPLY = "apply"
    WITHDRAW = "withdraw"
    VERIFY = "verify"
    ADOPT = "adopt"
    RESUBMIT = "resubmit"

    @property
    def is_decision(self) -> bool:
        """Whether a person asks for it."""
        return self in (Operation.ADOPT, Operation.RESUBMIT)

    @property
    def is_mapped(self) -> bool:
        """Whether a route asks for it, by what it makes of the change order."""
        return self in (Operation.APPLY, Operation.WITHDRAW)


class Mode(StrEnum):
    """``dry_run`` ends in an outcome with the payload that would have been sent."""

    DRY_RUN = "dry_run"
    LIVE = "live"


class Lane(StrEnum):
    """Live work goes before backfill; backfill keeps a guaranteed share."""

    LIVE = "live"
    BACKFILL = "backfill"


class Version(NamedTuple):
    """What makes one command newer than another: first the sequence, then when it was mapped (ms UTC)."""

    sequence: int
    mapped_at_ms: int


class Destination(Protocol):
    """Where a command goes within the target's account."""

    @property
    def name(self) -> str:
        """One text that names the place, for comparison and for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The part of a command that every target system shares.

    ``payload_hash`` is over the payload in canonical form, ``idempotency_key`` over target,
    destination, origin id, operation, sequence and payload hash. ``adopt_remote_id`` belongs to
    ``adopt``; ``letter_id`` is the letter that a redriven command comes from; ``unplaced`` names
    items that matched no target. ``observed`` belongs to ``verify``: what the record said when it was
    observed, by names of the ledger's parts and facts, as far as it says what our marks on it say. ``person``: who
    decided, where a decision led to it; ``plan_id``: the plan that it carries out.
    """

    command_id: str
    operation: Operation
    change_order_key: str
    root: str
    system: str
    account: str
    target: str
    origin_id: str
    project: str | None
    sequence: int
    mapped_at: datetime
    event: EventReference | None
    idempotency_key: str
    payload_hash: str
    destination: Destination
    mode: Mode = Mode.LIVE
    reason: str | None = None
    unplaced: tuple[str, ...] = ()
    letter_id: str | None = None
    adopt_remote_id: str | None = None
    observed: dict[str, str] | None = None
    person: str | None = None
    plan_id: str | None = None

    @property
    def version(self) -> Version:
        """Newest wins."""
        return Version(self.sequence, int(self.mapped_at.timestamp() * 1000))

    @property
    def longest_name(self) -> int:
        """Bytes of the longest of the names that outcomes, letters and writes about it repeat."""
        names = (
            *(self.command_id, self.change_order_key, self.account, self.target, self.origin_id),
            *(self.idempotency_key, self.payload_hash, self.destination.name),
            *(self.letter_id, self.adopt_remote_id, self.person, self.plan_id),
            *((self.event.topic, self.event.event_id) if self.event is not None else ()),
        )
        return max(len(name.encode()) for name in names if name is not None)

    @property
    def tenant(self) -> str:
        """The tenant's name, ``{system}:{account}``."""
        return f"{self.system}:{self.account}"

    @property
    def is_about_a_record(self) -> bool:
        """Whether it is about a record of ours as it stands there: a look at it, or a decision without a payload.

        It has no content of its own, and need not know which route the change order takes now.
        """
        return not self.operation.is_mapped and getattr(self, "payload", None) is None


class ContractKind(StrEnum):
    """The kinds of Procore contract that carry change orders."""

    PRIME = "prime"
    WORK_ORDER = "work_order"
    PURCHASE_ORDER = "purchase_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcoreDestination:
    """A contract of a project of a Procore company. ``tiers`` is what the route states (1 to 3)."""

    project_id: int
    contract_id: int
    contract: ContractKind
    tiers: int

    @property
    def name(self) -> str:
        """One text that names the contract, for comparison and for people."""
        return f"{self.project_id}/{self.contract_id}"

    def named(self, name: str) -> ProcoreDestination:
        """The contract of that name; what the name does not tell is as it is here."""
        project, contract = name.split("/")
        return replace(self, project_id=int(project), contract_id=int(contract))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcoreRules:
    """What the route wants done where there is a choice; the safest is the default."""

    existing: str = "letter"
    person_edit: str = "letter"
    number: str = "leave_to_remote"
    package: str = "none"
    on_delete: str = "letter"
    on_withdraw: str = "letter"
    approved_change: str = "letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcoreLine:
    """One line item. ``amount`` is what counts; quantity and unit cost are as entered, and may not make it."""

    item_id: str
    position: int
    description: str
    amount: Decimal
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None
    unit: str | None = None
    cost_code: str | None = None
    line_item_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcorePayload:
    """What a potential change order and its lines are to say. ``status`` is Procore's own word."""

    title: str
    status: str
    number: str | None = None
    description: str | None = None
    due_date: str | None = None
    schedule_days: int | None = None
    change_reason: str | None = None
    currency: str | None = None
    lines: tuple[ProcoreLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcoreCommand(Command):
    """A command to the Procore writer; without a payload for every operation but ``apply``."""

    destination: ProcoreDestination
    rules: ProcoreRules = ProcoreRules()
    payload: ProcorePayload | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CinxDestination:
    """A purchase order of a CINX account, by its exact number."""

    purchase_order: str

    @property
    def name(self) -> str:
        """One text that names the purchase order."""
        return self.purchase_order


@dataclass(frozen=True, slots=True, kw_only=True)
class CinxRules:
    """What the route wants done where there is a choice; the safest is the default."""

    existing: str = "letter"
    lines: str = "new"
    quantity: str = "absolute"
    later: str = "letter"
    on_delete: str = "letter"
    on_withdraw: str = "letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class CinxLine:
    """One line to be ordered, at cost. Quantity times unit price is the amount, but for its rounding to the cent."""

    item_id: str
    position: int
    description: str
    quantity: Decimal
    unit_price: Decimal
    unit: str | None = None
    currency: str | None = None
    cost_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CinxPayload:
    """What a purchase order change order is to say. ``fields`` are dotted template paths and their text."""

    description: str
    number: str | None = None
    title: str | None = None
    currency: str | None = None
    fields: dict[str, str] | None = None
    lines: tuple[CinxLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CinxCommand(Command):
    """A command to the CINX submitter; without a payload for every operation but ``apply``."""

    destination: CinxDestination
    rules: CinxRules = CinxRules()
    payload: CinxPayload | None = None


TargetCommand = ProcoreCommand | CinxCommand
"""A command to one of the target systems."""

COMMAND_TYPES: dict[str, type[TargetCommand]] = {"procore": ProcoreCommand, "cinx": CinxCommand}
"""The type of each target system's commands."""
