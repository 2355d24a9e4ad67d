"""What the writers know of what they wrote: their ledgers, read from the topics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from operations.environment import Environment
from operations.reading import newest
from relay.domain.commands import Command
from relay.domain.identity import tenant_partition
from relay.domain.ledger import LedgerEntry
from relay.engine.kafka import Partition
from relay.engine.topics import FAMILIES, Family
from relay.ops.known import KnownAccount


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
    """The same for origin ids of which only the target system is known: every tenant is asked."""
    if not origin_ids:
        return {}
    count = environment.counts([family.ledger])[family.ledger]
    numbers = {tenant_partition(one.system, one.name, count) for one in accounts if one.system == family.system}
    topic = environment.name(family.ledger)
    return _read(environment, {Partition(topic, number): set(origin_ids) for number in sorted(numbers)})


def _read(environment: Environment, wanted: Mapping[Partition, set[str]]) -> dict[str, LedgerEntry]:
    found: dict[str, LedgerEntry] = {}
    for place, origin_ids in wanted.items():
        keys = {one.encode() for one in origin_ids}
        for (_, key), record in newest(environment.connection, [place], keys.__contains__).items():
            found[key.decode()] = environment.codec.decode(record.value or b"", LedgerEntry)
    return found
