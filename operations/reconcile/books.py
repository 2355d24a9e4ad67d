"""What is compared: the source's shares, what was written of it, and what stands at the remote."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from operations.reconcile.amounts import NOTHING, Amounts
from relay.domain.change_order import Status
from relay.domain.events import ChangeOrderObserved

IN_NONE = "none"
"""The package of a record that is in none."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A contract or purchase order on one side; without a contract it is what no destination takes."""

    side: str
    system: str = ""
    account: str = ""
    project: str = ""
    contract: str = ""

    @property
    def is_contract(self) -> bool:
        """Whether anything can be there."""
        return bool(self.contract)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceShare:
    """What the source says of one change order at one place.

    ``says`` is the report's source; ``seen``: what the relay had observed. ``amount`` ``None``: the source states
    none, or it does not add up, and nothing is counted here. ``status_meant``: what it is to be there, in the words of
    its system; ``None``: with its status it is not carried. ``unknown``: nothing at all is known of its amount.
    ``carried_on``: a record at another contract of the report says it. Its money counts there, and is no source's here.
    """

    key: str
    number: str | None
    title: str | None
    place: Place
    target: str
    origin_id: str | None
    currency: str | None
    status: str
    amount: Decimal | None
    says: Amounts
    seen: Amounts
    status_meant: str | None
    items: int
    event: ChangeOrderObserved | None
    since: datetime | None
    unknown: bool = False
    carried_on: bool = False

    @property
    def is_carried(self) -> bool:
        """Whether it is to be there."""
        return self.status_meant is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLine:
    """A line of ours as last accepted."""

    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OurHolding:
    """What of one origin id was written, all writes together. ``total`` ``None``: the last amount is not known.

    ``lines`` by the remote's ids, where writes tell them. ``record_ids``: of the records that stand for it.
    """

    origin_id: str
    key: str
    target: str
    system: str
    account: str
    project: str
    contract: str
    held: Amounts
    total: Decimal | None
    status: str | None
    currency: str | None
    at: datetime
    lines: dict[str, WrittenLine] = field(default_factory=dict)
    record_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """A line as it stands at the remote."""

    line_id: str
    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A change order at the remote. ``total`` ``None``: it cannot be told. ``lines`` ``None``: they were not read.

    ``status`` counts; ``status_raw`` is the remote's own word. ``span``: between what the total may lie, where the
    remote states quantities and prices, and rounding is its own. ``package``: its number, :data:`IN_NONE`, or not said.
    """

    record_id: str
    number: str | None
    title: str | None
    place: Place
    origin_id: str | None
    currency: str | None
    status: Status
    status_raw: str | None
    total: Decimal | None
    read_at: datetime
    changed_at: datetime | None = None
    lines: tuple[RecordLine, ...] | None = None
    deleted: bool = False
    package: str | None = None
    span: tuple[Decimal, Decimal] | None = None

    @property
    def held(self) -> Amounts:
        """What of it counts; a deleted one is nothing."""
        if self.deleted or self.total is None:
            return NOTHING
        if self.place.system == "cinx":
            # What is ordered there was approved at the source, whatever the vendor has said so far.
            return NOTHING if self.status in (Status.REJECTED, Status.VOID) else Amounts(approved=self.total)
        approved, pending = self.status is Status.APPROVED, self.status is Status.PENDING
        return Amounts(approved=self.total if approved else Decimal(0), pending=self.total if pending else Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRead:
    """When an account was last read before the cut-off; ``at`` ``None``: it was not. ``why``: it could not be."""

    system: str
    account: str
    at: datetime | None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedAmounts:
    """What the remote itself says of a contract. What it does not say is null."""

    number: str | None = None
    title: str | None = None
    vendor: str | None = None
    currency: str | None = None
    original: Decimal | None = None
    approved: Decimal | None = None
    pending: Decimal | None = None
    revised: Decimal | None = None
    read_at: datetime | None = None
