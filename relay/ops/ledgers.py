"""What the writers know: their ledgers and inboxes, read from the topics."""

from __future__ import annotations

from collections.abc import Iterable

from relay.domain import identity
from relay.domain.commands import Command
from relay.domain.ledger import LedgerEntry
from relay.engine.kafka import Partition
from relay.engine.topics import FAMILIES
from relay.ops.environment import Environment
from relay.ops.finding import newest


def entries_of(environment: Environment, commands: Iterable[Command]) -> dict[str, LedgerEntry]:
    """The ledger's entries of what these commands are about, by origin id."""
    wanted: dict[Partition, set[bytes]] = {}
    topics = [family.ledger for family in FAMILIES.values()]
    counts = environment.counts(topics)
    for command in commands:
        ledger = FAMILIES[command.system].ledger
        number = identity.tenant_partition(command.system, command.account, counts[ledger])
        place = Partition(environment.name(ledger), number)
        wanted.setdefault(place, set()).add(command.origin_id.encode())
    found: dict[str, LedgerEntry] = {}
    for place, keys in wanted.items():
        for (_, key), record in newest(environment.connection, [place], keys.__contains__).items():
            found[key.decode()] = environment.codec.decode(record.value or b"", LedgerEntry)
    return found
