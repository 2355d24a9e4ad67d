"""What writers have seen of change orders, and what was only shown: mapped under ``dry_run``, it never reached one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import chain
from typing import Final

from operations.audit import now
from operations.environment import Environment
from operations.plan.routes import as_live, carries
from operations.reading import latest_by_key, pass_over
from operations.renamed_targets import RenamedTarget, renamed_targets
from operations.values_on_disk import ValuesOnDisk
from relay.domain.commands import COMMAND_TYPES, Command, Mode, Operation, TargetCommand
from relay.domain.events import Change, ChangeOrderObserved
from relay.domain.failures import Fatal
from relay.domain.ledger import InboxRecord, LedgerEntry
from relay.domain.mapping import map_event
from relay.domain.routes import RouteMode
from relay.engine.kafka import Cluster, Partition, read_to_end
from relay.engine.provision import recorded_names
from relay.engine.topics import CURRENT, FAMILIES, WRITERS, Topic
from schemas import Unreadable

MOST_COUNTED: Final = 5_000
"""Records of ``current`` that ``cor status`` looks through; with more it would keep people waiting."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a writer knows of an origin id: the newest sequence, and whether the remote may hold something of it."""

    sequence: int
    was_sent: bool


def seen_by_writers(environment: Environment) -> dict[str, Seen]:
    """By origin id: what the ledgers and inboxes know, and what lies on the lanes still."""
    seen: dict[str, Seen] = {}
    counts = environment.counts(topic for family in FAMILIES.values() for topic in family.all)
    # As commands go: from the lanes on, so that none slips through in between.
    for origin_id, found in chain(_unread(environment, counts), _kept(environment, counts)):
        known = seen.get(origin_id, found)
        seen[origin_id] = Seen(max(known.sequence, found.sequence), known.was_sent or found.was_sent)
    return seen


def _unread(environment: Environment, counts: Mapping[Topic, int]) -> Iterator[tuple[str, Seen]]:
    """The live commands that the writers have not received."""
    start: dict[Partition, int] = {}
    kinds: dict[str, type[TargetCommand]] = {}
    with Cluster(environment.connection) as cluster:
        for stage, family in WRITERS.items():
            lanes = [place for topic in family.lanes for place in environment.every(topic, counts[topic])]
            committed = cluster.committed_at_least(f"{environment.prefix}{stage}", lanes)
            first = cluster.beginning_offsets(lanes)  # Nobody commits where no tenant is, and retention passes there.
            start |= {place: max(committed[place], first[place]) for place in lanes if place in committed}
            kinds |= {environment.name(topic): COMMAND_TYPES[family.system] for topic in family.lanes}
    for record in read_to_end(environment.connection, list(start), start=start, pass_over=pass_over):
        with suppress(Unreadable):
            command = environment.codec.decode(record.value or b"", kinds[record.topic])
            if command.mode is Mode.LIVE:
                yield command.origin_id, Seen(command.sequence, was_sent=False)


def _kept(environment: Environment, counts: Mapping[Topic, int]) -> Iterator[tuple[str, Seen]]:
    """What inboxes and ledgers hold."""
    stores = [topic for family in FAMILIES.values() for topic in family.stores]
    inboxes = {environment.name(family.inbox) for family in FAMILIES.values()}
    places = [place for topic in stores for place in environment.every(topic, counts[topic])]
    with closing(ValuesOnDisk()) as kept:
        kept.fill(
            (f"{record.topic} {record.partition} {(record.key or b'').decode('latin-1')}", record.value)
            for record in read_to_end(environment.connection, places)
        )
        for place, value in kept.in_order():
            with suppress(Unreadable):
                if place.partition(" ")[0] not in inboxes:
                    entry = environment.codec.decode(value, LedgerEntry)
                    yield entry.origin_id, Seen(entry.seen_sequence, entry.was_sent)
                elif (waiting := environment.codec.decode(value, InboxRecord).waiting) is not None:
                    yield waiting.origin_id, Seen(waiting.sequence, was_sent=False)


def is_unseen(command: Command, seen: Mapping[str, Seen]) -> bool:
    """Whether carrying it would do something that no writer has been asked for."""
    known = seen.get(command.origin_id)
    if known is not None and known.sequence >= command.sequence:
        return False
    if command.operation is Operation.APPLY:
        return True
    # Also where nothing was sent yet: what waits on a lane or in an inbox would be carried otherwise.
    return command.operation is Operation.WITHDRAW and known is not None


# -- what status says


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyShown:
    """A route of which change orders were only shown, and never carried.

    ``no_longer_followed``: change orders that were written, and whose newest revision was only shown. ``renamed`` asks
    whether targets were, whose change orders would all be written once more: nothing is carried before that is said.
    """

    route: str
    mode: RouteMode
    change_orders: int
    no_longer_followed: int
    renamed: tuple[str, ...] = ()


def only_shown(environment: Environment) -> tuple[OnlyShown, ...] | None:
    """Of each route with anything to say; ``None``: there is too much to look through while somebody waits."""
    routing = environment.configuration.routing
    routes = [route for route in routing.routes if route.mode is not RouteMode.OBSERVE and route.targets]
    if not routes:
        return ()
    partitions = environment.every(CURRENT, environment.counts([CURRENT])[CURRENT])
    if _records(environment, partitions) > MOST_COUNTED:
        return None
    seen, at = seen_by_writers(environment), now()
    shown = {route.label: (set[str](), set[str]()) for route in routes}
    for record in latest_by_key(environment.connection, partitions, pass_over=pass_over).values():
        try:
            event = environment.codec.decode(record.value or b"", ChangeOrderObserved)
        except Unreadable:
            continue
        for route in routes:
            if event.change is Change.DELETED or not carries(route, event):
                continue
            never, followed = shown[route.label]
            for command in map_event(event, as_live([route], routing), at).commands:
                if is_unseen(command, seen):
                    known = seen.get(command.origin_id)
                    (followed if known is not None and known.was_sent else never).add(event.key)
    renamed = _renamed(environment) if any(never or followed for never, followed in shown.values()) else []
    found = [
        OnlyShown(
            route=route.label,
            mode=route.mode,
            change_orders=len(never),
            no_longer_followed=len(followed),
            renamed=tuple(one.sentence for one in renamed if one.route == route.label),
        )
        for route in routes
        if any(shown[route.label])
        for never, followed in [shown[route.label]]
    ]
    return tuple(found)


def _renamed(environment: Environment) -> list[RenamedTarget]:
    """The targets that seem to be; none where names cannot be read, which whoever carries something is told."""
    try:
        recorded = recorded_names(environment.connection, environment.codec, environment.prefix)
    except Fatal:
        return []
    return renamed_targets(environment, environment.configuration, recorded)


def _records(environment: Environment, partitions: list[Partition]) -> int:
    with Cluster(environment.connection) as cluster:
        ends, beginnings = cluster.end_offsets(partitions), cluster.beginning_offsets(partitions)
    return sum(ends[partition] - beginnings[partition] for partition in partitions)
