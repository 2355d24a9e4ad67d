"""What a replay would change, and about how many remote calls that takes. Nothing is asked of the remotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Protocol, Self

from operations.environment import Environment
from operations.forecast.calls import Forecast
from operations.reading import pass_over
from operations.values_on_disk import ValuesOnDisk
from relay.domain.commands import Mode, Operation, TargetCommand
from relay.domain.ledger import LedgerEntry
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.engine.kafka import Record, read_to_end
from relay.engine.topics import FAMILIES, OUTCOMES
from schemas import Unreadable

_READ = frozenset({"compare", "recognise"})
_CARRIED = frozenset({OutcomeKind.APPLIED, OutcomeKind.UNCHANGED})

Carried = Callable[[str], str | None]
"""Of an origin id the idempotency key of what was carried last."""


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """What the ledger says of an origin id, as far as a replay's cost depends on it."""

    seen_sequence: int
    payload_hash: str | None
    was_sent: bool


class Entries(Protocol):
    """What is known of origin ids."""

    def get(self, origin_id: str, /) -> KnownEntry | None:
        """What the ledger says of one; ``None``: nothing."""


class _KeptOnDisk:
    """What was read, as long as the block lasts."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._values = ValuesOnDisk()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._values.close()


class KnownEntries(_KeptOnDisk):
    """What the ledgers of every tenant say. They are read when this is made, and are decoded one by one."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        counts = environment.counts(family.ledger for family in FAMILIES.values())
        for family in FAMILIES.values():
            places = environment.every(family.ledger, counts[family.ledger])
            records = read_to_end(environment.connection, places)
            self._values.fill(((record.key or b"").decode(errors="replace"), record.value) for record in records)

    def get(self, origin_id: str, /) -> KnownEntry | None:
        """What the ledger says of an origin id."""
        value = self._values.get(origin_id)
        if value is None:
            return None
        try:
            entry = self._environment.codec.decode(value, LedgerEntry)
        except Unreadable:  # Foreign, or of a change order that its writer has frozen, with a letter.
            return None
        payload_hash = None if entry.withdrawn else entry.applied_payload_hash
        return KnownEntry(entry.seen_sequence, payload_hash, entry.was_sent)


class LastEnds(_KeptOnDisk):
    """How each change order ended last at its targets, read from the outcomes when it is asked for first.

    Where a ledger does not know a change order that was carried, our mark on the record does.
    """

    def carried(self, origin_id: str) -> str | None:
        """The idempotency key of what was carried last; ``None`` where nothing was, or it was taken back."""
        key = self._read.get(origin_id)
        return None if key is None else key.decode()

    @cached_property
    def _read(self) -> ValuesOnDisk:
        environment = self._environment
        partitions = environment.every(OUTCOMES, environment.counts([OUTCOMES])[OUTCOMES])
        self._values.fill(self._ends(read_to_end(environment.connection, partitions, pass_over=pass_over)))
        return self._values

    def _ends(self, records: Iterable[Record]) -> Iterator[tuple[str, bytes | None]]:
        for record in records:
            with suppress(Unreadable):
                outcome = self._environment.codec.decode(record.value or b"", ChangeOrderOutcome)
                if outcome.origin_id is not None and outcome.kind in _CARRIED:
                    key = outcome.idempotency_key
                    yield outcome.origin_id, None if key is None else key.encode()
                elif outcome.origin_id is not None and outcome.kind is OutcomeKind.WITHDRAWN:
                    yield outcome.origin_id, None


def fate(command: TargetCommand, entry: KnownEntry | None, carried: Carried = lambda _: None) -> str:
    """``unchanged``, ``superseded``, ``withdrawn`` and ``dry_run`` cost no call; the others do.

    ``recognise``: the ledger does not know the record, and our mark on it says that it was carried as it is.
    """
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
    if entry is None and command.operation is Operation.APPLY:
        return "recognise" if carried(command.origin_id) == command.idempotency_key else "write"
    return "write"


@dataclass(slots=True)
class Cost:
    """Counts by fate, and what would be asked of the remotes."""

    fates: Counter[str] = field(default_factory=Counter)
    forecast: Forecast = field(default_factory=Forecast)

    def add(self, commands: Iterable[TargetCommand], entries: Entries, carried: Carried = lambda _: None) -> None:
        """Counts the commands of one event."""
        for command in commands:
            entry = entries.get(command.origin_id)
            end = fate(command, entry, carried)
            self.fates[end] += 1
            if end in _READ:
                self.forecast.add_read(command)
            elif end == "write":
                self.forecast.add(command, is_there=entry is not None and entry.was_sent)

    def calls(self) -> dict[str, int]:
        """About how many calls each tenant gets."""
        return self.forecast.calls()
