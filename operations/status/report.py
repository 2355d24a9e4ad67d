"""The state of everything at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from operations.audit import now
from operations.environment import Environment
from operations.golive.only_shown import OnlyShown, WithoutRoute, not_carried
from operations.golive.pilots import RoutePilots, modes_at_hand, pilots_by_route
from operations.holds.standing import ControlReader, holds_on, in_force
from operations.known_losses import known_losses
from operations.letters.open_letters import OpenLetter, OpenLetters
from operations.reading import KnownAccount, entries_at, known_accounts
from operations.status.inbox import Inbox, Work, in_doubt, read_inbox, waits_for_a_person
from operations.status.lag import GENERATIONS, Lag, lag_of
from operations.status.polls import awaits_first_poll, poll_states
from operations.status.views import ViewsState, views_state
from relay.domain.control import Member, living
from relay.domain.identity import change_order_key_of
from relay.domain.ledger import Hold, Intent
from relay.domain.letters import MAPPER, LetterKind
from relay.domain.person_holds import AnyHold
from relay.domain.records import PollState
from relay.engine.configuration.problems import ConfigurationError
from relay.engine.kafka import Cluster
from relay.engine.provision import LostTopic, TopicsLost
from relay.engine.topics import ALL, GROUPS, NAMES, POLL_STATE, WRITERS, Topic


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
class HeldByPerson:
    """A person's hold, with the number of change orders that wait under it."""

    hold: AnyHold
    waiting: int


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
    """Everything. ``people_holds`` are in force, the oldest first; ``members`` are the instances of stages that live.

    ``idle``: nothing is left to do but what waits for a person or for a blocked tenant; ``views`` is not waited for.
    ``lost_topics``: what is wrong with topics that are not what they were, a sentence for each; then it is not idle.
    ``only_shown``: by route what was shown and never carried, or was written and is no longer followed;
    ``without_route``: what was written, and no route carries any more; ``None`` where that cannot be told now.
    ``pilots``: all that stand, whatever became of their routes; ``unreadable_pilots`` are keys on the control topic.
    """

    at: datetime
    stages: tuple[StageState, ...]
    tenants: tuple[TenantState, ...]
    letters: LettersState
    idle: bool
    lost_topics: tuple[str, ...] = ()
    people_holds: tuple[HeldByPerson, ...] = ()
    members: tuple[Member, ...] = ()
    only_shown: tuple[OnlyShown, ...] | None = None
    without_route: tuple[WithoutRoute, ...] | None = None
    pilots: tuple[RoutePilots, ...] = ()
    unreadable_pilots: tuple[str, ...] = ()
    views: ViewsState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What the topics say at one moment, before it is counted. ``reviews``: origin ids that a person decides about."""

    at: datetime
    lags: Mapping[str, Lag]
    inboxes: Mapping[str, Inbox]
    reviews: frozenset[str]
    letters: Sequence[OpenLetter]
    accounts: Sequence[KnownAccount]
    polls: Mapping[str, PollState]
    awaits_first_poll: bool
    quarantine: timedelta
    people_holds: Sequence[AnyHold]
    members: Sequence[Member]
    pilots: tuple[RoutePilots, ...]
    unreadable_pilots: Sequence[str]
    views: ViewsState


def read_status(environment: Environment, budgets: Mapping[str, Mapping[str, float]]) -> Status:
    """Reads each stage before those that read what it writes: nothing slips through in between.

    Raises ``TopicsMissing``, or ``TopicsLost`` where a topic that is missing was there before.
    """
    lost, counts = _topics(environment)
    reading = _read(environment, counts)
    # As change orders flow: the pollers come first.
    stages = tuple(_stage(stage, reading) for stage in sorted(GROUPS, key=lambda stage: stage in GENERATIONS))
    return Status(
        at=reading.at,
        stages=stages,
        tenants=tuple(_tenant(account, reading, budgets.get(account.key)) for account in reading.accounts),
        letters=_letters(reading),
        idle=_idle(stages, reading) and not lost,
        lost_topics=tuple(found.sentence for found in lost),
        people_holds=tuple(_held_by(hold, reading) for hold in reading.people_holds),
        members=tuple(reading.members),
        pilots=reading.pilots,
        unreadable_pilots=tuple(reading.unreadable_pilots),
        views=reading.views,
    )


def with_only_shown(environment: Environment, status: Status) -> Status:
    """The status with what was only shown, or is not carried any more. What the mapper has not read yet was not even
    shown: then it is not told.
    """
    lags = {stage.stage: stage.lag for stage in status.stages}
    if environment.settings.config is None or lags[MAPPER]:
        return status
    pilots = frozenset((of.route, key) for of in status.pilots for key in of.change_orders)
    try:
        found = not_carried(environment, pilots, lambda: _is_behind(environment))
    except ConfigurationError:
        return status
    return status if found is None else replace(status, only_shown=found.routes, without_route=found.without_route)


def _is_behind(environment: Environment) -> bool:
    """Whether there is anything by now that the mapper has not read."""
    counts = environment.counts(GROUPS[MAPPER])
    with Cluster(environment.connection) as cluster:
        return lag_of(environment, cluster, MAPPER, counts, now()).records > 0


def _topics(environment: Environment) -> tuple[tuple[LostTopic, ...], Mapping[Topic, int]]:
    """Those that are lost, and how many partitions each has. Raises ``TopicsLost`` where a lost one is not there, and
    ``TopicsMissing`` for another: nothing else can be read then.
    """
    with Cluster(environment.connection) as cluster:
        lost = known_losses(environment, cluster)
        there = cluster.partition_counts([environment.name(topic) for topic in ALL])
    if any(environment.name(found.topic) not in there for found in lost):
        raise TopicsLost(lost)
    counts = {topic: there[name] for topic in ALL if (name := environment.name(topic)) in there}
    return lost, counts if len(counts) == len(ALL) else environment.counts(ALL)


def _read(environment: Environment, counts: Mapping[Topic, int]) -> _Reading:
    accounts = known_accounts(environment, counts[NAMES])
    settings = environment.settings
    with Cluster(environment.connection) as cluster:
        polls = poll_states(environment, cluster, accounts, counts[POLL_STATE])
        lags = {stage: lag_of(environment, cluster, stage, counts, now()) for stage in GENERATIONS[:-1]}
        inboxes = {
            family.system: read_inbox(environment, cluster, stage, family, counts[family.inbox])
            for stage, family in WRITERS.items()
        }
        lags |= {stage: lag_of(environment, cluster, stage, counts, now()) for stage in GENERATIONS[-1:]}
        views = views_state(environment, cluster, counts)
    letters = OpenLetters(environment).open(counts)
    with closing(ControlReader(environment)) as control:
        standing = control.look()
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
        people_holds=in_force(standing, now()),
        members=living(standing.members(), now()),
        pilots=pilots_by_route(standing, modes_at_hand(environment)),
        unreadable_pilots=sorted(standing.unreadable_pilots),
        views=views,
    )


def _reviews(
    environment: Environment, accounts: Sequence[KnownAccount], letters: Sequence[OpenLetter]
) -> frozenset[str]:
    """Origin ids that are held until a person decides."""
    reviews: set[str] = set()
    for stage, family in WRITERS.items():
        asked = {
            letter.letter.origin_id
            for letter in letters
            if letter.letter.stage == stage
            and letter.letter.kind is LetterKind.NEEDS_REVIEW
            and letter.letter.origin_id
        }
        entries = entries_at(environment, family, accounts, asked)
        reviews |= {origin_id for origin_id, entry in entries.items() if entry.review is not None}
    return frozenset(reviews)


# -- what it comes to


def _stage(stage: str, reading: _Reading) -> StageState:
    lag = reading.lags.get(stage, Lag())
    family = WRITERS.get(stage)
    if family is None:
        return StageState(stage=stage, lag=lag.records, oldest_seconds=lag.oldest_seconds)
    inbox = reading.inboxes[family.system]
    orders = list(inbox.work.values())
    doubtful = {work.origin_id for work in orders if in_doubt(work.intent, reading.at, reading.quarantine)}
    reviews = {letter.letter.origin_id for letter in reading.letters if letter.letter.stage == stage} & reading.reviews
    ages = [(reading.at - waiting.received_at).total_seconds() for work in orders for waiting in work.waiting]
    ages += [lag.oldest_seconds] if lag.oldest_seconds is not None else []
    return StageState(
        stage=stage,
        lag=lag.records,
        inbox=len(orders),
        held=sum(_is_held(work, inbox, reading) for work in orders),
        in_doubt=len(doubtful | reviews),
        oldest_seconds=round(max(ages), 3) if ages else None,
    )


def _is_held(work: Work, inbox: Inbox, reading: _Reading) -> bool:
    on_hold = bool(holds_on(reading.people_holds, work.command))
    return on_hold or work.origin_id in reading.reviews or inbox.holding(work) is not None


def _held_by(hold: AnyHold, reading: _Reading) -> HeldByPerson:
    works = (work for inbox in reading.inboxes.values() for work in inbox.work.values())
    return HeldByPerson(hold=hold, waiting=sum(bool(holds_on([hold], work.command)) for work in works))


def _tenant(account: KnownAccount, reading: _Reading, budget: Mapping[str, float] | None) -> TenantState:
    inbox = reading.inboxes.get(account.system, Inbox())
    orders = [work for work in inbox.work.values() if work.tenant == account.key]
    state = reading.polls.get(account.key)
    polling = (state.hold,) if state is not None and state.hold is not None else ()
    return TenantState(
        tenant=account.key,
        waiting=len(orders),
        in_doubt=sum(in_doubt(work.intent, reading.at, reading.quarantine) for work in orders),
        holds=(*polling, *sorted(inbox.holds_of(account.key), key=lambda hold: hold.scope)),
        queues=tuple(_queues(orders, inbox)),
        loaded=None if state is None else state.loaded,
        asked=None if state is None else state.asked,
        budget=budget,
    )


def _queues(orders: Sequence[Work], inbox: Inbox) -> Iterator[Queue]:
    lines: dict[str, list[Intent]] = {}
    for work in orders:
        ahead = inbox.ahead(work)
        if work.command is not None and ahead is not None:
            lines.setdefault(work.command.destination.name, []).append(ahead)
    for destination, ahead_of in sorted(lines.items()):
        first = ahead_of[0]
        yield Queue(
            destination=destination,
            ahead=change_order_key_of(first.origin_id),
            since=first.intended_at,
            waiting=len(ahead_of),
        )


def _letters(reading: _Reading) -> LettersState:
    letters = [letter.letter for letter in reading.letters]
    ages = [(reading.at - letter.first_at).total_seconds() for letter in letters]
    return LettersState(
        open=len(letters),
        needs_review=sum(letter.kind is LetterKind.NEEDS_REVIEW for letter in letters),
        undecided=len(reading.reviews),
        oldest_seconds=round(max(ages), 3) if ages else None,
        by_reason=dict(Counter(letter.reason for letter in letters).most_common()),
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
    if holds_on(seen.people_holds, work.command):
        return work.intent is None or in_doubt(work.intent, seen.at, seen.quarantine)
    return waits_for_a_person(inbox.holding(work))
