"""The state of everything at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from operations.audit import now
from operations.environment import Environment
from operations.letters.open_letters import OpenLetter, OpenLetters
from operations.reading import KnownAccount, entries_at, known_accounts
from operations.status.inbox import Inbox, Work, in_doubt, read_inbox, waits_for_a_person
from operations.status.lag import GENERATIONS, Lag, lag_of
from operations.status.polls import awaits_first_poll, poll_states
from relay.domain.identity import change_order_key_of
from relay.domain.ledger import Hold, Intent
from relay.domain.letters import LetterKind
from relay.domain.records import PollState
from relay.engine.kafka import Cluster
from relay.engine.topics import ALL, CINX, FAMILIES, GROUPS, NAMES, POLL_STATE, PROCORE, Topic

WRITERS = {"procore-writer": PROCORE, "cinx-submitter": CINX}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageState:
    """One stage. ``inbox``, ``held`` and ``in_doubt`` count change orders; ``oldest_seconds`` is the age of what
    has waited longest, or ``None``.
    """

    stage: str
    lag: int = 0
    inbox: int = 0
    held: int = 0
    in_doubt: int = 0
    oldest_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Change orders in line behind the open submission of another one to the same purchase order."""

    destination: str
    ahead: str
    since: datetime
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantState:
    """One account. ``loaded`` is ``None`` where it was never polled; ``budget`` where no worker was asked."""

    tenant: str
    waiting: int = 0
    in_doubt: int = 0
    holds: tuple[Hold, ...] = ()
    queues: tuple[Queue, ...] = ()
    loaded: bool | None = None
    asked: str | None = None
    budget: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersState:
    """The open letters. ``undecided``: change orders that are held until a person decides."""

    open: int = 0
    needs_review: int = 0
    undecided: int = 0
    oldest_seconds: float | None = None
    by_reason: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything. ``idle``: nothing is left to do but what waits for a person or for a blocked tenant."""

    at: datetime
    stages: tuple[StageState, ...]
    tenants: tuple[TenantState, ...]
    letters: LettersState
    idle: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What was read."""

    at: datetime
    lags: Mapping[str, Lag]
    inboxes: Mapping[str, Inbox]
    reviews: frozenset[str]
    letters: Sequence[OpenLetter]
    accounts: Sequence[KnownAccount]
    polls: Mapping[str, PollState]
    awaits_first_poll: bool
    quarantine: timedelta


def read_status(environment: Environment, budgets: Mapping[str, Mapping[str, float]]) -> Status:
    """Reads it all, each stage before those that read what it writes: nothing slips through in between."""
    counts = environment.counts(ALL)
    seen = _read(environment, counts)
    # As change orders flow: the pollers come first.
    stages = tuple(_stage(stage, seen) for stage in sorted(GROUPS, key=lambda one: one in GENERATIONS))
    return Status(
        at=seen.at,
        stages=stages,
        tenants=tuple(_tenant(account, seen, budgets.get(account.key)) for account in seen.accounts),
        letters=_letters(seen),
        idle=_idle(stages, seen),
    )


def _read(environment: Environment, counts: Mapping[Topic, int]) -> _Reading:
    accounts = known_accounts(environment, counts[NAMES])
    settings = environment.settings
    with Cluster(environment.connection) as cluster:
        polls = poll_states(environment, cluster, accounts, counts[POLL_STATE])
        lags = {stage: lag_of(environment, cluster, stage, counts, now()) for stage in GENERATIONS[:-1]}
        inboxes = {family.system: read_inbox(environment, family, counts[family.inbox]) for family in FAMILIES.values()}
        lags |= {stage: lag_of(environment, cluster, stage, counts, now()) for stage in GENERATIONS[-1:]}
    letters = OpenLetters(environment).open()
    return _Reading(
        at=now(),
        lags=lags,
        inboxes=inboxes,
        reviews=_reviews(environment, accounts, letters),
        letters=letters,
        accounts=accounts,
        polls=polls,
        awaits_first_poll=awaits_first_poll(environment, accounts, polls),
        quarantine=timedelta(seconds=settings.quarantine),
    )


