"""What a replay would change, and about how many remote calls that takes. Nothing is asked of the remotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil

from operations.environment import Environment
from operations.reading import latest_by_key
from relay.domain.commands import CinxCommand, Mode, Operation, ProcoreCommand
from relay.domain.ledger import LedgerEntry
from relay.engine.topics import FAMILIES
from schemas import Unreadable

Command = ProcoreCommand | CinxCommand

_SYNC = 1000
"""Elements of one sync call (Procore docs, "Using Sync Actions")."""
_COSTLY = frozenset({"compare", "write"})


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """What the ledger says of an origin id, as far as a replay's cost depends on it."""

    seen_sequence: int
    payload_hash: str | None
    was_sent: bool


def ledgers(environment: Environment) -> dict[str, KnownEntry]:
    """What the ledgers of every tenant say, by origin id."""
    found: dict[str, KnownEntry] = {}
    counts = environment.counts(family.ledger for family in FAMILIES.values())
    for family in FAMILIES.values():
        for record in latest_by_key(
            environment.connection, environment.every(family.ledger, counts[family.ledger])
        ).values():
            try:
                entry = environment.codec.decode(record.value or b"", LedgerEntry)
            except Unreadable:  # Foreign, or of a change order that its writer has frozen, with a letter.
                continue
            payload_hash = None if entry.withdrawn else entry.applied_payload_hash
            found[entry.origin_id] = KnownEntry(entry.seen_sequence, payload_hash, entry.was_sent)
    return found


def fate(command: Command, entry: KnownEntry | None) -> str:
    """``unchanged``, ``superseded``, ``withdrawn`` and ``dry_run`` cost no call; ``compare`` and ``write`` do."""
    if command.mode is Mode.DRY_RUN:
        return "dry_run"
    if command.operation is Operation.VERIFY:
        return "compare"
    if entry is not None and command.sequence < entry.seen_sequence:
        return "superseded"
    if command.operation is Operation.WITHDRAW and (entry is None or not entry.was_sent):
        return "withdrawn"
    if command.operation is Operation.APPLY and entry is not None and command.payload_hash == entry.payload_hash:
        return "unchanged"
    return "write"


@dataclass(slots=True)
class Cost:
    """Counts by fate, and what would be asked of the remotes, by destination."""

    fates: Counter[str] = field(default_factory=Counter)
    _asked: dict[tuple[str, str], list[Command]] = field(default_factory=dict)

    def add(self, commands: Iterable[Command], entries: dict[str, KnownEntry]) -> None:
        """Counts the commands of one event."""
        for command in commands:
            end = fate(command, entries.get(command.origin_id))
            self.fates[end] += 1
            if end in _COSTLY:
                self._asked.setdefault((command.tenant, command.destination.name), []).append(command)

    def calls(self) -> dict[str, int]:
        """About how many calls each tenant gets."""
        calls: Counter[str] = Counter()
        for (tenant, _), commands in self._asked.items():
            calls[tenant] += sum(_procore(commands)) if tenant.startswith("procore:") else sum(_cinx(commands))
        return dict(calls)


def _procore(commands: list[Command]) -> Iterator[int]:
    """Of one contract: two listings, headers and approvals by sync, lines per change order, packages singly."""
    yield 2
    yield ceil(len(commands) / _SYNC)
    approved = [command for command in commands if isinstance(command, ProcoreCommand) and _is_approved(command)]
    yield ceil(len(approved) / _SYNC)
    yield from (ceil(len(command.payload.lines) / _SYNC) for command in commands if command.payload)
    yield 2 * sum(command.rules.package != "none" for command in approved)


def _is_approved(command: ProcoreCommand) -> bool:
    return command.payload is not None and command.payload.status == "approved"


def _cinx(commands: list[Command]) -> Iterator[int]:
    """Of one purchase order: the order and its change orders, then for each the import and one look at its job."""
    yield 2
    yield 2 * len(commands)
