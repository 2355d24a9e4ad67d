"""What writers have seen of change orders; what was mapped under ``dry_run`` has never reached one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import chain

from operations.environment import Environment
from operations.reading import pass_over
from operations.values_on_disk import ValuesOnDisk
from relay.domain.commands import COMMAND_TYPES, Command, Mode, Operation, TargetCommand
from relay.domain.ledger import InboxRecord, LedgerEntry
from relay.engine.kafka import Cluster, Partition, read_to_end
from relay.engine.topics import FAMILIES, WRITERS, Topic
from schemas import Unreadable


@dataclass(frozen=True, slots=True)
class StandsThere:
    """Where something of a change order stands: it was written there and not withdrawn since.

    ``destination``: its name; empty where a ledger that was rebuilt does not know it.
    """

    change_order_key: str
    system: str
    destination: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a writer knows of an origin id: the newest sequence, and whether the remote may hold something of it.

    ``stands``: what does, unless it was withdrawn.
    """

    sequence: int
    was_sent: bool
    stands: StandsThere | None = None


def seen_by_writers(environment: Environment) -> dict[str, Seen]:
    """By origin id: what the ledgers and inboxes know, and what lies on the lanes still."""
    seen: dict[str, Seen] = {}
    counts = environment.counts(topic for family in FAMILIES.values() for topic in family.all)
    # As commands go: from the lanes on, so that none slips through in between.
    for origin_id, found in chain(_unread(environment, counts), _kept(environment, counts)):
        known = seen.get(origin_id, found)
        seen[origin_id] = Seen(
            max(known.sequence, found.sequence), known.was_sent or found.was_sent, found.stands or known.stands
        )
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
    ledgers = {environment.name(family.ledger): family.system for family in FAMILIES.values()}
    places = [place for topic in stores for place in environment.every(topic, counts[topic])]
    with closing(ValuesOnDisk()) as kept:
        kept.fill(
            (f"{record.topic} {record.partition} {(record.key or b'').decode('latin-1')}", record.value)
            for record in read_to_end(environment.connection, places)
        )
        for place, value in kept.in_order():
            with suppress(Unreadable):
                if (system := ledgers.get(place.partition(" ")[0])) is not None:
                    entry = environment.codec.decode(value, LedgerEntry)
                    yield entry.origin_id, Seen(entry.seen_sequence, entry.was_sent, _stands(entry, system))
                elif (waiting := environment.codec.decode(value, InboxRecord).waiting) is not None:
                    yield waiting.origin_id, Seen(waiting.sequence, was_sent=False)


def _stands(entry: LedgerEntry, system: str) -> StandsThere | None:
    if not entry.was_sent or entry.withdrawn:
        return None
    return StandsThere(entry.change_order_key, system, entry.destination)


def is_unseen(command: Command, seen: Mapping[str, Seen]) -> bool:
    """Whether carrying it would do something that no writer has been asked for."""
    known = seen.get(command.origin_id)
    if known is not None and known.sequence >= command.sequence:
        return False
    if command.operation is Operation.APPLY:
        return True
    # Also where nothing was sent yet: what waits on a lane or in an inbox would be carried otherwise.
    return command.operation is Operation.WITHDRAW and known is not None
