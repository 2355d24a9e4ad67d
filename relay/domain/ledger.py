"""What a writer keeps: the inbox (what waits, what is under way, what is held) and the ledger.

Both live on compacted topics next to the lanes, and change only by committed transactions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from relay.domain import identity
from relay.domain.commands import Command, Lane, Version
from relay.domain.letters import LetterHeader
from relay.domain.rate_use import MinuteUse
from relay.domain.writes.balance import EMPTY, UNKNOWN, Balance


class Slot(StrEnum):
    """The last part of an inbox key; the rest is the origin id, a hold's scope, or an account's tenant."""

    NEXT = "next"
    CURRENT = "current"
    INTENT = "intent"
    HOLD = "hold"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A received command: its original bytes and where they came from.

    The version stands beside the bytes so that newness can be judged without decoding them.
    ``touched``: a part of it has been accepted by the remote, so that its end is ``applied``.
    """

    origin_id: str
    command_id: str
    lane: Lane
    topic: str
    partition: int
    offset: int
    received_at: datetime
    sequence: int
    mapped_at: datetime
    record_key: bytes | None
    command: bytes
    headers: tuple[LetterHeader, ...] = ()
    attempts: int = 0
    touched: bool = False
    held_told: bool = False

    @property
    def version(self) -> Version:
        return Version(self.sequence, int(self.mapped_at.timestamp() * 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is about to be, or may have been, sent for one origin id.

    ``step`` names the call (``header``, ``lines``, ``package`` …); ``parts`` maps each part in it
    to the hash of what is said; ``bytes_hash`` is over the request element. ``before`` are facts
    noted before the call (CINX: guids of the purchase order's POCOs). The intent is removed once the
    call certainly did not go out, or was answered. ``sent`` is false only where a person decides about
    a command of which nothing was ever sent. ``remote_id`` is reserved: nothing sets it.
    ``doubts`` counts attempts whose outcome stayed unknown while the host answered others.
    ``ambiguous_at`` is when an answer was last lost: until the remote has certainly finished with
    that request, no different bytes may follow.
    ``exclusive`` names what no other intent may touch while this one is open (a purchase order).
    """

    origin_id: str
    command_id: str
    step: str
    parts: dict[str, str]
    bytes_hash: str
    intended_at: datetime
    sent: bool
    before: tuple[str, ...] = ()
    job_id: str | None = None
    job_since: datetime | None = None
    remote_id: str | None = None
    doubts: int = 0
    exclusive: str | None = None
    ambiguous_at: datetime | None = None

    def seconds_under_way(self, now: datetime, quarantine: float) -> float:
        """Seconds in which the request may still be applied; 0 or less: the remote has certainly finished with it.

        ``quarantine``: how long a request whose answer was lost may be on its way.
        """
        return quarantine - (now - (self.ambiguous_at or self.intended_at)).total_seconds()


class HoldKind(StrEnum):
    """Why something waits."""

    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    TENANT_BLOCKED = "tenant_blocked"
    DENIED = "denied"
    DOUBT = "doubt"
    JOB = "job"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Work that must wait. ``scope`` is a tenant (``procore:acme``) or a place in it (``procore:acme/project:315``).

    It ends at ``until``, or, where ``probe`` is set, when a harmless call succeeds (the next one at ``until``).
    """

    scope: str
    kind: HoldKind
    reason: str
    sentence: str
    since: datetime
    until: datetime
    probe: bool = False
    attempts: int = 0
    letter_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNote:
    """What the next process is to know of a remote account.

    ``facts`` are the target adapter's own, by name; ``used`` is what the last hour's calls took of its rate limits.
    """

    tenant: str
    facts: dict[str, str]
    used: tuple[MinuteUse, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRecord:
    """One value of the inbox topic; exactly one of the four is set, as the key's slot says."""

    waiting: Waiting | None = None
    intent: Intent | None = None
    hold: Hold | None = None
    account: AccountNote | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part that the remote accepted. ``person`` marks one that a person changed since."""

    hash: str
    person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """All that is known of one origin id at the remote.

    ``seen_*`` is the highest version settled in any way, ``applied_sequence`` the highest that the
    remote accepted in full; ``sent_sequence`` the highest of which something may have been sent, with
    ``sent_payload_hash``. ``remote`` holds ids and numbers by name (``pco_id``, ``package_id`` …).
    ``letters`` are open letter ids. ``review`` is the intent that a person must decide about.
    Different bytes may go out from ``different_after`` on. ``balance`` is what the remote holds of ours in money;
    ``None``: the entry is from before that was kept (see :attr:`known_balance`). ``changed`` names the parts that the
    remote has accepted or given up for the command in hand.
    """

    origin_id: str
    change_order_key: str
    destination: str
    seen_sequence: int
    seen_mapped_at: datetime
    applied_sequence: int | None = None
    applied_payload_hash: str | None = None
    sent_sequence: int | None = None
    sent_payload_hash: str | None = None
    parts: dict[str, Part]
    remote: dict[str, str]
    letters: tuple[str, ...] = ()
    review: Intent | None = None
    withdrawn: bool = False
    different_after: datetime | None = None
    balance: Balance | None = None
    changed: tuple[str, ...] = ()

    @property
    def known_balance(self) -> Balance:
        """What the remote holds of ours in money; nothing where nothing was ever sent."""
        return self.balance or (UNKNOWN if self.was_sent else EMPTY)

    @property
    def seen(self) -> Version:
        """The highest version settled in any way."""
        return Version(self.seen_sequence, int(self.seen_mapped_at.timestamp() * 1000))

    def letters_settled_by(self, command: Command) -> tuple[str, ...]:
        """The letters that are done with once ``command`` has ended well: the entry's own, and the one it answers."""
        letters = dict.fromkeys(self.letters)
        if command.letter_id:
            letters[command.letter_id] = None
        return tuple(letters)

    @property
    def was_sent(self) -> bool:
        """Whether the remote may hold something of it."""
        return self.sent_sequence is not None or self.review is not None or bool(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """All that is kept of one origin id: its three slots of the inbox and its ledger entry.

    ``frozen``: a part of it cannot be read, so that nothing may be sent before a person has decided.
    """

    waiting: Waiting | None = None
    current: Waiting | None = None
    intent: Intent | None = None
    entry: LedgerEntry | None = None
    frozen: bool = False

    @property
    def record(self) -> Waiting | None:
        """The command in hand: the current one, else the one that waits; ``None``: there is no work."""
        return self.current or self.waiting

    @property
    def open_intent(self) -> Intent | None:
        """The intent whose call may have been sent and is not recorded."""
        return self.intent if self.intent is not None and self.intent.sent else None

    @property
    def newest(self) -> Version | None:
        """The newest known version, with which alone a command is compared; ``None``: nothing is known."""
        for record in (self.waiting, self.current):
            if record is not None:
                return record.version
        return self.entry.seen if self.entry else None

    @property
    def is_quiet(self) -> bool:
        """Nothing waits and nothing is under way."""
        return self.record is None and self.open_intent is None

    @property
    def in_review(self) -> bool:
        """Whether a person must decide about it."""
        return self.entry is not None and self.entry.review is not None

    @property
    def never_sent(self) -> bool:
        """Whether the remote certainly holds nothing of it."""
        touched = self.current is not None and self.current.touched
        return not (self.open_intent or touched or (self.entry and self.entry.was_sent))

    def entry_for(self, command: Command) -> LedgerEntry:
        """The entry as ``command`` finds it, or the first one of its origin id."""
        return with_destination(self.entry, command) or new_entry(command)


def with_destination(entry: LedgerEntry | None, command: Command) -> LedgerEntry | None:
    """The entry with the command's destination where nothing was ever sent: so long it is free to change.

    One that is not known, of a ledger that was rebuilt, is taken to be that of today's routes.
    """
    if entry is None or (entry.was_sent and entry.destination):
        return entry
    return replace(entry, destination=command.destination.name)


def new_entry(command: Command) -> LedgerEntry:
    """The first entry of an origin id; ``seen`` is below every version."""
    return LedgerEntry(
        origin_id=command.origin_id,
        change_order_key=command.change_order_key,
        destination=command.destination.name,
        seen_sequence=-1,
        seen_mapped_at=datetime.fromtimestamp(0, UTC),
        parts={},
        remote={},
    )


def frozen(order: OrderState, origin_id: str) -> OrderState:
    """What is left of an order of which a part cannot be read: a review, behind which all that is known waits."""
    root = identity.root_of(origin_id)
    entry = order.entry or LedgerEntry(
        origin_id=origin_id,
        change_order_key=root[0] if root else origin_id,
        destination="",
        seen_sequence=-1,
        seen_mapped_at=datetime.fromtimestamp(0, UTC),
        parts={},
        remote={},
    )
    lost = Intent(
        origin_id=origin_id,
        command_id=order.record.command_id if order.record else "",
        step="unreadable",
        parts={},
        bytes_hash="",
        intended_at=datetime.fromtimestamp(0, UTC),
        sent=False,
    )
    review = order.open_intent or entry.review or lost
    waiting = order.waiting or order.current
    return replace(order, waiting=waiting, current=None, entry=replace(entry, review=review), frozen=True)
