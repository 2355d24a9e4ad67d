"""Reading what is on the topics: the newest record of each key, and records from a time on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass

import structlog

from operations.environment import Environment
from relay.domain.commands import Command
from relay.domain.identity import tenant_partition
from relay.domain.ledger import LedgerEntry
from relay.engine.kafka import BatchFilter, Cluster, Connection, Partition, Record, Withheld, holding, read_to_end
from relay.engine.provision.names import name_of
from relay.engine.telemetry import events
from relay.engine.topics import FAMILIES, NAMES, Family
from schemas import Unreadable

_ACCOUNT = "account:"
_MOST_SOUGHT = 20
_log = structlog.get_logger(__name__)


def pass_over(withheld: Withheld) -> None:
    """Says what a reader of history leaves out, so that one batch that is not handed out hides nothing else.

    Inbox, ledger and names are read whole or not at all.
    """
    _log.error(
        events.RECORD_SKIPPED,
        topic=withheld.partition.topic,
        partition=withheld.partition.number,
        offset=withheld.last_offset,
        message=str(withheld),
    )


def latest_by_key(
    connection: Connection,
    partitions: Sequence[Partition],
    wanted: Callable[[bytes], bool] = lambda _: True,
    start: Mapping[Partition, int] | None = None,
    *,
    batches: BatchFilter | None = None,
    pass_over: Callable[[Withheld], None] | None = None,
) -> dict[tuple[Partition, bytes], Record]:
    """Of a compacted topic the newest record of each key that is wanted, without those that were deleted.

    ``start``: where to begin, for partitions of which that is known. ``batches``: those that may hold such a key.
    ``pass_over``: see ``read_to_end``.
    """
    latest: dict[tuple[Partition, bytes], Record] = {}
    for record in read_to_end(connection, partitions, start=start, batches=batches, pass_over=pass_over):
        key = record.key or b""
        if wanted(key):
            place = (Partition(record.topic, record.partition), key)
            latest.pop(place, None)
            if record.value is not None:
                latest[place] = record
    return latest


def offsets_at(connection: Connection, partitions: Sequence[Partition], timestamp_ms: int) -> Mapping[Partition, int]:
    """Where to read each partition from, to see everything that was written at or after a time (epoch ms)."""
    if not partitions:
        return {}
    with Cluster(connection) as cluster:
        return cluster.offsets_for_time(partitions, timestamp_ms)


def with_key(
    connection: Connection,
    partitions: Sequence[Partition],
    wanted: Callable[[bytes], bool],
    start: Mapping[Partition, int] | None = None,
    batches: BatchFilter | None = None,
) -> Iterator[Record]:
    """The records of history whose key is wanted. ``batches``: those that may hold such a key."""
    records = read_to_end(connection, partitions, start=start, pass_over=pass_over, batches=batches)
    return (record for record in records if wanted(record.key or b""))


def with_any(keys: Collection[bytes]) -> BatchFilter | None:
    """Batches that may hold one of ``keys``; every batch where looking for so many takes longer than reading."""
    return holding(*keys) if len(keys) <= _MOST_SOUGHT else None


@dataclass(frozen=True, slots=True, order=True)
class KnownAccount:
    """An account of a remote system, by the name that stands for it for ever."""

    system: str
    name: str

    @property
    def key(self) -> str:
        """``{system}:{account}``."""
        return f"{self.system}:{self.name}"


def known_accounts(environment: Environment, count: int) -> list[KnownAccount]:
    """Every account whose name is recorded. ``count``: partitions of the names topic."""
    found = latest_by_key(
        environment.connection,
        environment.every(NAMES, count),
        lambda key: key.startswith(_ACCOUNT.encode()),
        batches=holding(_ACCOUNT.encode()),
    )
    names = [name_of(record, environment.codec) for record in found.values()]
    pairs = [record.name.removeprefix(_ACCOUNT).partition(":") for record in names if record.stands_for]
    return sorted(KnownAccount(system, name) for system, _, name in pairs)


def entries_of(environment: Environment, commands: Iterable[Command]) -> dict[str, LedgerEntry]:
    """The ledger's entries of what these commands are about, by origin id."""
    wanted: dict[Partition, set[str]] = {}
    counts = environment.counts(family.ledger for family in FAMILIES.values())
    for command in commands:
        ledger = FAMILIES[command.system].ledger
        number = tenant_partition(command.system, command.account, counts[ledger])
        wanted.setdefault(Partition(environment.name(ledger), number), set()).add(command.origin_id)
    return _read(environment, wanted)


def entries_at(
    environment: Environment, family: Family, accounts: Iterable[KnownAccount], origin_ids: AbstractSet[str]
) -> dict[str, LedgerEntry]:
    """The ledger's entries of ``origin_ids``, of which only the target system is known: every tenant's are read."""
    if not origin_ids:
        return {}
    count = environment.counts([family.ledger])[family.ledger]
    numbers = {
        tenant_partition(account.system, account.name, count) for account in accounts if account.system == family.system
    }
    topic = environment.name(family.ledger)
    return _read(environment, {Partition(topic, number): set(origin_ids) for number in sorted(numbers)})


def _read(environment: Environment, wanted: Mapping[Partition, set[str]]) -> dict[str, LedgerEntry]:
    found: dict[str, LedgerEntry] = {}
    for place, origin_ids in wanted.items():
        keys = {origin_id.encode() for origin_id in origin_ids}
        entries = latest_by_key(environment.connection, [place], keys.__contains__, batches=with_any(keys))
        for (_, key), record in entries.items():
            # What cannot be read is none: the writer has frozen that change order, with a letter.
            with suppress(Unreadable):
                found[key.decode()] = environment.codec.decode(record.value or b"", LedgerEntry)
    return found
