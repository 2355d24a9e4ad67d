"""What the protocol asks of the part that knows one remote system.

The protocol owns order, durability and doubt; an adapter owns what is said to the remote and what
its answers mean. For one change order the two take turns::

    plan(task) ──► PlannedCall ──► (intent durable) ──► execute(batch) ──► one Result per origin id ──► plan …
              └──► Done / Reject / NeedsReview / Wait

``plan`` compares the command with what the ledger says the remote has accepted and names the next
step, so that a takeover at any point goes on where the predecessor stood. It runs on the worker's
thread, must not block and must not call the remote; what it still has to learn (references, what
is in a contract) it asks for with a step whose ``writes`` is false. ``execute`` runs on a thread of
the call pool and may raise any :class:`relay.domain.failures.CallFailure` for the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, TypeVar

from relay.domain.commands import Command, Lane
from relay.domain.ledger import Intent, LedgerEntry
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind, RemoteRecord
from relay.domain.rate_use import MinuteUse
from relay.domain.writes.remote_writes import WrittenField, WrittenRecord
from relay.engine.letters import Failure
from relay.engine.writer.written import Written

C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Generic[C]):
    """One change order's work in hand.

    ``intent`` is set while the outcome of an earlier call is open: then ``plan`` must name what
    resolves it: the same bytes again where the call was an upsert, a reading step otherwise, or
    (with ``intent.job_id``) the look at the job. ``intent.intended_at`` tells its age. ``holders``
    finds the ledger's entries that hold a text, of any change order; only ``plan`` may ask it.
    """

    command: C
    entry: LedgerEntry | None
    intent: Intent | None = None
    lane: Lane = Lane.LIVE
    holders: Callable[[str], Iterable[LedgerEntry]] = field(default=lambda _: (), repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """The next call. Tasks with equal ``step`` and ``batch`` may share it, up to ``most``.

    ``parts``: what will be accepted, each part's name with its hash (empty for reading steps).
    ``bytes_hash``: over the element, so that different bytes are noticed. ``element`` is the
    adapter's own. ``before``: facts kept in the intent. ``exclusive``: no other intent with the
    same name may be open meanwhile. ``writes`` false: no intent is made, the call may simply be
    repeated; several tasks wait for one such call. ``resolves``: a reading call whose answer says
    what became of the open intent, and ends it; what any other reading finds leaves it open.
    ``records``: makes what a write tells of the records that the call touches, with what planning
    had read of them; asked for only once the call was answered.
    """

    step: str
    batch: str
    element: object = None
    parts: Mapping[str, str] = field(default_factory=dict)
    bytes_hash: str = ""
    most: int = 1
    writes: bool = True
    resolves: bool = False
    before: tuple[str, ...] = ()
    exclusive: str | None = None
    records: Callable[[], tuple[WrittenRecord, ...]] = field(default=tuple, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing is left to send.

    ``kind`` ``None``: the protocol decides between ``applied`` and ``unchanged``; ``withdrawn``
    and ``skipped`` are stated. ``withdrawn`` also marks the ledger's entry.
    """

    kind: OutcomeKind | None = None
    reason: str | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """The command cannot be applied: outcome ``rejected`` and a letter, before anything (more) is sent.

    ``rest``: seconds in which what was refused may still show that it left something; until then nothing
    else is written for the change order. ``sides`` as in :class:`NeedsReview`. ``outcome``: ``skipped`` where nothing
    is wrong with the command itself.
    """

    reason: str
    sentence: str
    remote_answer: str = ""
    rest: float = 0.0
    sides: tuple[str, ...] = ()
    outcome: OutcomeKind = OutcomeKind.REJECTED

    @property
    def failure(self) -> Failure:
        """What the letter says."""
        return Failure(
            kind=LetterKind.REJECTED,
            reason=self.reason,
            sentence=self.sentence,
            remote_answer=self.remote_answer,
            sides=self.sides,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsReview:
    """A person must decide: outcome ``needs_review`` and a letter; an open intent moves into the ledger.

    ``sides`` are JSON texts of what each side holds. ``held``: nothing more is sent for the change
    order until the person says ``adopt`` or ``resubmit``, although nothing is in doubt. ``keeps_claim``:
    what the intent claims stays claimed until then, too; no other change order sends under that name.
    """

    reason: str
    sentence: str
    sides: tuple[str, ...] = ()
    held: bool = False
    keeps_claim: bool = True

    outcome: ClassVar = OutcomeKind.NEEDS_REVIEW

    @property
    def failure(self) -> Failure:
        """What the letter says."""
        return Failure(kind=LetterKind.NEEDS_REVIEW, reason=self.reason, sentence=self.sentence, sides=self.sides)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Not now: look again after ``seconds``. ``sentence`` becomes the outcome ``held`` after a minute."""

    seconds: float
    reason: str
    sentence: str


Plan = PlannedCall | Done | Reject | NeedsReview | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The remote accepted it. ``parts`` replaces these parts in the ledger, ``removed`` strikes some.

    ``remote``: ids, numbers and other facts to keep in the entry (a value ``""`` strikes one).
    ``refusal``: some of it was refused for good (``parts`` holds only what was accepted).
    Closes the intent, unless it was a reading that does not resolve it. ``person``: names of parts that a person edited
    since. ``was_there``: a reading step has found it so, and nothing was written for the command, whose end may still
    be ``unchanged``. ``written``: whether it tells of something that we wrote; ``None``: it does where the call writes
    or resolves an open intent, as far as it is new. ``shown``: of what was written by an owner before this one, what
    the remote shows and the intent knows to have been sent.
    """

    parts: Mapping[str, str] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    remote: Mapping[str, str] = field(default_factory=dict)
    person: frozenset[str] = frozenset()
    refusal: Reject | None = None
    was_there: bool = False
    written: bool | None = None
    shown: tuple[WrittenField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplied:
    """Proven: the open intent was not applied. Closes it; ``remote`` as in :class:`Accepted`."""

    remote: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Under way at the remote: the intent stays open, with the job's id; look again after ``seconds``."""

    seconds: float
    job_id: str | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """This element's outcome is unknown, although the call as a whole was answered."""

    message: str
    remote_answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDone:
    """A reading step filled the adapter's cache; nothing is to be recorded. ``plan`` goes on."""


Result = Accepted | NotApplied | Pending | Reject | NeedsReview | Unknown | ReadDone


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Generic[C]):
    """One call to be made: the tasks that share it, with their planned elements.

    ``not_after`` is the end of the send window on :func:`relay.clients.http.clock.running_seconds`;
    the rate slot is already taken for the first request. ``idempotency_key`` is the batch's key.
    """

    tenant: str
    step: str
    batch: str
    lane: Lane
    not_after: float
    idempotency_key: str
    tasks: Sequence[Task[C]]
    calls: Sequence[PlannedCall]


class TargetAdapter(Protocol[C]):
    """The part that knows one remote system. ``plan`` is called by one thread, ``execute`` and probes by several.

    ``looks_first``: whether a record is read before it is written over where the ledger's entry says
    :attr:`~relay.domain.ledger_facts.LedgerFact.DOUBTED`; where not, that is not noted.
    """

    system: str
    looks_first: bool

    def plan(self, task: Task[C]) -> Plan:
        """Names the next step for a change order."""

    def execute(self, batch: Batch[C]) -> Mapping[str, Result]:
        """Makes the call. Returns a result per origin id; a missing one counts as :class:`Unknown`.

        Raises a ``CallFailure`` that all of the batch shares.
        """

    def acquire_slot(self, account: str, lane: Lane) -> float:
        """Takes a rate slot of the account: returns 0, or the seconds to wait for one. Never blocks.

        Raises ``TenantBlocked`` for an account that is configured no longer.
        """

    def release_slot(self, account: str, lane: Lane) -> None:
        """Gives back a slot that is not used after all."""

    def needs_probe(self, account: str) -> bool:
        """Whether the account is to be probed before there is anything to do for it. Asked often; never blocks."""

    def facts_to_keep(self, account: str) -> Mapping[str, str]:
        """What the next process is to know of the account; empty: nothing. Never blocks."""

    def restore_facts(self, account: str, facts: Mapping[str, str]) -> None:
        """Takes what an earlier process noted, before the account is probed."""

    def used(self, account: str) -> tuple[MinuteUse, ...]:
        """What the last hour's calls have used of the account's rate limits; empty: nothing counts by the hour."""

    def own(self, account: str, used: tuple[MinuteUse, ...]) -> None:
        """This process owns the account's partition from now on; ``used`` is what the owner before it has noted."""

    def disown(self, account: str) -> None:
        """Another process may own the account's partition now."""

    def probe_tenant(self, account: str) -> None:
        """Makes a harmless call. Raises the failure that the tenant has, if it has one."""

    def probe_destination(self, task: Task[C]) -> None:
        """Reads the project (or purchase orders) that the task writes to. Raises what refuses it, if anything does."""

    def destination_scope(self, task: Task[C]) -> str:
        """The scope of the hold that a destination refused as a whole gets, such as ``project:315``."""

    def describe(self, entry: LedgerEntry) -> tuple[RemoteRecord, ...]:
        """The remote records of an entry, with links that a person can open."""

    def written(
        self, task: Task[C], step: str, call: PlannedCall | None, result: Accepted, entry: LedgerEntry
    ) -> Written:
        """What an answer wrote. ``step``: of the call that wrote, or that found it again; ``call``: what was planned of
        it, ``None`` where an owner before this one did; ``entry``: the ledger's entry after it.
        """

    def preview(self, task: Task[C]) -> str:
        """What a dry run would send, as JSON text."""