def _reviews(
    environment: Environment, accounts: Sequence[KnownAccount], letters: Sequence[OpenLetter]
) -> frozenset[str]:
    """Origin ids that are held until a person decides."""
    found: set[str] = set()
    for stage, family in WRITERS.items():
        asked = {
            letter.letter.origin_id
            for letter in letters
            if letter.letter.stage == stage
            and letter.letter.kind is LetterKind.NEEDS_REVIEW
            and letter.letter.origin_id
        }
        entries = entries_at(environment, family, accounts, asked)
        found |= {origin_id for origin_id, entry in entries.items() if entry.review is not None}
    return frozenset(found)


# -- what it comes to


def _stage(stage: str, seen: _Reading) -> StageState:
    lag = seen.lags.get(stage, Lag())
    family = WRITERS.get(stage)
    if family is None:
        return StageState(stage=stage, lag=lag.records, oldest_seconds=lag.oldest_seconds)
    inbox = seen.inboxes[family.system]
    work = list(inbox.work.values())
    doubtful = {one.origin_id for one in work if in_doubt(one.intent, seen.at, seen.quarantine)}
    reviews = {letter.letter.origin_id for letter in seen.letters if letter.letter.stage == stage} & seen.reviews
    ages = [(seen.at - waiting.received_at).total_seconds() for one in work for waiting in one.waiting]
    ages += [lag.oldest_seconds] if lag.oldest_seconds is not None else []
    return StageState(
        stage=stage,
        lag=lag.records,
        inbox=len(work),
        held=sum(_is_held(one, inbox, seen) for one in work),
        in_doubt=len(doubtful | reviews),
        oldest_seconds=round(max(ages), 3) if ages else None,
    )


def _is_held(work: Work, inbox: Inbox, seen: _Reading) -> bool:
    return work.origin_id in seen.reviews or inbox.holding(work) is not None


def _tenant(account: KnownAccount, seen: _Reading, budget: Mapping[str, float] | None) -> TenantState:
    inbox = seen.inboxes.get(account.system, Inbox())
    work = [one for one in inbox.work.values() if one.tenant == account.key]
    state = seen.polls.get(account.key)
    polling = (state.hold,) if state is not None and state.hold is not None else ()
    return TenantState(
        tenant=account.key,
        waiting=len(work),
        in_doubt=sum(in_doubt(one.intent, seen.at, seen.quarantine) for one in work),
        holds=(*polling, *sorted(inbox.holds_of(account.key), key=lambda hold: hold.scope)),
        queues=tuple(_queues(work, inbox)),
        loaded=None if state is None else state.loaded,
        asked=None if state is None else state.asked,
        budget=budget,
    )


def _queues(work: Sequence[Work], inbox: Inbox) -> Iterator[Queue]:
    lines: dict[str, list[Intent]] = {}
    for one in work:
        ahead = inbox.ahead(one)
        if one.command is not None and ahead is not None:
            lines.setdefault(one.command.destination.name, []).append(ahead)
    for destination, ahead_of in sorted(lines.items()):
        first = ahead_of[0]
        yield Queue(
            destination=destination,
            ahead=change_order_key_of(first.origin_id),
            since=first.intended_at,
            waiting=len(ahead_of),
        )


def _letters(seen: _Reading) -> LettersState:
    letters = [letter.letter for letter in seen.letters]
    ages = [(seen.at - one.first_at).total_seconds() for one in letters]
    return LettersState(
        open=len(letters),
        needs_review=sum(one.kind is LetterKind.NEEDS_REVIEW for one in letters),
        undecided=len(seen.reviews),
        oldest_seconds=round(max(ages), 3) if ages else None,
        by_reason=dict(Counter(one.reason for one in letters).most_common()),
    )


def _idle(stages: Sequence[StageState], seen: _Reading) -> bool:
    loading = seen.awaits_first_poll or any(
        not (state.loaded or _asks_a_person(state)) for state in seen.polls.values()
    )
    busy = any(not _is_excused(work, inbox, seen) for inbox in seen.inboxes.values() for work in inbox.work.values())
    return not (loading or busy or any(stage.lag for stage in stages))


def _asks_a_person(state: PollState) -> bool:
    """Whether the poller goes on only when somebody has answered, or has let it in again."""
    return state.asked is not None or waits_for_a_person(state.hold)


def _is_excused(work: Work, inbox: Inbox, seen: _Reading) -> bool:
    """What waits for a person, or for a tenant to be served again, is nothing that is left to do."""
    if work.origin_id in seen.reviews:
        return work.intent is None
    return waits_for_a_person(inbox.holding(work))
